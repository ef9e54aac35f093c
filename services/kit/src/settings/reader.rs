//! Reads typed settings and gathers every fault.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use super::{Fault, Source};

/// Reads settings from a [`Source`]. A bad value is remembered as a [`Fault`] and its default is
/// given instead, so that the reading goes on to the next.
pub struct Reader {
    source: Source,
    faults: Vec<Fault>,
    asked: Vec<&'static str>,
}

impl Reader {
    /// Over `source`, whose own faults count.
    pub fn new(source: Source) -> Self {
        Self { faults: source.faults().to_vec(), source, asked: Vec::new() }
    }

    /// What `parse` makes of the value, or `default` when it is not set. `expected` completes the
    /// sentence "expected …" when `parse` gives `None`.
    pub fn parsed<T>(
        &mut self,
        name: &'static str,
        default: T,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> T {
        self.optional(name, expected, parse).unwrap_or(default)
    }

    /// As [`Reader::parsed`], with `None` when it is not set or bad.
    pub fn optional<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        self.asked.push(name);
        let value = self.source.get(name)?;
        let parsed = parse(value);
        if parsed.is_none() {
            let value = Some(without_credentials(value));
            self.push(name, value, expected);
        }
        parsed
    }

    /// A secret: as [`Reader::optional`], and its value is never part of a fault.
    pub fn secret<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        self.asked.push(name);
        let parsed = parse(self.source.get(name)?);
        if parsed.is_none() {
            self.push(name, None, expected);
        }
        parsed
    }

    /// A whole number within `range`.
    pub fn number<T>(&mut self, name: &'static str, default: T, range: RangeInclusive<T>) -> T
    where
        T: FromStr + PartialOrd + Display,
    {
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        self.parsed(name, default, &expected, |value| value.parse().ok().filter(|number| range.contains(number)))
    }

    /// `true` or `false` (also `1` and `0`, `yes` and `no`, `on` and `off`).
    pub fn flag(&mut self, name: &'static str, default: bool) -> bool {
        self.parsed(name, default, "true or false", |value| match value.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Some(true),
            "false" | "0" | "no" | "off" => Some(false),
            _ => None,
        })
    }

    /// A duration with its unit (`250ms`, `30s`, `15m`, `12h`, `30d`) within `range`.
    pub fn duration(&mut self, name: &'static str, default: Duration, range: RangeInclusive<Duration>) -> Duration {
        let (least, most) = (written(*range.start()), written(*range.end()));
        let expected = format!("a duration such as \"15m\", from {least} to {most}");
        self.parsed(name, default, &expected, |value| parse_duration(value).filter(|duration| range.contains(duration)))
    }

    /// Adds a fault that only the settings together show; the value is told as it is written.
    /// Not for a secret that is set.
    pub fn fault(&mut self, name: &'static str, expected: &str) {
        let value = self.source.get(name).map(without_credentials);
        self.push(name, value, expected);
    }

    /// How many faults there are so far.
    pub fn faults(&self) -> usize {
        self.faults.len()
    }

    /// The names read so far: what `--help` has to list.
    pub fn asked(&self) -> &[&'static str] {
        &self.asked
    }

    /// Ends the reading: `Ok` when every setting was usable, else all the faults.
    pub fn finish(self) -> Result<(), Vec<Fault>> {
        if self.faults.is_empty() { Ok(()) } else { Err(self.faults) }
    }

    fn push(&mut self, name: &'static str, value: Option<String>, expected: &str) {
        self.faults.push(Fault { name: name.into(), value, expected: expected.into() });
    }
}

/// `15m` as a duration; `None` without a known unit, with a sign or a fraction, or beyond `u64`.
fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: u64 = text[..digits].parse().ok()?;
    let seconds = match &text[digits..] {
        "ms" => return Some(Duration::from_millis(number)),
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    Some(Duration::from_secs(number.checked_mul(seconds)?))
}

/// The duration as a setting has it: in the largest unit in which it is whole.
fn written(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds == 0 || duration.subsec_nanos() > 0 {
        return format!("{}ms", duration.as_millis());
    }
    let units = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    let whole = units.iter().find(|(length, _)| seconds.is_multiple_of(*length));
    let (length, unit) = whole.unwrap_or(&(1, "s"));
    format!("{}{unit}", seconds / length)
}

/// A URL's user information replaced: the value of a faulty setting is shown, its password never.
pub(crate) fn without_credentials(value: &str) -> String {
    match value.split_once("://").map(|(scheme, rest)| (scheme, rest.rsplit_once('@'))) {
        Some((scheme, Some((_, host)))) => format!("{scheme}://***@{host}"),
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(name: &'static str, value: &'static str) -> Reader {
        Reader::new(Source::from_pairs([(name, value)]))
    }

    #[test]
    fn durations_need_a_unit() {
        fn check(text: &str, expected: Option<u64>) {
            assert_eq!(parse_duration(text), expected.map(Duration::from_millis), "{text:?}");
        }
        check("250ms", Some(250));
        check("15m", Some(900_000));
        check("2h", Some(7_200_000));
        check("30d", Some(2_592_000_000));
        check("15", None);
        check("", None);
        check("m", None);
        check("-1s", None);
        check("1.5s", None);
        check("18446744073709551615d", None);
        for text in ["250ms", "0ms", "30s", "15m", "2h", "30d", "1500ms"] {
            assert_eq!(written(parse_duration(text).unwrap()), text);
        }
    }

    #[test]
    fn every_fault_is_told_at_once_and_no_secret() {
        let source = Source::from_pairs([
            ("PORT", "eight"),
            ("FLAG", "perhaps"),
            ("WORD", "hunter2"),
            ("URL", "postgres://user:hunter2@db/x"),
        ]);
        let mut reader = Reader::new(source);
        assert_eq!(reader.number("PORT", 8001_u16, 0..=u16::MAX), 8001);
        assert!(!reader.flag("FLAG", false));
        assert_eq!(reader.secret("WORD", "a longer one", |_| None::<String>), None);
        assert_eq!(reader.optional("URL", "sqlite", |_| None::<String>), None);
        let faults = reader.finish().unwrap_err();
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(told[0], "PORT = \"eight\": expected a whole number from 0 to 65535");
        assert_eq!(told[1], "FLAG = \"perhaps\": expected true or false");
        assert_eq!(told[2], "WORD: expected a longer one");
        assert_eq!(told[3], "URL = \"postgres://***@db/x\": expected sqlite");
    }

    #[test]
    fn an_empty_value_is_the_default() {
        assert_eq!(reader("PORT", "").number("PORT", 8001_u16, 0..=u16::MAX), 8001);
    }
}
