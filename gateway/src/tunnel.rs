//! A WebSocket, once its upgrade is agreed on: bytes between two streams, both ways, until both have ended.
//!
//! Payloads are not looked at, but the frames' heads are: so that a gateway that has to go can say so to both sides at a
//! place where that can be said (RFC 6455 §5.5.1, 1001), instead of cutting a message in the middle.
//!
//! - `handshake`: who asks for a WebSocket, and whether that is what was agreed on
//! - `pipe`: one direction
//! - `frames`: where a frame ends
//!
//! Either end is any [`AsyncRead`] and [`AsyncWrite`]: a socket, TLS over one, or a stream of HTTP/2 (RFC 8441).
mod frames;
pub(crate) mod handshake;
mod pipe;
#[cfg(test)]
mod tests;

use std::{
    cell::Cell,
    future::poll_fn,
    rc::Rc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::BytesMut;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::Instant,
};

use crate::{exchange::Exchange, h1::wire::Timer, rejection::Rejection};
use pipe::{Pipe, Role};

/// How long an end is waited for that was told to close, and for the rest of a frame that does not come.
const CLOSE_WAIT: Duration = Duration::from_secs(2);

/// How a tunnel ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Both sides ended in order.
    Closed,
    /// The gateway has to go, and has told both sides.
    Drained,
    /// Nothing moved for too long; both sides were told.
    Idle,
    /// The client's connection broke.
    ClientGone,
    /// The upstream's connection broke.
    UpstreamGone,
}

impl End {
    /// Tells the request's exchange.
    fn note(self, exchange: &mut Exchange) {
        exchange.ended = true;
        match self {
            Self::Closed | Self::Drained => {}
            Self::Idle => exchange.fail(&Rejection::TunnelIdle),
            Self::ClientGone => exchange.fail(&Rejection::ClientClosed),
            Self::UpstreamGone => exchange.fail(&Rejection::UpstreamReset),
        }
    }
}

/// Both directions between a client and its upstream. What waits in each is bounded: one read of it.
#[derive(Debug)]
pub(crate) struct Tunnel {
    up: Pipe,
    down: Pipe,
    idle: Duration,
    moved_at: Instant,
    closing: Option<Closing>,
    timer: Timer,
}

/// Why both sides are told to close, and since when.
#[derive(Debug, Clone, Copy)]
struct Closing {
    why: End,
    since: Instant,
    /// Whether both have been told.
    told: bool,
}

impl Tunnel {
    /// One that ends when nothing moves for `idle`. What either side has sent already comes first.
    pub(crate) fn new(from_client: BytesMut, from_upstream: BytesMut, idle: Duration) -> Self {
        Self {
            // To its upstream a gateway speaks as a client, to its client as a server.
            up: Pipe::new(from_client, Role::Client),
            down: Pipe::new(from_upstream, Role::Server),
            idle,
            moved_at: Instant::now(),
            closing: None,
            timer: Timer::default(),
        }
    }

    /// Serves it to its end: whoever grants it knows by `poll` what its two streams are. `exchange` has at each moment what
    /// went either way, since a drain may cut it; and in the end how that was.
    pub(crate) async fn serve(
        mut self,
        exchange: &mut Exchange,
        mut poll: impl FnMut(&mut Self, &mut Context<'_>) -> Poll<End>,
    ) -> End {
        let received = Rc::new(Cell::new(0));
        exchange.bytes_in = Some(Rc::clone(&received));
        let end = poll_fn(|cx| {
            let polled = poll(&mut self, cx);
            received.set(self.up.bytes);
            exchange.bytes_out = self.down.bytes;
            polled
        })
        .await;
        end.note(exchange);
        end
    }

    /// Moves what can be moved. From `drain_at` on both sides are told to close.
    pub(crate) fn poll<C, U>(
        &mut self,
        cx: &mut Context<'_>,
        client: &mut C,
        upstream: &mut U,
        drain_at: Option<Instant>,
    ) -> Poll<End>
    where
        C: AsyncRead + AsyncWrite + Unpin,
        U: AsyncRead + AsyncWrite + Unpin,
    {
        loop {
            let now = Instant::now();
            if self.closing.is_none() && drain_at.is_some_and(|at| at <= now) {
                self.close(End::Drained, now);
            }
            let is_closing = self.closing.is_some();
            let up = self.up.poll(cx, client, upstream, is_closing);
            if let Poll::Ready(Err(_)) = up {
                return Poll::Ready(End::ClientGone);
            }
            let down = self.down.poll(cx, upstream, client, is_closing);
            if let Poll::Ready(Err(_)) = down {
                return Poll::Ready(End::UpstreamGone);
            }
            if up.is_ready() && down.is_ready() {
                return Poll::Ready(self.closing.map_or(End::Closed, |closing| closing.why));
            }
            if self.up.take_moved() | self.down.take_moved() {
                self.moved_at = now;
            }
            let deadline = self.deadline(now, drain_at);
            ready!(self.timer.poll(cx, deadline));
            match self.closing {
                // Its own time, or the drain's: which of them is looked at above.
                None if drain_at.is_none_or(|at| at > Instant::now()) => self.close(End::Idle, now),
                None => {}
                Some(closing) => return Poll::Ready(closing.why),
            }
        }
    }

    fn close(&mut self, why: End, since: Instant) {
        self.closing = Some(Closing { why, since, told: false });
    }

    /// When something is to be done though nothing moves.
    fn deadline(&mut self, now: Instant, drain_at: Option<Instant>) -> Instant {
        let Some(closing) = &mut self.closing else {
            let idle = self.moved_at + self.idle;
            return drain_at.map_or(idle, |at| at.min(idle));
        };
        if !closing.told && self.up.is_told() && self.down.is_told() {
            (closing.told, closing.since) = (true, now);
        }
        // A frame that still comes is waited for, as a request that still runs is.
        let since = if closing.told { closing.since } else { closing.since.max(self.moved_at) };
        since + CLOSE_WAIT
    }
}
