//! A request's body on its way: as much of it as the upstream takes.
use std::task::{Context, Poll, ready};

use ::h2::SendStream;
use bytes::Bytes;
use http_body::Frame;
use tokio::time::Instant;

use super::Outbound;
use crate::rejection::Rejection;

/// A request's body on its way to the upstream.
#[derive(Debug)]
pub(super) struct Upload {
    stream: SendStream<Bytes>,
    pub(super) outbound: Outbound,
    pub(super) stage: Stage,
    /// What was taken of the body and not sent, and whether nothing follows it.
    left: Bytes,
    is_last: bool,
    pub(super) waits_for_client: bool,
    pub(super) moved_at: Option<Instant>,
}

/// How far a request's body has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// It waits for a 100.
    HeldBack,
    Sending,
    Ended,
    /// The upstream takes no more.
    Failed,
}

impl Upload {
    pub(super) fn new(stream: SendStream<Bytes>, outbound: Outbound, stage: Stage) -> Self {
        let (left, waits_for_client) = (Bytes::new(), false);
        Self { stream, outbound, stage, left, is_last: false, waits_for_client, moved_at: None }
    }

    /// Sends as much as both sides allow; ready at the end, whether its own or the upstream's will. An error is the
    /// client's.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Rejection>> {
        self.waits_for_client = false;
        loop {
            match self.stage {
                Stage::HeldBack if self.outbound.body.poll_begun(cx) => self.stage = Stage::Sending,
                Stage::HeldBack => return Poll::Pending,
                Stage::Ended | Stage::Failed => return Poll::Ready(Ok(())),
                Stage::Sending if !self.left.is_empty() => ready!(self.poll_send(cx)),
                Stage::Sending => match self.outbound.poll_frame(cx) {
                    Poll::Ready(Some(Ok(frame))) => self.take(frame),
                    Poll::Ready(Some(Err(rejection))) => return Poll::Ready(Err(rejection)),
                    Poll::Ready(None) => self.end(),
                    Poll::Pending => {
                        self.waits_for_client = true;
                        return Poll::Pending;
                    }
                },
            }
        }
    }

    fn take(&mut self, frame: Frame<Bytes>) {
        self.moved_at = Some(Instant::now());
        match frame.into_data() {
            Ok(data) => {
                (self.left, self.is_last) = (data, self.outbound.is_end());
                if self.left.is_empty() && self.is_last {
                    self.end();
                }
            }
            Err(frame) => {
                let sent = self.stream.send_trailers(frame.into_trailers().unwrap_or_default());
                self.stage = if sent.is_ok() { Stage::Ended } else { Stage::Failed };
            }
        }
    }

    fn end(&mut self) {
        let sent = self.stream.send_data(Bytes::new(), true);
        self.stage = if sent.is_ok() { Stage::Ended } else { Stage::Failed };
    }

    /// Sends as much of what is left as the upstream takes now.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.stream.reserve_capacity(self.left.len());
        while self.stream.capacity() == 0 {
            if !matches!(ready!(self.stream.poll_capacity(cx)), Some(Ok(_))) {
                self.stage = Stage::Failed;
                return Poll::Ready(());
            }
        }
        let piece = self.left.split_to(self.stream.capacity().min(self.left.len()));
        let is_end = self.is_last && self.left.is_empty();
        self.moved_at = Some(Instant::now());
        match self.stream.send_data(piece, is_end) {
            Err(_) => self.stage = Stage::Failed,
            Ok(()) if is_end => self.stage = Stage::Ended,
            Ok(()) => {}
        }
        Poll::Ready(())
    }
}
