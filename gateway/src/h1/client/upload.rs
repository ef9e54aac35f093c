//! A request's body on its way to the upstream.
use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;
use tokio::time::Instant;

use crate::{
    body::Body,
    h1::{encode, framing::Length, wire::Wire},
    rejection::Rejection,
};

/// Bytes of a request's body that may wait for the upstream to read.
const HIGH_WATER: usize = 64 * 1024;

/// How far a request's body is on its way to the upstream.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) length: Length,
    pub(super) stage: Stage,
    /// Whether some of it was taken from the client.
    pub(super) touched: bool,
    pub(super) waits_for_client: bool,
    pub(super) moved_at: Option<Instant>,
}

/// How far a request's body has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// It waits for a 100.
    HeldBack,
    Sending,
    /// Its last byte, and its last chunk, are with the kernel or in `out`.
    Ended,
    /// The upstream stopped reading.
    Failed,
}

impl Upload {
    /// `body` is still to be sent.
    pub(super) fn new(body: &Body) -> Self {
        let length = body.length();
        let stage = match length {
            Length::Known(0) => Stage::Ended,
            _ if body.awaits_continue() => Stage::HeldBack,
            _ => Stage::Sending,
        };
        Self { stage, touched: false, waits_for_client: false, moved_at: None, length }
    }

    pub(super) fn fail(&mut self, wire: &mut Wire) {
        wire.out.clear();
        (self.stage, self.waits_for_client) = (Stage::Failed, false);
    }

    /// Sends as much of `body` as both sides allow. An error is the client's, or `None` when the upstream reads no more.
    pub(super) fn poll(
        &mut self,
        body: &mut Body,
        wire: &mut Wire,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Option<Rejection>>> {
        if self.stage == Stage::HeldBack && body.poll_begun(cx) {
            self.stage = Stage::Sending;
        }
        loop {
            self.waits_for_client = false;
            while self.stage == Stage::Sending && wire.out.len() < HIGH_WATER {
                match http_body::Body::poll_frame(Pin::new(&mut *body), cx) {
                    Poll::Ready(Some(Ok(frame))) => {
                        (self.touched, self.moved_at) = (true, Some(Instant::now()));
                        self.push(frame, wire);
                    }
                    Poll::Ready(Some(Err(rejection))) => return Poll::Ready(Err(Some(rejection))),
                    Poll::Ready(None) => self.finish(None, wire),
                    Poll::Pending => {
                        self.waits_for_client = true;
                        break;
                    }
                }
                if self.stage == Stage::Sending && http_body::Body::is_end_stream(body) {
                    self.finish(None, wire);
                }
            }
            match wire.poll_flush(cx) {
                Poll::Ready(Ok(())) if self.stage != Stage::Sending => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(())) if self.waits_for_client => return Poll::Pending,
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => return Poll::Ready(Err(None)),
                Poll::Pending => {
                    self.waits_for_client = false;
                    return Poll::Pending;
                }
            }
        }
    }

    fn push(&mut self, frame: Frame<Bytes>, wire: &mut Wire) {
        match frame.into_data() {
            Ok(data) if data.is_empty() => {}
            Ok(data) if matches!(self.length, Length::Known(_)) => wire.out.push(data),
            Ok(data) => {
                wire.out.encode(|out| encode::chunk_size(out, data.len()));
                wire.out.push(data);
                wire.out.encode(|out| out.extend_from_slice(b"\r\n"));
            }
            Err(frame) => {
                let trailers = frame.into_trailers().ok();
                self.finish(trailers.as_ref(), wire);
            }
        }
    }

    fn finish(&mut self, trailers: Option<&HeaderMap>, wire: &mut Wire) {
        self.stage = Stage::Ended;
        if !matches!(self.length, Length::Known(_)) {
            wire.out.encode(|out| encode::last_chunk(out, trailers));
        }
    }
}

/// What is left of a request's body once its answer has begun.
#[derive(Debug)]
pub(super) struct Remainder {
    pub(super) upload: Upload,
    pub(super) body: Body,
}

impl Remainder {
    /// As [`Upload::poll`].
    pub(super) fn poll(&mut self, wire: &mut Wire, cx: &mut Context<'_>) -> Poll<Result<(), Option<Rejection>>> {
        self.upload.poll(&mut self.body, wire, cx)
    }
}
