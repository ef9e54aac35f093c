//! A request's body, read from its connection as it is asked for.
use std::{
    cell::Cell,
    future::poll_fn,
    io,
    rc::Rc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{HeaderMap, StatusCode, Version};
use http_body::Frame;
use tokio::time::Instant;

use super::{Connection, LINGER};
use crate::{
    h1::{
        chunked::{Decoded, Decoder},
        encode,
        framing::Length,
        head::Framing,
        wire::Wire,
    },
    rejection::Rejection,
};

/// What is still to come of a request's body.
#[derive(Debug, Default)]
pub(super) struct Upload {
    pub(super) rest: Rest,
    awaits_continue: bool,
    takes_interim: bool,
    limit: u64,
    stalled_at: Option<Instant>,
}

#[derive(Debug, Default)]
pub(super) enum Rest {
    #[default]
    Done,
    Known(u64),
    Chunked(Decoder),
    /// Refused: the connection can't go on.
    Broken,
    /// The client has ended its side before the body's end: nobody is there to be answered.
    Gone,
}

impl Upload {
    /// All of the body that a head announces; `max_trailers` bounds its trailer section, in bytes. One that `has_begun`,
    /// since bytes of it are here, waits for no 100 (RFC 9110 §10.1.1).
    pub(super) fn new(framing: Framing, version: Version, max_trailers: usize, has_begun: bool) -> Self {
        Self {
            rest: match framing.length {
                Length::Known(0) | Length::UntilClose => Rest::Done,
                Length::Known(length) => Rest::Known(length),
                Length::Chunked => Rest::Chunked(Decoder::new(max_trailers)),
            },
            awaits_continue: framing.expects_continue && !has_begun,
            takes_interim: encode::takes_chunks(version),
            limit: u64::MAX,
            stalled_at: None,
        }
    }
}

impl Connection {
    /// Whether the request's body is at its end, or will be: what of it is here already and was not wanted is skipped. Of
    /// one that is sent on beside the answer so much may be left as [`Connection::skip_upload`] reads.
    pub(super) fn upload_may_end(&self, is_driven: bool) -> bool {
        let mut upload = self.upload.borrow_mut();
        let mut wire = self.wire.borrow_mut();
        if upload.awaits_continue {
            return false; // The client decides whether it sends the body; where the next request begins is unknown.
        }
        match &mut upload.rest {
            Rest::Done => true,
            Rest::Broken | Rest::Gone => false,
            Rest::Known(left) if is_driven => *left <= LINGER.1 as u64,
            Rest::Chunked(_) if is_driven => true,
            Rest::Known(left) => {
                let here = usize::try_from(*left).ok().filter(|&left| left <= wire.unread.len());
                if let Some(here) = here {
                    drop(wire.unread.split_to(here));
                    upload.rest = Rest::Done;
                }
                here.is_some()
            }
            Rest::Chunked(decoder) => {
                while let Ok(Decoded::Data(_)) = decoder.decode(&mut wire.unread) {}
                decoder.is_done()
            }
        }
    }

    /// Reads what an answer has left of the request's body, for as long and as much as a connection lingers; whether the
    /// next request follows.
    pub(super) async fn skip_upload(&self) -> bool {
        let deadline = Instant::now() + LINGER.0;
        let mut seen = 0;
        poll_fn(|cx| {
            let (mut upload, mut wire) = (self.upload.borrow_mut(), self.wire.borrow_mut());
            loop {
                match poll_rest(&mut upload.rest, &mut wire, cx) {
                    Poll::Ready(None) => return Poll::Ready(true),
                    Poll::Ready(Some(Ok(frame))) if seen <= LINGER.1 => seen += frame.data_ref().map_or(0, Bytes::len),
                    Poll::Ready(Some(_)) => break,
                    Poll::Pending => {
                        ready!(wire.timer.poll(cx, deadline));
                        break;
                    }
                }
            }
            upload.rest = Rest::Broken;
            Poll::Ready(false)
        })
        .await
    }

    /// Whether the client sends its body without having had a 100, or is gone; then it waits for none any more.
    fn poll_begun(&self, cx: &mut Context<'_>) -> bool {
        let (mut upload, mut wire) = (self.upload.borrow_mut(), self.wire.borrow_mut());
        if upload.awaits_continue && (!wire.unread.is_empty() || wire.poll_fill(cx).is_ready()) {
            upload.awaits_continue = false;
        }
        !upload.awaits_continue
    }

    fn poll_body(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Rejection>>> {
        let mut upload = self.upload.borrow_mut();
        let upload = &mut *upload;
        let mut wire = self.wire.borrow_mut();
        if upload.awaits_continue && !matches!(upload.rest, Rest::Done) {
            upload.awaits_continue = false;
            wire.out.encode(|out| encode::interim(out, StatusCode::CONTINUE, &HeaderMap::new()));
            let _ = wire.poll_flush(cx); // What does not fit now goes out before the answer.
        }
        let outcome = match poll_rest(&mut upload.rest, &mut wire, cx) {
            Poll::Pending => {
                let timeout = self.settings.borrow().timeouts.body_idle;
                let deadline = *upload.stalled_at.get_or_insert_with(|| Instant::now() + timeout);
                ready!(wire.timer.poll(cx, deadline));
                Err(Rejection::RequestTimeout)
            }
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Ready(Some(outcome)) => outcome,
        };
        upload.stalled_at = None;
        let outcome = outcome.and_then(|mut frame| {
            if let Some(trailers) = frame.trailers_mut() {
                self.settings.borrow().reserved.remove_all(trailers);
            }
            let length = frame.data_ref().map_or(0, Bytes::len) as u64;
            self.received.set(self.received.get() + length);
            if self.received.get() > upload.limit {
                return Err(Rejection::BodyTooLarge { limit: upload.limit });
            }
            Ok(frame)
        });
        match &outcome {
            Ok(_) => {}
            Err(Rejection::ClientClosed) => upload.rest = Rest::Gone,
            Err(_) => upload.rest = Rest::Broken,
        }
        Poll::Ready(Some(outcome))
    }
}

/// The next piece of a request's body.
fn poll_rest(rest: &mut Rest, wire: &mut Wire, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Rejection>>> {
    let gone = |_: io::Error| Rejection::ClientClosed;
    match rest {
        Rest::Done => Poll::Ready(None),
        Rest::Broken | Rest::Gone => Poll::Ready(Some(Err(Rejection::ClientClosed))),
        Rest::Known(left) => {
            let data = match ready!(wire.poll_data(cx, *left)).map_err(gone) {
                Ok(data) if data.is_empty() => return Poll::Ready(Some(Err(Rejection::ClientClosed))),
                Ok(data) => data,
                Err(gone) => return Poll::Ready(Some(Err(gone))),
            };
            *left -= data.len() as u64;
            if *left == 0 {
                *rest = Rest::Done;
            }
            Poll::Ready(Some(Ok(Frame::data(data))))
        }
        Rest::Chunked(decoder) => loop {
            match decoder.decode(&mut wire.unread) {
                Ok(Decoded::Data(data)) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                Ok(Decoded::More) => {}
                Ok(Decoded::End(trailers)) => {
                    *rest = Rest::Done;
                    return Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))));
                }
                Err(fault) => {
                    let why = format!("The body has {fault}.");
                    return Poll::Ready(Some(Err(Rejection::BadRequest(why.into()))));
                }
            }
            if ready!(wire.poll_fill(cx)).unwrap_or(0) == 0 {
                return Poll::Ready(Some(Err(Rejection::ClientClosed)));
            }
        },
    }
}

