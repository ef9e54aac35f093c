//! How many retries, and how many hedges, a service's requests may cause together, over all workers: so that an upstream
//! in trouble is not asked twice as much as a well one.
use std::time::{Duration, Instant};

/// Retries, and hedges, that are always allowed in a second: with few requests, a part of them is nothing.
const FLOOR: f64 = 3.0;
const SECOND: Duration = Duration::from_secs(1);

/// Requests, retries and hedges of this second, and requests of the one before.
#[derive(Debug)]
pub(crate) struct Budget {
    began: Instant,
    requests: u32,
    before: u32,
    retries: u32,
    hedges: u32,
}

impl Budget {
    pub(super) fn new(now: Instant) -> Self {
        Self { began: now, requests: 0, before: 0, retries: 0, hedges: 0 }
    }

    /// Counts these requests.
    pub(super) fn note(&mut self, requests: u32, now: Instant) {
        self.roll(now);
        self.requests = self.requests.saturating_add(requests);
    }

    /// Takes one retry, if there is one left: a second has as many as `part` of its requests, or of those of the second
    /// before, and never fewer than the floor.
    pub(super) fn take(&mut self, part: f64, now: Instant) -> bool {
        self.roll(now);
        let is_left = self.is_left(part, self.retries);
        self.retries += u32::from(is_left);
        is_left
    }

    /// The same of hedges, which are counted by themselves.
    pub(super) fn take_hedge(&mut self, part: f64, now: Instant) -> bool {
        self.roll(now);
        let is_left = self.is_left(part, self.hedges);
        self.hedges += u32::from(is_left);
        is_left
    }

    fn is_left(&self, part: f64, taken: u32) -> bool {
        let most = (part * f64::from(self.requests.max(self.before))).max(FLOOR);
        f64::from(taken) + 1.0 <= most
    }

    fn roll(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.began);
        if elapsed < SECOND {
            return;
        }
        let is_next = elapsed < 2 * SECOND;
        let began = if is_next { self.began + SECOND } else { now };
        *self = Self { began, before: if is_next { self.requests } else { 0 }, requests: 0, retries: 0, hedges: 0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_has_a_part_of_its_requests_and_three_at_least() {
        let check = |requests: u32, part: f64, expected: usize| {
            let now = Instant::now();
            let mut budget = Budget::new(now);
            budget.note(requests, now);
            let taken = |budget: &mut Budget, at| (0..1000).filter(|_| budget.take(part, at)).count();
            assert_eq!(taken(&mut budget, now), expected, "{part} of {requests}");
            assert_eq!(taken(&mut budget, now + SECOND), expected, "those of the second before count");
            assert_eq!(taken(&mut budget, now + 3 * SECOND), 3, "older ones do not");
        };
        check(0, 0.2, 3);
        check(14, 0.2, 3);
        check(100, 0.2, 20);
        check(100, 0.0, 3);
        check(50, 1.0, 50);
        let (now, mut budget) = (Instant::now(), Budget::new(Instant::now()));
        assert_eq!((0..9).filter(|_| budget.take(0.0, now)).count(), 3);
        assert_eq!((0..9).filter(|_| budget.take_hedge(0.0, now)).count(), 3, "hedges take no retries");
    }
}
