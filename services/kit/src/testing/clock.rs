//! A clock that stands until a test moves it.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::clock::Clock;

/// The clock.
#[derive(Debug)]
pub struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    /// It stands at `now`.
    pub fn at(now: Timestamp) -> Arc<Self> {
        Arc::new(Self(Mutex::new(now)))
    }

    /// It stands on a day in January 2026.
    pub fn start() -> Arc<Self> {
        // A quarter of a second beyond: what cuts instants to seconds shows.
        Self::at(Timestamp::from_millisecond(1_768_473_000_250).expect("an instant of 2026"))
    }

    /// Moves it by so many seconds.
    pub fn advance(&self, seconds: i64) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.checked_add(SignedDuration::from_secs(seconds)).expect("no test leaves the calendar");
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
