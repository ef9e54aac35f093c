//! A client's body in memory: for the few requests whose body is looked at before it is sent on.
use std::{future::poll_fn, pin::Pin};

use bytes::{Bytes, BytesMut};

use super::{Body, Source};
use crate::rejection::Rejection;

impl Body {
    /// Reads all of a client's body, within its limit and the client's time, and keeps it as this body: the same bytes,
    /// of a known length. Trailers are dropped. A client that waits for a 100 is sent it.
    pub(crate) async fn buffer(&mut self) -> Result<Bytes, Rejection> {
        let mut first = Bytes::new();
        let mut all = BytesMut::new();
        while let Some(frame) = poll_fn(|cx| http_body::Body::poll_frame(Pin::new(&mut *self), cx)).await {
            let Ok(data) = frame?.into_data() else { continue };
            if first.is_empty() {
                first = data;
                continue;
            }
            if all.is_empty() {
                all.extend_from_slice(&first);
            }
            all.extend_from_slice(&data);
        }
        let bytes = if all.is_empty() { first } else { all.freeze() };
        self.source = match std::mem::replace(&mut self.source, Source::Empty) {
            Source::Client(client) => Source::Buffered(bytes.clone(), client),
            _ => Source::Full(bytes.clone()),
        };
        Ok(bytes)
    }
}
