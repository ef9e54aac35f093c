//! A request's body, read from its stream as it is asked for. The client may send more only for what was taken: so a slow
//! upstream is felt by its own client alone.
use std::{
    cell::Cell,
    rc::Rc,
    task::{Context, Poll, ready},
};

use ::h2::RecvStream;
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use http_body::Frame;
use tokio::time::Instant;

use super::stream::Stream;
use crate::{
    h1::{framing::Length, trailers, wire::Timer},
    rejection::Rejection,
};

/// What is still to come of a request's body.
#[derive(Debug)]
pub(super) struct Upload {
    body: RecvStream,
    rest: Rest,
    /// Bytes that its head has declared and that have not come.
    left: Option<u64>,
    /// What completes the declared length, until the stream's end has come too: an upstream would take the request for a
    /// whole one before it is known to be (RFC 9113 §8.1.1).
    held: Option<Bytes>,
    /// Bytes that were handed on and may be sent anew once more is asked for.
    taken: usize,
    pub(super) awaits_continue: bool,
    limit: u64,
    /// Whether its client may be silent for as long as it likes, as in a call of gRPC that streams: that it is still there
    /// is the connection's to know.
    pub(super) may_pause: bool,
    timer: Timer,
    stalled_at: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    Data,
    Trailers,
    Done,
    /// Refused or cut.
    Broken,
}

impl Upload {
    pub(super) fn new(body: RecvStream) -> Self {
        let rest = if body.is_end_stream() { Rest::Done } else { Rest::Data };
        Self {
            body,
            rest,
            left: None,
            held: None,
            taken: 0,
            awaits_continue: false,
            limit: u64::MAX,
            may_pause: false,
            timer: Timer::default(),
            stalled_at: None,
        }
    }

    /// The stream itself, of a request that has no body.
    pub(super) fn body(&mut self) -> &mut RecvStream {
        &mut self.body
    }

    /// Whether bytes of it have come that nobody has taken.
    pub(super) fn has_begun(&mut self) -> bool {
        self.body.flow_control().used_capacity() > 0
    }

    /// Lets the client send as much as was taken.
    fn give_back(&mut self) {
        let taken = std::mem::take(&mut self.taken);
        if taken > 0 {
            // It can only fail on a stream that is gone.
            let _ = self.body.flow_control().release_capacity(taken);
        }
    }

    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Rejection>>> {
        loop {
            match self.rest {
                Rest::Done => return Poll::Ready(None),
                Rest::Broken => return Poll::Ready(Some(Err(Rejection::ClientClosed))),
                Rest::Data => match ready!(self.body.poll_data(cx)) {
                    Some(Ok(data)) => {
                        self.taken += data.len();
                        self.left = self.left.map(|left| left.saturating_sub(data.len() as u64));
                        let data = self.held.take().unwrap_or(data);
                        if self.body.is_end_stream() {
                            self.rest = Rest::Done;
                            self.give_back();
                        } else if self.left == Some(0) {
                            self.held = Some(data);
                            continue;
                        }
                        return Poll::Ready(Some(Ok(Frame::data(data))));
                    }
                    Some(Err(error)) => return Poll::Ready(Some(Err(fault(&error)))),
                    None => {
                        self.rest = Rest::Trailers;
                        if let Some(data) = self.held.take() {
                            return Poll::Ready(Some(Ok(Frame::data(data))));
                        }
                    }
                },
                Rest::Trailers => {
                    let trailers = ready!(self.body.poll_trailers(cx)).map_err(|error| fault(&error));
                    self.rest = Rest::Done;
                    return Poll::Ready(trailers.map(|trailers| trailers.map(Frame::trailers)).transpose());
                }
            }
        }
    }
}

/// Why a body broke off: its client reset it, or it was not what its head had said.
fn fault(error: &::h2::Error) -> Rejection {
    if error.is_library() && error.is_reset() {
        return Rejection::BadRequest("The body is not as its head, or HTTP/2, has it.".into());
    }
    Rejection::ClientClosed
}

