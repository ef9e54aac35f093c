//! When a delivery that failed is tried again.

use std::time::Duration;

/// No pause is longer.
const LONGEST: Duration = Duration::from_hours(1);

/// How often a notification is tried, and with what pauses in between.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// Attempts in all: 1 and up.
    pub attempts: u32,
    /// The pause after the first one. Each later one is twice as long, up to an hour.
    pub first: Duration,
}

impl Backoff {
    /// The pause after the `attempt`th attempt (1 and up); `None` when that was the last. `jitter`, from 0
    /// to 1, makes it between half and all of its length, so that what failed together does not come back
    /// together.
    pub fn pause(&self, attempt: u32, jitter: f64) -> Option<Duration> {
        if attempt >= self.attempts {
            return None;
        }
        let factor = 1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
        let whole = self.first.checked_mul(factor).unwrap_or(LONGEST).min(LONGEST);
        Some(whole.mul_f64(0.5 + 0.5 * jitter.clamp(0.0, 1.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_within_their_jitter_until_the_last_attempt() {
        fn check(attempt: u32, jitter: f64, expected: Option<u64>) {
            let backoff = Backoff { attempts: 5, first: Duration::from_secs(1) };
            assert_eq!(backoff.pause(attempt, jitter), expected.map(Duration::from_millis), "{attempt} {jitter}");
        }
        check(1, 1.0, Some(1_000));
        check(1, 0.0, Some(500));
        check(2, 1.0, Some(2_000));
        check(3, 0.5, Some(3_000));
        check(4, 1.0, Some(8_000));
        check(5, 1.0, None);
        check(6, 1.0, None);
    }

    #[test]
    fn no_pause_is_longer_than_an_hour() {
        let backoff = Backoff { attempts: u32::MAX, first: Duration::from_mins(10) };
        for attempt in [4, 32, 33, 34, 1_000] {
            assert_eq!(backoff.pause(attempt, 1.0), Some(LONGEST), "{attempt}");
        }
    }
}
