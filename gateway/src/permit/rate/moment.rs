//! The time as the rate limit sees it: nanoseconds since its counters were made.
use std::cell::Cell;

use governor::{clock::Clock, nanos::Nanos};

thread_local! {
    static NOW: Cell<u64> = const { Cell::new(0) };
}

/// The moment of the request that this thread is counting. governor asks a clock for the time, and reading the system's
/// costs more than the whole check; the exchange has read it already.
#[derive(Debug)]
pub(super) struct Moment;

impl Clock for Moment {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        NOW.get().into()
    }
}

/// What `ask` finds when it is `now`.
pub(super) fn at<T>(now: u64, ask: impl FnOnce() -> T) -> T {
    NOW.set(now);
    ask()
}