/// The body of a request, read from its connection as it is polled.
#[derive(Debug)]
pub(crate) struct RequestBody {
    connection: Rc<Connection>,
    serial: u64,
    length: Length,
}

impl RequestBody {
    /// The body of the request that `connection` serves now.
    pub(super) fn new(connection: &Rc<Connection>, length: Length) -> Self {
        Self { connection: Rc::clone(connection), serial: connection.serial.get(), length }
    }

    fn is_current(&self) -> bool {
        self.serial == self.connection.serial.get()
    }

    /// The next piece; an error is final.
    pub(crate) fn poll_frame(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Rejection>>> {
        if self.is_current() { self.connection.poll_body(cx) } else { Poll::Ready(None) }
    }

    /// Whether nothing more will come.
    pub(crate) fn is_end(&self) -> bool {
        !self.is_current() || matches!(self.connection.upload.borrow().rest, Rest::Done)
    }

    /// Its length as the head declared it.
    pub(crate) fn length(&self) -> Length {
        self.length
    }

    /// Whether the client waits for a 100 before it sends anything.
    pub(crate) fn awaits_continue(&self) -> bool {
        self.is_current() && self.connection.upload.borrow().awaits_continue
    }

    /// Whether it comes without the 100 that was asked for.
    pub(crate) fn poll_begun(&self, cx: &mut Context<'_>) -> bool {
        !self.is_current() || self.connection.poll_begun(cx)
    }

    /// Refuses more than `limit` bytes: at once when the head declares more, else when they have come.
    pub(crate) fn limit(&self, limit: u64) -> Result<(), Rejection> {
        self.connection.upload.borrow_mut().limit = limit;
        match self.length {
            Length::Known(length) if length > limit => Err(Rejection::BodyTooLarge { limit }),
            _ => Ok(()),
        }
    }

    /// The same, unless a lower limit holds already.
    pub(crate) fn lower_limit(&self, limit: u64) -> Result<(), Rejection> {
        let lower = self.connection.upload.borrow().limit.min(limit);
        self.limit(lower)
    }

    /// Counts the body's bytes as they come, also after the body itself is gone.
    pub(crate) fn meter(&self) -> Rc<Cell<u64>> {
        Rc::clone(&self.connection.received)
    }

    /// Passes an interim answer on (RFC 9110 §15.2), where the client's version has them.
    pub(crate) fn send_interim(&self, cx: &mut Context<'_>, status: StatusCode, fields: &HeaderMap) {
        if self.is_current() && self.connection.upload.borrow().takes_interim {
            let mut wire = self.connection.wire.borrow_mut();
            wire.out.encode(|out| encode::interim(out, status, fields));
            let _ = wire.poll_flush(cx); // What does not fit now goes out before the answer.
        }
    }
}
