//! An answer on its way to the client: its head, and its body as the client takes it.
use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
};

use ::h2::{Reason, SendStream};
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body::{Body as _, Frame};
use tokio::time::Instant;

use super::stream::{End, Stream};
use crate::{body::Body, h1::wire::Timer};

impl Stream {
    /// Writes an answer whole.
    pub(super) async fn answer(&self, is_head: bool, response: Response<Body>) -> End {
        let (mut head, mut body) = response.into_parts();
        let status = head.status;
        let length = body.size_hint().exact();
        let has_none = is_head || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        let is_end = has_none || length == Some(0);
        let fields = &mut head.headers;
        if status == StatusCode::NO_CONTENT {
            fields.remove(header::CONTENT_LENGTH); // RFC 9110 §8.6.
        } else if !is_end
            && let Some(length) = length
            && !fields.contains_key(header::CONTENT_LENGTH)
        {
            fields.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        if let Some(exchange) = body.exchange() {
            exchange.put_fields(fields);
        }
        let sent = self.respond.borrow_mut().send_response(Response::from_parts(head, ()), is_end);
        let Ok(stream) = sent else {
            body.abort();
            return End::Answered; // Reset in the moment of its answer.
        };
        if is_end {
            body.skip();
            return End::Answered;
        }
        let mut sending =
            Sending { stream, left: Bytes::new(), is_last: false, timer: Timer::default(), stalled: None };
        match poll_fn(|cx| sending.poll(cx, &mut body, self)).await {
            Ok(()) => End::Answered,
            Err(reason) => {
                body.abort();
                match reason {
                    Some(reason) => End::Cut(sending.stream, reason),
                    None => End::Answered,
                }
            }
        }
    }
}

/// A body on its way.
struct Sending {
    stream: SendStream<Bytes>,
    /// What was taken of the body and not sent.
    left: Bytes,
    /// Whether nothing follows it.
    is_last: bool,
    timer: Timer,
    stalled: Option<Instant>,
}

impl Sending {
    /// Sends on as far as both sides allow. An error is why the stream is to be reset; none where it has been.
    fn poll(&mut self, cx: &mut Context<'_>, body: &mut Body, stream: &Stream) -> Poll<Result<(), Option<Reason>>> {
        loop {
            if !self.left.is_empty() {
                ready!(self.poll_send(cx, stream))?;
                if self.left.is_empty() && self.is_last {
                    return Poll::Ready(Ok(()));
                }
                continue;
            }
            match Pin::new(&mut *body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    if self.take(frame, body.is_end_stream())? {
                        return Poll::Ready(Ok(()));
                    }
                }
                Poll::Ready(Some(Err(_))) => return Poll::Ready(Err(Some(Reason::INTERNAL_ERROR))),
                Poll::Ready(None) => return Poll::Ready(self.stream.send_data(Bytes::new(), true).map_err(|_| None)),
                Poll::Pending => {
                    let reset = ready!(self.stream.poll_reset(cx));
                    drop(reset);
                    return Poll::Ready(Err(None));
                }
            }
        }
    }

    /// Takes one frame; whether that was all.
    fn take(&mut self, frame: Frame<Bytes>, is_last: bool) -> Result<bool, Option<Reason>> {
        match frame.into_data() {
            Ok(data) if data.is_empty() && is_last => {
                self.stream.send_data(data, true).map(|()| true).map_err(|_| None)
            }
            Ok(data) => {
                (self.left, self.is_last) = (data, is_last);
                Ok(false)
            }
            Err(frame) => {
                let trailers = frame.into_trailers().unwrap_or_default();
                self.stream.send_trailers(trailers).map(|()| true).map_err(|_| None)
            }
        }
    }

    /// Sends as much of what is left as the client takes now.
    fn poll_send(&mut self, cx: &mut Context<'_>, stream: &Stream) -> Poll<Result<(), Option<Reason>>> {
        self.stream.reserve_capacity(self.left.len());
        while self.stream.capacity() == 0 {
            match self.stream.poll_capacity(cx) {
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(_) => return Poll::Ready(Err(None)),
                Poll::Pending => {
                    let timeout = stream.settings.timeouts.body_idle;
                    let deadline = *self.stalled.get_or_insert_with(|| Instant::now() + timeout);
                    ready!(self.timer.poll(cx, deadline));
                    return Poll::Ready(Err(Some(Reason::CANCEL)));
                }
            }
        }
        self.stalled = None;
        let piece = self.left.split_to(self.stream.capacity().min(self.left.len()));
        let is_end = self.is_last && self.left.is_empty();
        Poll::Ready(self.stream.send_data(piece, is_end).map_err(|_| None))
    }
}