/// The body of a request, read from its stream as it is polled.
#[derive(Debug)]
pub(crate) struct RequestBody {
    stream: Rc<Stream>,
    length: Length,
    received: Option<Rc<Cell<u64>>>,
}

impl RequestBody {
    pub(super) fn new(stream: &Rc<Stream>, length: Length) -> Self {
        let received = (length != Length::Known(0)).then(Rc::default);
        if let Length::Known(length) = length {
            stream.upload.borrow_mut().left = Some(length);
        }
        Self { stream: Rc::clone(stream), length, received }
    }

    /// The next piece; an error is final.
    pub(crate) fn poll_frame(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Rejection>>> {
        let mut upload = self.stream.upload.borrow_mut();
        let upload = &mut *upload;
        if upload.awaits_continue && upload.rest != Rest::Done {
            upload.awaits_continue = false;
            self.send_interim(cx, StatusCode::CONTINUE, &HeaderMap::new());
        }
        upload.give_back();
        let outcome = match upload.poll_rest(cx) {
            Poll::Pending if upload.may_pause => return Poll::Pending,
            Poll::Pending => {
                let timeout = self.stream.settings.timeouts.body_idle;
                let deadline = *upload.stalled_at.get_or_insert_with(|| Instant::now() + timeout);
                ready!(upload.timer.poll(cx, deadline));
                Err(Rejection::RequestTimeout)
            }
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Ready(Some(outcome)) => outcome,
        };
        upload.stalled_at = None;
        let outcome = outcome.and_then(|frame| self.checked(frame, upload.limit));
        if outcome.is_err() {
            upload.rest = Rest::Broken;
        }
        Poll::Ready(Some(outcome))
    }

    fn checked(&self, mut frame: Frame<Bytes>, limit: u64) -> Result<Frame<Bytes>, Rejection> {
        if let Some(fields) = frame.trailers_mut() {
            trailers::discard_refused(fields);
            self.stream.settings.reserved.remove_all(fields);
        }
        if let (Some(received), Some(data)) = (&self.received, frame.data_ref()) {
            received.set(received.get() + data.len() as u64);
            if received.get() > limit {
                return Err(Rejection::BodyTooLarge { limit });
            }
        }
        Ok(frame)
    }

    /// Whether nothing more will come.
    pub(crate) fn is_end(&self) -> bool {
        self.stream.upload.borrow().rest == Rest::Done
    }

    /// Its length as the head declared it.
    pub(crate) fn length(&self) -> Length {
        self.length
    }

    /// Whether the client waits for a 100 before it sends anything.
    pub(crate) fn awaits_continue(&self) -> bool {
        self.stream.upload.borrow().awaits_continue
    }

    /// Refuses more than `limit` bytes: at once when the head declares more, else when they have come.
    pub(crate) fn limit(&self, limit: u64) -> Result<(), Rejection> {
        self.stream.upload.borrow_mut().limit = limit;
        match self.length {
            Length::Known(length) if length > limit => Err(Rejection::BodyTooLarge { limit }),
            _ => Ok(()),
        }
    }

    /// The same, unless a lower limit holds already.
    pub(crate) fn lower_limit(&self, limit: u64) -> Result<(), Rejection> {
        let lower = self.stream.upload.borrow().limit.min(limit);
        self.limit(lower)
    }

    /// Counts the body's bytes as they come, also after the body itself is gone; none where there is no body.
    pub(crate) fn meter(&self) -> Option<Rc<Cell<u64>>> {
        self.received.clone()
    }

    /// Passes an interim answer on (RFC 9110 §15.2).
    pub(crate) fn send_interim(&self, _: &mut Context<'_>, status: StatusCode, fields: &HeaderMap) {
        let mut interim = Response::new(());
        *interim.status_mut() = status;
        interim.headers_mut().clone_from(fields);
        // Whoever is gone, or has had the answer, does without.
        let _ = self.stream.respond.borrow_mut().send_informational(interim);
    }
}
