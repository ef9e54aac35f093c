//! The time of day from the monotonic clock: one reading serves a request's durations, its log line and its id.
use std::{
    cell::{Cell, RefCell},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use http::HeaderValue;
use jiff::Timestamp;

/// How long the wall clock's last reading is extrapolated.
const RESYNC: Duration = Duration::from_secs(1);

/// A worker's clock; not shared between threads.
#[derive(Debug)]
pub struct Clock {
    base: Cell<(Instant, u64)>,
    /// The second that was written last, and its text: `2026-01-15T10:30:00`.
    second: RefCell<(u64, String)>,
    /// The second of the last date, and that.
    date: RefCell<(u64, HeaderValue)>,
}

impl Clock {
    /// One that has read the wall clock.
    #[allow(clippy::new_without_default, reason = "it reads the clock: not a value that is always the same")]
    pub fn new() -> Self {
        Self {
            base: Cell::new((Instant::now(), unix_micros())),
            second: RefCell::new((u64::MAX, String::new())),
            date: RefCell::new((u64::MAX, HeaderValue::from_static(""))),
        }
    }

    /// Microseconds since 1970 at `now`.
    pub fn unix_micros(&self, now: Instant) -> u64 {
        let (base, micros) = self.base.get();
        let passed = now.saturating_duration_since(base);
        if passed < RESYNC {
            return micros + u64::try_from(passed.as_micros()).unwrap_or(u64::MAX);
        }
        let micros = unix_micros();
        self.base.set((now, micros));
        micros
    }

    /// The `Date` of `now` (RFC 9110 §5.6.7), as it is in all answers of that second.
    pub(crate) fn date(&self, now: Instant) -> HeaderValue {
        let seconds = self.unix_micros(now) / 1_000_000;
        let mut cached = self.date.borrow_mut();
        if cached.0 != seconds {
            *cached = (seconds, http_date(seconds));
        }
        cached.1.clone()
    }

    /// Appends `2026-01-15T10:30:00.123Z` (RFC 3339).
    pub fn write_rfc3339(&self, out: &mut Vec<u8>, unix_micros: u64) {
        let (seconds, micros) = (unix_micros / 1_000_000, unix_micros % 1_000_000);
        let mut cached = self.second.borrow_mut();
        if cached.0 != seconds {
            *cached = (seconds, rfc3339_second(seconds));
        }
        out.extend_from_slice(cached.1.as_bytes());
        let millis = micros / 1000;
        let digit = |n: u64| b'0' + u8::try_from(n % 10).expect("a digit is below 10");
        out.extend_from_slice(&[b'.', digit(millis / 100), digit(millis / 10), digit(millis), b'Z']);
    }
}

/// `Thu, 15 Jan 2026 10:30:00 GMT` (RFC 9110 §5.6.7), of seconds since 1970.
pub(crate) fn http_date(unix_seconds: u64) -> HeaderValue {
    let timestamp = i64::try_from(unix_seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    let text = timestamp.unwrap_or(Timestamp::MAX).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    HeaderValue::try_from(text).expect("a date is visible ASCII")
}

fn unix_micros() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

fn rfc3339_second(seconds: u64) -> String {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    let timestamp = Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX);
    let mut text = timestamp.to_string();
    text.truncate("2026-01-15T10:30:00".len());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_with_its_milliseconds() {
        let clock = Clock::new();
        for (micros, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_768_473_000_123_999, "2026-01-15T10:30:00.123Z"),
            (1_768_473_000_999_000, "2026-01-15T10:30:00.999Z"),
            (1_768_473_001_000_000, "2026-01-15T10:30:01.000Z"),
        ] {
            let mut out = Vec::new();
            clock.write_rfc3339(&mut out, micros);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn the_wall_clock_is_read_again_after_a_second() {
        let clock = Clock::new();
        let (base, _) = clock.base.get();
        let drifted = clock.unix_micros(base + Duration::from_hours(1));
        assert!(drifted.abs_diff(unix_micros()) < 60_000_000, "an hour of drift is not believed");
    }
}
