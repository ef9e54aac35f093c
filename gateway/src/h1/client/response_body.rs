//! An answer's body, read from its connection as it is asked for.
use std::{
    rc::Rc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::Frame;

use super::{MAX_HEAD, upload::Remainder};
use crate::{
    h1::{
        chunked::{Decoded, Decoder},
        framing::Length,
        pool::Pool,
        wire::Wire,
    },
    rejection::Rejection,
};

/// What is still to come of an answer's body.
#[derive(Debug)]
enum Rest {
    Done,
    Known(u64),
    Chunked(Decoder),
    UntilClose,
    /// No body: the connection speaks another protocol from here on.
    Switched,
}

/// The body of an answer, read from its connection as it is polled.
#[derive(Debug)]
pub(crate) struct ResponseBody {
    /// Gone to the pool, or closed, once the body has ended.
    wire: Option<Box<Wire>>,
    pool: Rc<Pool>,
    rest: Rest,
    upload: Option<Box<Remainder>>,
    reusable: bool,
    length: Length,
}

impl ResponseBody {
    /// The body of this length that follows on `wire`, while `upload` goes on. The connection goes to `pool` in the end
    /// if it is `reusable`.
    pub(super) fn new(
        wire: Box<Wire>,
        pool: &Rc<Pool>,
        length: Length,
        upload: Option<Box<Remainder>>,
        reusable: bool,
    ) -> Self {
        let rest = match length {
            Length::Known(0) => Rest::Done,
            Length::Known(length) => Rest::Known(length),
            Length::Chunked => Rest::Chunked(Decoder::new(MAX_HEAD)),
            Length::UntilClose => Rest::UntilClose,
        };
        let mut body = Self { wire: Some(wire), pool: Rc::clone(pool), rest, upload, reusable, length };
        if matches!(body.rest, Rest::Done) {
            body.end();
        }
        body
    }

    /// In the place of a body, the connection itself, which has switched protocols.
    pub(super) fn switched(wire: Box<Wire>, pool: &Rc<Pool>) -> Self {
        let (pool, length) = (Rc::clone(pool), Length::UntilClose);
        Self { wire: Some(wire), pool, rest: Rest::Switched, upload: None, reusable: false, length }
    }

    /// The connection, once it has switched protocols.
    pub(crate) fn take_switched(&mut self) -> Option<Box<Wire>> {
        self.wire.take_if(|_| matches!(self.rest, Rest::Switched))
    }

    /// How the upstream delimited it.
    pub(crate) fn length(&self) -> Length {
        self.length
    }

    /// Whether nothing more will come.
    pub(crate) fn is_end(&self) -> bool {
        self.wire.is_none()
    }

    /// Whether it still sends the request's body.
    pub(crate) fn drives_upload(&self) -> bool {
        self.upload.is_some()
    }

    /// Does without the rest.
    pub(crate) fn skip(&mut self) {
        self.wire = None;
    }

    /// The next piece; an error is final, and whoever relays the body must not end it cleanly.
    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Rejection>>> {
        let Some(wire) = &mut self.wire else { return Poll::Ready(None) };
        if let Some(upload) = &mut self.upload {
            match upload.poll(wire, cx) {
                Poll::Ready(Ok(())) => self.upload = None,
                Poll::Ready(Err(Some(rejection))) => {
                    self.wire = None;
                    return Poll::Ready(Some(Err(rejection)));
                }
                Poll::Ready(Err(None)) => (self.upload, self.reusable) = (None, false),
                Poll::Pending => {}
            }
        }
        let frame = ready!(poll_rest(&mut self.rest, wire, cx));
        match &frame {
            None => self.end(),
            Some(Ok(_)) if matches!(self.rest, Rest::Done) => self.end(),
            Some(Ok(_)) => {}
            Some(Err(_)) => self.wire = None,
        }
        Poll::Ready(frame)
    }

    /// The answer is whole: its connection may carry the next one, unless something is left on it.
    fn end(&mut self) {
        let Some(wire) = self.wire.take() else { return };
        if self.reusable && self.upload.is_none() && wire.unread.is_empty() && wire.out.is_empty() {
            self.pool.put(wire, std::time::Instant::now());
        }
        self.upload = None;
    }
}

fn poll_rest(rest: &mut Rest, wire: &mut Wire, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Rejection>>> {
    let cut = || Poll::Ready(Some(Err(Rejection::UpstreamReset)));
    let data = match rest {
        Rest::Done | Rest::Switched => return Poll::Ready(None),
        Rest::UntilClose => match ready!(wire.poll_data(cx, u64::MAX)) {
            Ok(data) if data.is_empty() => {
                *rest = Rest::Done;
                return Poll::Ready(None);
            }
            Ok(data) => data,
            Err(_) => return cut(),
        },
        Rest::Known(left) => match ready!(wire.poll_data(cx, *left)) {
            Ok(data) if !data.is_empty() => {
                *left -= data.len() as u64;
                if *left == 0 {
                    *rest = Rest::Done;
                }
                data
            }
            _ => return cut(),
        },
        Rest::Chunked(decoder) => loop {
            match decoder.decode(&mut wire.unread) {
                Ok(Decoded::Data(data)) => break data,
                Ok(Decoded::More) => {}
                Ok(Decoded::End(trailers)) => {
                    *rest = Rest::Done;
                    return Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))));
                }
                Err(_) => return Poll::Ready(Some(Err(Rejection::UpstreamProtocol))),
            }
            match ready!(wire.poll_fill(cx)) {
                Ok(1..) => {}
                _ => return cut(),
            }
        },
    };
    Poll::Ready(Some(Ok(Frame::data(data))))
}
