//! The time, injected: a test moves it, a process reads the system's.

use jiff::{Timestamp, Unit};

/// Tells the time. Every rule that depends on it takes one of these, so that no test sleeps.
pub trait Clock: Send + Sync + 'static {
    /// The present instant, whole in milliseconds: what every database column keeps exactly.
    fn now(&self) -> Timestamp;
}

/// The system's wall clock, UTC.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        now.round(Unit::Millisecond).unwrap_or(now)
    }
}
