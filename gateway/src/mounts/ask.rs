//! A question of the gateway's own to a mounted service: how it is, or for its keys.
use std::{future::poll_fn, pin::Pin, task::Poll};

use bytes::{Bytes, BytesMut};
use http::{Request, response::Parts};
use http_body::Body as _;

use super::{Mounted, RequestBody};

const PANICKED: &str = "it panicked";

impl Mounted {
    /// The answer to `question`, whole, if its body has at most `max` bytes.
    pub(crate) async fn ask(&self, question: Request<()>, max: usize) -> Result<(Parts, Bytes), String> {
        let mut call = self.call(question.map(|()| RequestBody::empty()));
        let answer = poll_fn(|cx| call.poll(cx)).await.map_err(|_| PANICKED)?;
        let (head, body) = answer.into_parts();
        let (mut body, mut whole) = (call.part(body), BytesMut::new());
        loop {
            let piece = poll_fn(|cx| match body.within(|body| Pin::new(body).poll_frame(cx)) {
                Ok(piece) => piece.map(|piece| piece.map(|piece| piece.map_err(|error| error.to_string()))),
                Err(_) => Poll::Ready(Some(Err(PANICKED.into()))),
            });
            let Some(frame) = piece.await.transpose()? else { return Ok((head, whole.freeze())) };
            whole.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
            if whole.len() > max {
                return Err("its answer is too long".into());
            }
        }
    }
}
