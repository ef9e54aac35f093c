//! The body of a mounted service's answer.
use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode, header};
use http_body::{Body as _, Frame};

use super::{BoxBody, BoxFuture, Call, Feed};
use crate::{
    h1::framing::{self, Length},
    rejection::Rejection,
};

/// Read from the service as it is polled; what is left of the request's body is handed over meanwhile.
#[derive(Debug)]
pub(crate) struct ResponseBody {
    /// `None` once the body has ended.
    inner: Option<Call<BoxBody>>,
    feed: Option<Feed>,
    length: Length,
    /// Bytes that are still to come, where the service has said how many.
    left: Option<u64>,
}

impl ResponseBody {
    /// The head of the answer that `call` gave to a request of this method, and its body, while `feed` goes on.
    pub(crate) fn new(
        answer: Response<BoxBody>,
        method: &Method,
        call: &Call<BoxFuture>,
        feed: Option<Feed>,
    ) -> (http::response::Parts, Self) {
        let (mut head, body) = answer.into_parts();
        let exact = body.size_hint().exact();
        let has_body = *method != Method::HEAD && head.status != StatusCode::NOT_MODIFIED;
        // The answer to a HEAD keeps what it says of the length.
        let length = if has_body {
            let declared = take_length(&mut head.headers);
            exact.or(declared)
        } else {
            Some(0)
        };
        let ended = body.is_end_stream() || !has_body;
        let inner = call.part(body);
        let body = Self {
            inner: (!ended).then_some(inner),
            // A service that refuses a request does not want the rest of it.
            feed: feed.filter(|_| !ended && head.status.as_u16() < 300),
            length: length.map_or(Length::Chunked, Length::Known),
            left: length,
        };
        (head, body)
    }

    /// How long it will be.
    pub(crate) fn length(&self) -> Length {
        self.length
    }

    /// Whether nothing more will come.
    pub(crate) fn is_end(&self) -> bool {
        self.inner.is_none()
    }

    /// Whether the request's body is still handed over.
    pub(crate) fn drives_upload(&self) -> bool {
        self.feed.is_some()
    }

    /// Does without the rest.
    pub(crate) fn skip(&mut self) {
        (self.inner, self.feed) = (None, None);
    }

    /// The next piece; an error is final, and whoever relays the body must not end it cleanly.
    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Rejection>>> {
        let outcome = loop {
            if let Some(feed) = &mut self.feed {
                match feed.poll(cx) {
                    Poll::Ready(Ok(())) => self.feed = None,
                    Poll::Ready(Err(rejection)) => break Some(Err(rejection)),
                    Poll::Pending => {}
                }
            }
            let Some(inner) = &mut self.inner else { return Poll::Ready(None) };
            match inner.within(|body| (Pin::new(&mut *body).poll_frame(cx), body.is_end_stream())) {
                Ok((Poll::Ready(Some(Ok(frame))), is_end)) => {
                    let frame = self.counted(frame);
                    if !is_end || frame.is_err() {
                        break Some(frame);
                    }
                    // An end that comes too early is told by the next poll.
                    if self.left.is_none_or(|left| left == 0) {
                        self.skip();
                    }
                    return Poll::Ready(Some(frame));
                }
                Ok((Poll::Ready(None), _)) if self.left.is_none_or(|left| left == 0) => break None,
                Ok((Poll::Ready(None | Some(Err(_))), _)) => break Some(Err(Rejection::UpstreamReset)),
                Err(_) => break Some(Err(Rejection::UpstreamPanicked)),
                Ok((Poll::Pending, _)) if self.feed.as_ref().is_some_and(Feed::is_asked) => {}
                Ok((Poll::Pending, _)) => return Poll::Pending,
            }
        };
        if !matches!(outcome, Some(Ok(_))) {
            self.skip();
        }
        Poll::Ready(outcome)
    }

    /// Counts a piece: an answer that is longer than its head said would be read as the next one.
    fn counted(&mut self, frame: Frame<Bytes>) -> Result<Frame<Bytes>, Rejection> {
        if let (Some(left), Some(data)) = (&mut self.left, frame.data_ref()) {
            *left = left.checked_sub(data.len() as u64).ok_or(Rejection::UpstreamProtocol)?;
        }
        Ok(frame)
    }
}

/// The Content-Length that a service has set itself; the gateway writes its own.
fn take_length(fields: &mut HeaderMap) -> Option<u64> {
    framing::decimal(fields.remove(header::CONTENT_LENGTH)?.as_bytes())
}
