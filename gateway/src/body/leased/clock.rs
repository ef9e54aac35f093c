//! How long an answer's body may take: `timeouts.body_idle`, `timeouts.total`, and what a call of gRPC says.
use std::{
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use crate::h1::wire::Timer;

/// The times of one answer.
#[derive(Debug)]
pub(super) struct Clock {
    /// When all of it must have been taken.
    deadline: Option<Instant>,
    idle: Option<Duration>,
    /// Since when nothing comes, though it is asked for.
    silent_since: Option<Instant>,
    timer: Timer,
}

/// What is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    /// The upstream was silent for too long.
    Silence,
    Total,
}

impl Clock {
    /// One for an answer that must be whole at `deadline` and may be silent for `idle`, if anything limits it.
    pub(super) fn of(deadline: Option<Instant>, idle: Option<Duration>) -> Option<Box<Self>> {
        if deadline.is_none() && idle.is_none() {
            return None;
        }
        Some(Box::new(Self { deadline, idle, silent_since: None, timer: Timer::default() }))
    }

    /// Ready when it has taken too long; `is_pending` is whether nothing has come. While the client does not read, nobody
    /// asks, and no silence is the upstream's.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, is_pending: bool) -> Poll<Over> {
        let now = Instant::now();
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            return Poll::Ready(Over::Total);
        }
        if !is_pending {
            self.silent_since = None;
            return Poll::Pending;
        }
        let since = *self.silent_since.get_or_insert(now);
        let silence = self.idle.map(|idle| since + idle);
        let first = silence.into_iter().chain(self.deadline).min();
        let Some(first) = first else { return Poll::Pending };
        ready!(self.timer.poll(cx, first.into()));
        Poll::Ready(if silence == Some(first) { Over::Silence } else { Over::Total })
    }
}
