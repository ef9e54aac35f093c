//! Whether an upstream that is silent is still there: it is asked by a PING (RFC 9113 §6.7).
use std::{
    task::{Context, Poll, ready},
    time::Duration,
};

use ::h2::{Ping, PingPong};
use tokio::time::Instant;

use super::watch::Watch;
use crate::h1::wire::Timer;

/// After how long of silence it is asked, while a request is open.
const SILENCE: Duration = Duration::from_secs(10);
/// How long it may take to answer: then the connection is dead.
const ANSWER: Duration = Duration::from_secs(10);
/// After how long it is asked again, while it says nothing else: servers of gRPC take a client for abusive that asks
/// more often than each five minutes.
const STILL_SILENT: Duration = Duration::from_secs(330);

/// What is known of an upstream's silence.
pub(super) struct Keeper {
    ping: PingPong,
    /// Since when it is silent, and how long it may be.
    silent: Option<(Instant, Duration)>,
    is_pinging: bool,
    timer: Timer,
}

/// What becomes of a connection.
pub(super) enum Then {
    /// It has something to send.
    GoOn,
    /// Nobody is there.
    End,
}

impl Keeper {
    pub(super) fn new(ping: PingPong) -> Self {
        Self { ping, silent: None, is_pinging: false, timer: Timer::default() }
    }

    /// Waits until something is to be done about a connection, on which requests are open or not.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, watch: &Watch, is_in_use: bool) -> Poll<Then> {
        let is_answered = self.is_pinging && self.ping.poll_pong(cx).is_ready();
        let is_heard = watch.take_heard();
        if is_answered {
            self.is_pinging = false;
            self.silent = Some((Instant::now(), STILL_SILENT));
        } else if is_heard {
            // Whoever sends is there, whatever comes before its answer.
            self.silent = None;
        }
        if !is_in_use && !self.is_pinging {
            self.silent = None;
            return Poll::Pending;
        }
        let allowed = if self.is_pinging { ANSWER } else { SILENCE };
        let (since, allowed) = *self.silent.get_or_insert_with(|| (Instant::now(), allowed));
        ready!(self.timer.poll(cx, since + allowed));
        if self.is_pinging || self.ping.send_ping(Ping::opaque()).is_err() {
            return Poll::Ready(Then::End);
        }
        (self.is_pinging, self.silent) = (true, Some((Instant::now(), ANSWER)));
        Poll::Ready(Then::GoOn)
    }
}
