//! When a connection ends: when its client is idle, gone, late with a head or abusive, and when the gateway drains.
use std::{
    task::{Context, Poll},
    time::Duration,
};

use ::h2::{Ping, PingPong, Reason, server::Connection};
use bytes::Bytes;
use tokio::time::Instant;

use super::{
    io::{Io, Watch},
    stream::End,
};
use crate::{config::ClientTimeouts, h1::wire::Timer, shutdown::Drain};

/// How long a client that has been told that the connection ends (RFC 9113 §6.8) may take to see it, once it has no
/// request open; and how long one that is cut off may take to read why.
const GRACE: Duration = Duration::from_millis(500);
/// Requests that a client may cancel before they are answered, beyond those that it lets be answered: each costs it two
/// frames and an upstream a request (CVE-2023-44487, CVE-2025-8671).
const MAX_CANCELLED: u32 = 500;

/// What becomes of a connection.
pub(super) enum Then {
    /// It has something to send.
    GoOn,
    End,
}

/// What is known of a connection's client.
pub(super) struct Keeper<'w> {
    watch: &'w Watch,
    ping: PingPong,
    is_pinging: bool,
    timer: Timer,
    cancelled: u32,
    /// When a head that has begun is late, and its number.
    head: Option<(u64, Instant)>,
    /// When the client has been idle for long enough; none while it has a request open.
    idle: Option<Instant>,
    /// When to ask whether the client is still there, or to find that it is not.
    silent: Option<Instant>,
    /// When a client that has been told to end is cut off, and whether it may still have requests until then.
    ending: Option<Instant>,
    is_over: bool,
}

impl<'w> Keeper<'w> {
    pub(super) fn new(connection: &mut Connection<Io, Bytes>, watch: &'w Watch) -> Self {
        let ping = connection.ping_pong().expect("it is taken once");
        Self {
            watch,
            ping,
            is_pinging: false,
            timer: Timer::default(),
            cancelled: 0,
            head: None,
            idle: None,
            silent: None,
            ending: None,
            is_over: false,
        }
    }

    /// Notes how a stream ended.
    pub(super) fn note(&mut self, end: &End) {
        match end {
            End::Cancelled => self.cancelled += 1,
            End::Answered => self.cancelled = self.cancelled.saturating_sub(1),
            End::Cut(..) => {}
        }
    }

    /// Waits until something is to be done about the connection, on which so many streams are open, and does it.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        connection: &mut Connection<Io, Bytes>,
        streams: usize,
        drain: &Drain,
        timeouts: &ClientTimeouts,
    ) -> Poll<Then> {
        if self.is_pinging && self.ping.poll_pong(cx).is_ready() {
            self.is_pinging = false;
        }
        if !self.is_over && (self.cancelled > MAX_CANCELLED || self.watch.frames.borrow().is_flood()) {
            return Poll::Ready(self.cut(connection, Reason::ENHANCE_YOUR_CALM));
        }
        if drain.is_draining() && self.ending.is_none() {
            return Poll::Ready(self.tell_to_end(connection));
        }
        if streams > 0 {
            self.idle = None;
        }
        loop {
            let late = self.late_head(timeouts);
            let next = [late, self.ending.filter(|_| streams == 0), Some(self.quiet_until(streams, timeouts))];
            let next = next.into_iter().flatten().min().expect("there is always one");
            std::task::ready!(self.timer.poll(cx, next));
            let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= next);
            if self.is_over {
                return Poll::Ready(Then::End);
            }
            if is_due(late) {
                return Poll::Ready(self.cut(connection, Reason::ENHANCE_YOUR_CALM));
            }
            if streams == 0 {
                return Poll::Ready(match self.ending {
                    Some(_) => self.cut(connection, Reason::NO_ERROR),
                    None => self.tell_to_end(connection),
                });
            }
            // Silence: a client that answers a ping is there.
            self.silent = Some(Instant::now() + timeouts.body_idle);
            if self.watch.take_heard() {
                continue;
            }
            if self.is_pinging || self.ping.send_ping(Ping::opaque()).is_err() {
                return Poll::Ready(Then::End);
            }
            self.is_pinging = true;
            return Poll::Ready(Then::GoOn);
        }
    }

    /// When a head that has begun is late.
    fn late_head(&mut self, timeouts: &ClientTimeouts) -> Option<Instant> {
        let number = self.watch.frames.borrow().late_head();
        if self.head.map(|(known, _)| known) != number {
            self.head = number.map(|number| (number, Instant::now() + timeouts.header));
        }
        self.head.map(|(_, at)| at)
    }

    /// Until when nothing need come: of a client with requests open, or without.
    fn quiet_until(&mut self, streams: usize, timeouts: &ClientTimeouts) -> Instant {
        let (at, timeout) =
            if streams > 0 { (&mut self.silent, timeouts.body_idle) } else { (&mut self.idle, timeouts.idle) };
        *at.get_or_insert_with(|| Instant::now() + timeout)
    }

    /// GOAWAY, first for no stream, then, once the client has seen that, for those that it has not begun: none is lost.
    fn tell_to_end(&mut self, connection: &mut Connection<Io, Bytes>) -> Then {
        connection.graceful_shutdown();
        self.ending = Some(Instant::now() + GRACE);
        Then::GoOn
    }

    /// GOAWAY, for good.
    fn cut(&mut self, connection: &mut Connection<Io, Bytes>, reason: Reason) -> Then {
        connection.abrupt_shutdown(reason);
        (self.ending, self.is_over) = (Some(Instant::now() + GRACE), true);
        Then::GoOn
    }
}
