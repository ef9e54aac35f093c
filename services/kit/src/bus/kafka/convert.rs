//! Messages as the library has them, and as the kit has them.

use rdkafka::Message as _;
use rdkafka::message::{BorrowedMessage, Header, Headers as _, OwnedHeaders};
use rdkafka::producer::FutureRecord;

use crate::bus::{Delivery, Message};

/// The record of a message; its key chooses its partition.
pub(super) fn record(message: &Message) -> FutureRecord<'_, str, [u8]> {
    let empty = OwnedHeaders::new_with_capacity(message.headers.len());
    let headers =
        message.headers.iter().fold(empty, |headers, (key, value)| headers.insert(Header { key, value: Some(value) }));
    FutureRecord::to(&message.topic).key(message.key.as_str()).payload(message.value.as_slice()).headers(headers)
}

/// A message that came from a broker. Of what others wrote, a key or a header that is no text is read as well as it
/// can be, the last of several headers of one name counts, and an absent body is an empty one.
pub fn received(message: &BorrowedMessage<'_>) -> Delivery {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let headers = message.headers().into_iter().flat_map(|headers| headers.iter());
    let headers = headers.map(|header| (header.key.to_owned(), header.value.map(text).unwrap_or_default()));
    Delivery {
        message: Message {
            topic: message.topic().to_owned(),
            key: message.key().map(text).unwrap_or_default(),
            value: message.payload().unwrap_or_default().to_vec(),
            headers: headers.collect(),
        },
        partition: message.partition(),
        offset: message.offset(),
    }
}
