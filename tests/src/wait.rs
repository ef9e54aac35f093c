//! Waiting for a condition, with a deadline.
use std::{
    thread,
    time::{Duration, Instant},
};

/// How long anything may take before a test fails: long, because a loaded machine is slow and not wrong.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Asks again until there is a value; panics with `what` when there is none within [`DEADLINE`].
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = ask() {
            return value;
        }
        assert!(start.elapsed() < DEADLINE, "never happened: {what}");
        thread::park_timeout(Duration::from_millis(2));
    }
}
