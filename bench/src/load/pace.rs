//! An open loop: requests are due at even distances, whether the answers keep up or not.
//!
//! A latency counts from the moment at which its request was due, so that a proxy that stops for a while pays for all
//! that would have come meanwhile. The load sleeps in steps of a millisecond: what is due within one is sent at once,
//! to all proxies alike.

use std::time::{Duration, Instant};

use mio::Token;

/// When the next request is due, and who may send it.
pub(super) struct Pace {
    distance: Duration,
    next: Instant,
    /// Clients that wait for something to do. The one that came first goes first, so that all are used.
    pub(super) idle: std::collections::VecDeque<Token>,
}

impl Pace {
    /// So many requests a second, from now on.
    pub(super) fn new(rate: f64) -> Self {
        let distance = Duration::from_secs_f64(1.0 / rate);
        Self { distance, next: Instant::now(), idle: std::collections::VecDeque::new() }
    }

    /// Forgets what was due before this moment.
    pub(super) fn start(&mut self, now: Instant) {
        self.next = now;
    }

    /// When the next request is, or was, due.
    pub(super) fn next(&self) -> Instant {
        self.next
    }

    /// The moment at which a request was due that nobody has sent yet.
    pub(super) fn due(&mut self, now: Instant) -> Option<Instant> {
        (self.next <= now).then(|| {
            let due = self.next;
            self.next += self.distance;
            due
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_late_is_due_at_its_own_moment() {
        let mut pace = Pace::new(100.0);
        let begin = Instant::now();
        pace.start(begin);
        let due: Vec<_> = std::iter::from_fn(|| pace.due(begin + Duration::from_millis(25))).collect();
        assert_eq!(due, [0, 10, 20].map(|at| begin + Duration::from_millis(at)));
        assert_eq!(pace.next(), begin + Duration::from_millis(30));
    }
}
