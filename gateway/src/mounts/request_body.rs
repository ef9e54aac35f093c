//! A client's body on its way into a service.
//!
//! What reads the client's connection never leaves the worker's thread, and what a service takes may go anywhere. So
//! there are two ends: the service's [`RequestBody`] asks for a piece, and the [`Feed`], which the request's future polls
//! beside the service, reads one from the client. No piece is read before it is asked for.
use std::{
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use tokio::time::Instant;

use crate::{body::Body, rejection::Rejection};

/// The body of a request, as a mounted service reads it.
#[derive(Debug)]
pub struct RequestBody {
    /// `None` where there is no body.
    shared: Option<Shared>,
    hint: SizeHint,
}

/// The client's body broke off, or broke a rule of the gateway's, which then answers in the service's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the client's body broke off")
    }
}

impl std::error::Error for Broken {}

/// The end that reads the client.
#[derive(Debug)]
pub(crate) struct Feed {
    body: Body,
    shared: Shared,
    /// Whether a piece is asked for that the client has not sent.
    pub(crate) waits_for_client: bool,
    /// When the last piece came.
    pub(crate) moved_at: Option<Instant>,
}

#[derive(Debug, Clone, Default)]
struct Shared(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    piece: Option<Result<Frame<Bytes>, Broken>>,
    /// Whether the service waits for a piece.
    wanted: bool,
    /// Whether there will be no other piece.
    ended: bool,
    /// Whether the service has let go of the body.
    unread: bool,
    reader: Option<Waker>,
    feeder: Option<Waker>,
}

impl RequestBody {
    /// No body.
    pub(crate) fn empty() -> Self {
        Self { shared: None, hint: SizeHint::with_exact(0) }
    }

    /// A service's end of `body`, and the end that reads it, where there is something to be read.
    pub(crate) fn of(body: Body) -> (Self, Option<Feed>) {
        if body.is_end_stream() {
            return (Self::empty(), None);
        }
        let (shared, hint) = (Shared::default(), body.size_hint());
        let feed = Feed { body, shared: shared.clone(), waits_for_client: false, moved_at: None };
        (Self { shared: Some(shared), hint }, Some(feed))
    }
}

impl http_body::Body for RequestBody {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let Some(shared) = &self.shared else { return Poll::Ready(None) };
        let mut state = shared.state();
        if let Some(piece) = state.piece.take() {
            drop(state);
            let length = piece.as_ref().ok().and_then(Frame::data_ref).map_or(0, Bytes::len) as u64;
            if let Some(left) = self.hint.exact() {
                self.hint.set_exact(left.saturating_sub(length));
            }
            return Poll::Ready(Some(piece));
        }
        if state.ended {
            return Poll::Ready(None);
        }
        state.wanted = true;
        wake(&mut state.feeder, cx);
        state.reader = Some(cx.waker().clone());
        Poll::Pending
    }

    fn is_end_stream(&self) -> bool {
        let Some(shared) = &self.shared else { return true };
        let state = shared.state();
        state.ended && state.piece.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.hint
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        let Some(shared) = &self.shared else { return };
        let mut state = shared.state();
        state.unread = true;
        if let Some(feeder) = state.feeder.take() {
            feeder.wake();
        }
    }
}

impl Feed {
    /// Hands over what is asked for, until nothing more will be. An error is the client's.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Rejection>> {
        loop {
            self.waits_for_client = false;
            let mut state = self.shared.state();
            if state.unread || state.ended {
                return Poll::Ready(Ok(()));
            }
            if !state.wanted {
                state.feeder = Some(cx.waker().clone());
                return Poll::Pending;
            }
            drop(state);
            let piece = Pin::new(&mut self.body).poll_frame(cx);
            let mut state = self.shared.state();
            let (piece, outcome) = match piece {
                Poll::Pending => {
                    state.feeder = Some(cx.waker().clone());
                    drop(state);
                    self.waits_for_client = true;
                    return Poll::Pending;
                }
                Poll::Ready(Some(Ok(frame))) => (Some(Ok(frame)), Ok(())),
                Poll::Ready(Some(Err(rejection))) => (Some(Err(Broken)), Err(rejection)),
                Poll::Ready(None) => (None, Ok(())),
            };
            state.ended = !matches!(piece, Some(Ok(_))) || self.body.is_end_stream();
            (state.piece, state.wanted) = (piece, false);
            wake(&mut state.reader, cx);
            drop(state);
            self.moved_at = Some(Instant::now());
            if outcome.is_err() {
                return Poll::Ready(outcome);
            }
        }
    }

    /// Whether the service has asked for a piece since the last poll.
    pub(crate) fn is_asked(&self) -> bool {
        !self.waits_for_client && self.shared.state().wanted
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // No code of others runs while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes the other end, unless it is in the task that runs now: that one polls both.
fn wake(other: &mut Option<Waker>, cx: &Context<'_>) {
    if let Some(other) = other.take()
        && !other.will_wake(cx.waker())
    {
        other.wake();
    }
}

#[cfg(test)]
mod tests;
