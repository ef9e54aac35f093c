//! Durations and numbers as people read them.

use std::time::Duration;

/// Reads `"250ms"`, `"30s"`, `"5m"` or `"1h"`, as gateway.toml has them.
pub fn parse_duration(text: &str) -> Option<Duration> {
    xtask::options::duration(text).ok()
}

/// A latency, to three digits: `840 µs`, `1.20 ms`, `35.0 ms`, `2.05 s`.
pub fn latency(microseconds: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "what is shown has three digits")]
    let value = microseconds as f64;
    match microseconds {
        0..1000 => format!("{microseconds} µs"),
        1000..999_500 => format!("{} ms", three_digits(value / 1e3)),
        _ => format!("{} s", three_digits(value / 1e6)),
    }
}

/// A number with its thousands apart: `12,345`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A rate a second, to about three digits.
pub fn rate(each_second: f64) -> String {
    three_digits(each_second)
}

/// A whole duration: `250ms`, `1m 30s`, `45s`.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 60, seconds % 60) {
        _ if duration.is_zero() => "0s".to_owned(),
        (0, 0) => format!("{}ms", duration.as_millis()),
        (0, _) if duration.subsec_millis() > 0 => format!("{:.1}s", duration.as_secs_f64()),
        (0, seconds) => format!("{seconds}s"),
        (minutes, 0) => format!("{minutes}m"),
        (minutes, seconds) => format!("{minutes}m {seconds}s"),
    }
}

fn three_digits(value: f64) -> String {
    if value >= 99.95 {
        format!("{value:.0}")
    } else if value >= 9.995 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies() {
        let check = |microseconds, expected| assert_eq!(latency(microseconds), expected);
        check(0, "0 µs");
        check(999, "999 µs");
        check(1200, "1.20 ms");
        check(35_000, "35.0 ms");
        check(999_499, "999 ms");
        check(999_500, "1.00 s");
        check(2_050_000, "2.05 s");
        check(120_000_000, "120 s");
    }

    #[test]
    fn counts_and_rates() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0.0, 1.666, 49.96, 1234.5].map(rate), ["0.00", "1.67", "50.0", "1234"]);
    }

    #[test]
    fn durations() {
        let check = |milliseconds, expected| assert_eq!(duration(Duration::from_millis(milliseconds)), expected);
        check(0, "0s");
        check(250, "250ms");
        check(2500, "2.5s");
        check(45_000, "45s");
        check(60_000, "1m");
        check(90_000, "1m 30s");
    }
}
