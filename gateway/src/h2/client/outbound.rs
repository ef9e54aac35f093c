//! A request's body on its way to an upstream that may refuse the stream: then the same goes to another connection.
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as _, Frame};

use crate::body::Body;

use crate::rejection::Rejection;

/// Bytes of a body that are kept until there is an answer.
const MAX_KEPT: usize = 64 * 1024;

/// A body, and its first pieces once they are taken: a stream that was refused was not looked at (RFC 9113 §8.7), so it may
/// be sent again whatever its method.
#[derive(Debug)]
pub(crate) struct Outbound {
    pub(super) body: Body,
    kept: Vec<Bytes>,
    size: usize,
    trailers: Option<HeaderMap>,
    /// How much of what was kept has been sent again.
    at: usize,
    is_touched: bool,
    /// Whether all that was taken is kept.
    is_whole: bool,
}

impl Outbound {
    /// The whole of `body`.
    pub(crate) fn new(body: Body) -> Self {
        Self { body, kept: Vec::new(), size: 0, trailers: None, at: 0, is_touched: false, is_whole: true }
    }

    /// The body, if nothing of it was taken.
    pub(crate) fn untouched(self) -> Option<Body> {
        (!self.is_touched).then_some(self.body)
    }

    /// Begins anew; whether that is possible.
    pub(crate) fn rewind(&mut self) -> bool {
        self.at = 0;
        self.is_whole
    }

    /// There is an answer: nothing need be kept.
    pub(super) fn forget(&mut self) {
        self.is_whole = false;
        (self.kept, self.trailers, self.at) = (Vec::new(), None, 0);
    }

    /// Whether nothing more will come.
    pub(super) fn is_end(&self) -> bool {
        self.at == self.kept.len() && self.trailers.is_none() && self.body.is_end_stream()
    }

    pub(super) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Rejection>>> {
        if let Some(piece) = self.kept.get(self.at) {
            self.at += 1;
            return Poll::Ready(Some(Ok(Frame::data(piece.clone()))));
        }
        if let Some(trailers) = &self.trailers {
            return Poll::Ready(Some(Ok(Frame::trailers(trailers.clone()))));
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(Ok(frame)) = &frame {
            self.is_touched = true;
            self.keep(frame);
        }
        Poll::Ready(frame)
    }

    fn keep(&mut self, frame: &Frame<Bytes>) {
        if !self.is_whole {
            return;
        }
        self.size += frame.data_ref().map_or(0, Bytes::len);
        if self.size > MAX_KEPT {
            return self.forget();
        }
        match (frame.data_ref(), frame.trailers_ref()) {
            (Some(data), _) => {
                self.kept.push(data.clone());
                self.at = self.kept.len();
            }
            (None, trailers) => self.trailers = trailers.cloned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn all(outbound: &mut Outbound) -> Vec<u8> {
        let mut all = Vec::new();
        let cx = &mut Context::from_waker(Waker::noop());
        while !outbound.is_end() {
            let Poll::Ready(Some(Ok(frame))) = outbound.poll_frame(cx) else { break };
            all.extend_from_slice(frame.data_ref().unwrap());
        }
        all
    }

    #[test]
    fn what_was_taken_comes_again() {
        let mut outbound = Outbound::new(Body::full(&b"abc"[..]));
        assert!(!outbound.is_end());
        for _ in 0..3 {
            assert_eq!(all(&mut outbound), b"abc");
            assert!(outbound.rewind());
        }
        assert!(outbound.untouched().is_none());
    }

    #[test]
    fn what_is_long_or_answered_is_not_kept() {
        let mut outbound = Outbound::new(Body::full(vec![7; MAX_KEPT + 1]));
        assert_eq!(all(&mut outbound).len(), MAX_KEPT + 1);
        assert!(!outbound.rewind());
        let mut outbound = Outbound::new(Body::full(&b"abc"[..]));
        assert_eq!(all(&mut outbound), b"abc");
        outbound.forget();
        assert!(!outbound.rewind() && outbound.is_end());
    }

    #[test]
    fn a_body_that_nobody_asked_for_is_whole() {
        assert!(Outbound::new(Body::full(&b"abc"[..])).untouched().is_some());
    }
}
