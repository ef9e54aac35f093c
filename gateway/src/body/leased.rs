//! The body of an upstream's answer with the hold on that upstream, which ends with it.
mod clock;

use std::task::{Context, Poll};

use bytes::Bytes;
use http::StatusCode;
use http_body::Frame;

use super::AnswerBody;
use crate::{
    cluster::lease::Lease,
    config::UpstreamTimeouts,
    exchange::Exchange,
    h1::{framing::Length, wire::Wire},
    rejection::Rejection,
};
use clock::{Clock, Over};

/// Read as it is asked for. Dropped before its end, it says nothing of the upstream: the client has gone.
#[derive(Debug)]
pub(crate) struct LeasedBody {
    body: AnswerBody,
    lease: Option<Lease>,
    /// How long it may take; none where nothing limits that.
    clock: Option<Box<Clock>>,
}

impl LeasedBody {
    /// The body of an answer of this status.
    #[inline]
    pub(crate) fn new(body: AnswerBody, status: StatusCode, mut lease: Lease) -> Self {
        lease.answered(status);
        let mut leased = Self { body, lease: Some(lease), clock: None };
        leased.end_if_over();
        leased
    }

    /// The same, within the times of its route and of its client.
    #[inline]
    pub(crate) fn within(mut self, timeouts: &UpstreamTimeouts, exchange: &Exchange) -> Self {
        self.clock = Clock::of(exchange.deadline(timeouts.total), timeouts.body_idle);
        self
    }

    /// The next piece; an error is final.
    #[inline]
    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Rejection>>> {
        let mut polled = self.body.poll_frame(cx);
        if !self.body.is_end()
            && let Some(clock) = &mut self.clock
        {
            match clock.poll(cx, polled.is_pending()) {
                Poll::Pending => {}
                Poll::Ready(Over::Silence) => polled = Poll::Ready(Some(Err(Rejection::UpstreamTimeout))),
                Poll::Ready(Over::Total) => {
                    // Who was slow is not known: it may have been the client.
                    self.lease = None;
                    polled = Poll::Ready(Some(Err(Rejection::UpstreamTimeout)));
                }
            }
        }
        match &polled {
            Poll::Ready(Some(Err(rejection))) => {
                if let Some(mut lease) = self.lease.take() {
                    lease.fail_for(rejection, self.body.is_counted());
                }
            }
            Poll::Ready(_) => self.end_if_over(),
            Poll::Pending => {}
        }
        polled
    }

    #[inline]
    fn end_if_over(&mut self) {
        if self.body.is_end()
            && let Some(mut lease) = self.lease.take()
        {
            lease.succeed();
        }
    }

    /// How it is delimited.
    pub(crate) fn length(&self) -> Length {
        self.body.length()
    }

    /// Whether nothing more will come.
    #[inline]
    pub(crate) fn is_end(&self) -> bool {
        self.body.is_end()
    }

    /// Whether it still sends the request's body.
    pub(super) fn drives_upload(&self) -> bool {
        self.body.drives_upload()
    }

    /// The upstream's connection, if it has switched protocols. The hold on the upstream stays, and what its circuit
    /// learns is that it has answered: what a tunnel comes to is no answer of its.
    pub(super) fn take_switched(&mut self) -> Option<Box<Wire>> {
        let wire = self.body.take_switched()?;
        if let Some(lease) = &mut self.lease {
            lease.succeed();
            lease.report();
        }
        Some(wire)
    }

    /// Does without the rest: what came is enough.
    pub(super) fn skip(&mut self) {
        self.body.skip();
        self.end_if_over();
    }
}
