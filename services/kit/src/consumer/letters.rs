//! Dead letters: messages that were put aside, and how they come back.

use crate::bus::{Delivery, Message};

/// What a topic's name ends with when it holds what could not be consumed from the topic before.
pub const DEAD_LETTERS: &str = ".dlq";

const ERROR: &str = "error";
const TOPIC: &str = "topic";
const PARTITION: &str = "partition";
const OFFSET: &str = "offset";

/// The dead letter of `delivery`: its key, body and headers, and beside them why and from where.
pub fn dead_letter(delivery: &Delivery, reason: &str) -> Message {
    let Delivery { message, partition, offset } = delivery;
    let headers = message.headers.clone().into_iter().chain([
        (ERROR.to_owned(), reason.to_owned()),
        (TOPIC.to_owned(), message.topic.clone()),
        (PARTITION.to_owned(), partition.to_string()),
        (OFFSET.to_owned(), offset.to_string()),
    ]);
    Message {
        topic: format!("{}{DEAD_LETTERS}", message.topic),
        headers: headers.collect(),
        key: message.key.clone(),
        value: message.value.clone(),
    }
}

/// The message that `letter` was, to be published again; `None` when its topic is none of dead letters.
/// Consumers that had applied it know it by its event's id.
pub fn revived(letter: &Message) -> Option<Message> {
    let topic = letter.topic.strip_suffix(DEAD_LETTERS)?;
    let mut headers = letter.headers.clone();
    headers.retain(|name, _| ![ERROR, TOPIC, PARTITION, OFFSET].contains(&name.as_str()));
    Some(Message { topic: topic.to_owned(), headers, ..letter.clone() })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_letter_tells_why_and_becomes_what_it_was() {
        let headers = BTreeMap::from([("traceparent".to_owned(), "00-1-2-01".to_owned())]);
        let message = Message { topic: "user.events".into(), key: "k".into(), value: vec![1, 2], headers };
        let letter = dead_letter(&Delivery { message: message.clone(), partition: 3, offset: 9 }, "too bad");
        assert_eq!((letter.topic.as_str(), letter.key.as_str()), ("user.events.dlq", "k"));
        let header = |name: &str| letter.headers[name].as_str();
        assert_eq!((header("error"), header("topic")), ("too bad", "user.events"));
        assert_eq!((header("partition"), header("offset")), ("3", "9"));
        assert_eq!(revived(&letter), Some(message.clone()));
        assert_eq!(revived(&message), None);
    }
}
