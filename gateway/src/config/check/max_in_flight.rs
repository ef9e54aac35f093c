//! `max_in_flight`.
use super::Checks;
use crate::config::{
    MaxInFlight,
    diagnose::{Code, Finding},
    raw::{RawBounds, RawMaxInFlight},
    read::{At, Count, Text},
};

/// What counts as a number of requests that somebody means.
const MOST: u64 = 1_000_000;

/// What is written, if it is sound.
pub(super) fn check(written: &At<RawMaxInFlight>, checks: &mut Checks) -> Option<MaxInFlight> {
    match &written.value {
        RawMaxInFlight::Fixed(at) => count("max_in_flight", at, checks).map(MaxInFlight::Fixed),
        RawMaxInFlight::Named(text) => named(text, checks),
        RawMaxInFlight::Adaptive(raw) => bounds(&raw.adaptive.as_ref()?.value, checks),
    }
}

fn named(text: &At<Text>, checks: &mut Checks) -> Option<MaxInFlight> {
    if text.value.as_str() == "adaptive" {
        return Some(MaxInFlight::ADAPTIVE);
    }
    let message = format!("`{}` is no number of requests", text.value.shown());
    let finding = Finding::new(Code::BadMaxInFlight, &text.span, message).label("not a limit");
    checks.report(finding.help("write a number, \"adaptive\" or { adaptive = { min = 5, max = 1000 } }"));
    None
}

fn bounds(raw: &RawBounds, checks: &mut Checks) -> Option<MaxInFlight> {
    let MaxInFlight::Adaptive { min, max } = MaxInFlight::ADAPTIVE else { return None };
    let own_min = raw.min.as_ref().map_or(Some(min), |at| count("min", at, checks))?;
    // Who asks for more than the usual most at least, has said what the most is.
    let own_max = raw.max.as_ref().map_or(Some(max.max(own_min)), |at| count("max", at, checks))?;
    if let Some(at) = raw.max.as_ref().filter(|_| own_max < own_min) {
        let finding = Finding::new(Code::OutOfRange, &at.span, format!("`max` is below `min`, which is {own_min}"));
        checks.report(finding.label("out of range").help(format!("expected a value of {own_min} or more")));
        return None;
    }
    Some(MaxInFlight::Adaptive { min: own_min, max: own_max })
}

fn count(key: &str, at: &At<Count>, checks: &mut Checks) -> Option<u32> {
    checks.count(key, at, 1..=MOST).and_then(|most| u32::try_from(most).ok())
}
