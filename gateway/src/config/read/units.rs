//! The file's notation of durations and sizes, both ways.
use std::time::Duration;

const TIME: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
const BINARY: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];
const DECIMAL: [(&str, u64); 3] = [("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1_000)];

/// `250ms`, `5s`, `1m`, `1h`: a whole number and one unit.
pub(super) fn parse_duration(text: &str) -> Option<Duration> {
    parse(text, &TIME).map(Duration::from_millis)
}

/// `512B`, `16KiB`, `10MiB`, `1GiB`, and the decimal `32KB`, `1MB`, `1GB`; in bytes.
pub(super) fn parse_size(text: &str) -> Option<u64> {
    parse(text, &BINARY).or_else(|| parse(text, &DECIMAL))
}

/// In the largest unit that shows it exactly: 90 s are `90s`, two minutes `2m`. Less than a millisecond is lost, which
/// the file cannot say anyway.
pub(crate) fn show_duration(duration: Duration) -> String {
    let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if milliseconds == 0 { String::from("0s") } else { show(milliseconds, &TIME) }
}

/// In the largest binary unit that shows it exactly: 32,768 is `32KiB`, 1,000 is `1000B`.
pub(crate) fn show_size(bytes: u64) -> String {
    if bytes == 0 { String::from("0B") } else { show(bytes, &BINARY) }
}

fn parse(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(split);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

fn show(amount: u64, units: &[(&str, u64)]) -> String {
    let exact = units.iter().find(|(_, factor)| amount.is_multiple_of(*factor));
    exact.map_or_else(|| amount.to_string(), |(unit, factor)| format!("{}{unit}", amount / factor))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{parse_duration, parse_size, show_duration, show_size};

    #[test]
    fn durations_read_and_show_alike() {
        for (text, milliseconds) in
            [("0s", 0), ("250ms", 250), ("5s", 5_000), ("90s", 90_000), ("2m", 120_000), ("1h", 3_600_000)]
        {
            let duration = Duration::from_millis(milliseconds);
            assert_eq!(parse_duration(text), Some(duration));
            assert_eq!(show_duration(duration), text);
        }
        for text in ["", "5", "s", "1.5s", "5 s", "-5s", "5S", "1m30s", "99999999999999999h", "５s"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    #[test]
    fn sizes_read_and_show_alike() {
        for (text, bytes) in [("0B", 0), ("1000B", 1_000), ("16KiB", 16_384), ("10MiB", 10 << 20), ("3GiB", 3 << 30)] {
            assert_eq!(parse_size(text), Some(bytes));
            assert_eq!(show_size(bytes), text);
        }
        assert_eq!(parse_size("32KB"), Some(32_000));
        for text in ["", "5", "16kib", "16K", "KiB", "1.5MiB", "18446744073709551615GiB"] {
            assert_eq!(parse_size(text), None, "{text}");
        }
    }
}
