//! `rate_limit`.
use std::time::Duration;

use http::HeaderName;

use super::{Checks, limit_store};
use crate::config::{
    LimitKey, LimitScope, LimitStore, RateLimit,
    diagnose::{Code, Finding},
    raw::{RawConfig, RawFileLimit, RawRateLimit},
    read::{At, Count, Length, OrOff, Text, units},
};

/// What counts as a number of requests that somebody means.
const MOST: u64 = 1_000_000;
/// No burst takes longer to come back: nobody waits for it.
const LONGEST_REFILL: Duration = Duration::from_hours(720);
/// Any client can write these; whom to believe is `trusted_proxies`' to say.
const ADDRESS_FIELDS: [&str; 3] = ["forwarded", "x-forwarded-for", "x-real-ip"];

/// What one layer says of limits. It is a single setting: a layer that has it, replaces the outer one's whole.
#[derive(Debug, Clone, Default)]
pub(super) enum Limit {
    /// Nothing.
    #[default]
    Silent,
    /// There is none here.
    Off,
    On(RateLimit),
}

impl Limit {
    pub(super) fn of(raw: Option<&At<OrOff<RawRateLimit>>>, scope: LimitScope, checks: &mut Checks) -> Self {
        match raw.map(|raw| &raw.value) {
            None => Self::Silent,
            Some(OrOff::Off) => Self::Off,
            Some(OrOff::On(raw)) => check(&Written::from(raw), scope, checks),
        }
    }

    pub(super) fn over(self, outer: &Self) -> Self {
        if matches!(self, Self::Silent) { outer.clone() } else { self }
    }

    pub(super) fn on(self) -> Option<RateLimit> {
        match self {
            Self::On(limit) => Some(limit),
            Self::Silent | Self::Off => None,
        }
    }
}

/// `[rate_limit]`. Where it only says where limits are counted, it is none.
pub(super) fn of_file(raw: &At<RawFileLimit>, checks: &mut Checks) -> Limit {
    let RawFileLimit { requests, per, burst, key, store, unread } = &raw.value;
    let is_written = |key: &str| unread.contains(&key);
    let is_limit = requests.is_some() || per.is_some() || burst.is_some() || key.is_some();
    let is_store = store.is_some() || is_written("store");
    if is_store && !is_limit && !unread.iter().any(|key| *key != "store") {
        return Limit::Silent;
    }
    for (key, is_missing, example) in
        [("requests", requests.is_none(), "`requests = 100`"), ("per", per.is_none(), "`per = \"1m\"`")]
    {
        if is_missing && !is_written(key) {
            let finding = Finding::new(Code::MissingKey, &raw.span, format!("`rate_limit` has no `{key}`"));
            checks.report(finding.label(format!("`{key}` is missing")).help(format!("add {example}")));
        }
    }
    let written = Written { requests: requests.as_ref(), per: per.as_ref(), burst: burst.as_ref(), key: key.as_ref() };
    check(&written, LimitScope::Global, checks)
}

/// Where all limits are counted, if not in this process.
pub(super) fn store(raw: &RawConfig, checks: &mut Checks) -> Option<LimitStore> {
    let written = raw.rate_limit.as_ref()?.value.store.as_ref()?;
    limit_store::check(&written.value.0, checks)
}

/// A limit's keys, wherever they are written.
struct Written<'r> {
    requests: Option<&'r At<Count>>,
    per: Option<&'r At<Length>>,
    burst: Option<&'r At<Count>>,
    key: Option<&'r At<Text>>,
}

impl<'r> From<&'r RawRateLimit> for Written<'r> {
    fn from(raw: &'r RawRateLimit) -> Self {
        let RawRateLimit { requests, per, burst, key, unread: _ } = raw;
        Self { requests: requests.as_ref(), per: per.as_ref(), burst: burst.as_ref(), key: key.as_ref() }
    }
}

fn check(raw: &Written<'_>, scope: LimitScope, checks: &mut Checks) -> Limit {
    let mut number = |key, at: Option<&At<_>>| {
        let count = at.and_then(|at| checks.count(key, at, 1..=MOST));
        count.and_then(|count| u32::try_from(count).ok())
    };
    let requests = number("requests", raw.requests);
    let burst = number("burst", raw.burst);
    let per = raw.per.and_then(|at| checks.time("per", at));
    let key = raw.key.map_or(Some(LimitKey::Address), |text| key(text, checks));
    let (Some(requests), Some(per), Some(key)) = (requests, per, key) else {
        return Limit::Silent;
    };
    let burst = burst.unwrap_or(requests);
    if let Some(written) = raw.burst {
        check_refill(requests, per, burst, written, checks);
    }
    Limit::On(RateLimit { scope, requests, per, burst, key })
}

fn check_refill<T>(requests: u32, per: Duration, burst: u32, written: &At<T>, checks: &mut Checks) {
    let most = LONGEST_REFILL.as_nanos() * u128::from(requests) / per.as_nanos();
    if u128::from(burst) > most {
        let (per, longest) = (units::show_duration(per), units::show_duration(LONGEST_REFILL));
        let message = format!("at {requests} in {per}, a burst of {burst} takes more than {longest} to come back");
        let finding = Finding::new(Code::OutOfRange, &written.span, message);
        checks.report(finding.label("out of range").help(format!("expected a value from 1 to {most}")));
    }
}

/// The value stays out of the messages: who takes this for the key of an API may have written one.
fn key(text: &At<Text>, checks: &mut Checks) -> Option<LimitKey> {
    let written = text.value.as_str();
    if written == "ip" {
        return Some(LimitKey::Address);
    }
    if let Some(name) = written.strip_prefix("claim:")
        && !name.is_empty()
        && name.chars().all(|c| matches!(c, '!'..='~'))
    {
        if !checks.has_credentials {
            let message = "callers are counted by a claim, and the file has nothing that one could come from";
            let finding = Finding::new(Code::NoCredentials, &text.span, message).label("nobody has a claim");
            checks.report(finding.help("add a `[[jwt]]` or an `[[api_key]]` block, or write \"ip\""));
        }
        return Some(LimitKey::Claim(name.into()));
    }
    let Some(name) = written.strip_prefix("header:") else {
        let finding = Finding::new(Code::BadLimitKey, &text.span, "this is nothing that a limit could count by");
        let help = "expected \"ip\", \"header:NAME\" with a header field, or \"claim:NAME\" with a claim of the token";
        checks.report(finding.label("not a key").help(help));
        return None;
    };
    let Ok(name) = HeaderName::try_from(name) else {
        let finding = Finding::new(Code::BadHeaderName, &text.span, "after `header:` stands no name of a header field");
        let help = "a name has letters, digits and `-`: \"header:X-Api-Key\"";
        checks.report(finding.label("not a name").help(help));
        return None;
    };
    if ADDRESS_FIELDS.contains(&name.as_str()) {
        let message = format!("any client can write `{name}` as it likes, and so be another caller each time");
        let finding = Finding::new(Code::BadLimitKey, &text.span, message);
        let help = "write \"ip\": it is the client's address, behind `server.trusted_proxies` the one that they tell";
        checks.report(finding.label("not a key").help(help));
        return None;
    }
    checks.report_deleted(&name, &text.span);
    Some(LimitKey::Header(name))
}
