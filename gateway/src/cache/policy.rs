//! What RFC 9111 says of one answer: whether a shared cache may store it, for how long it is fresh, and what may be
//! done with it then. Pure: the time is given.
use http::{HeaderMap, Method, StatusCode, header};
use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};

use super::control::{Control, seconds};
use crate::config::CacheRules;

/// What was found out about an answer when it was stored; in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Life {
    /// When it came, in seconds since 1970.
    pub(super) at: u64,
    /// How old it was then (§4.2.3).
    pub(super) age: u64,
    /// For how long it is fresh (§4.2.1).
    pub(super) fresh: u64,
    /// For how long after that it may be served while another is fetched.
    pub(super) while_revalidate: u64,
    /// For how long after that it may be served where no other can be fetched.
    pub(super) if_error: u64,
}

impl Life {
    pub(super) fn age(&self, now: u64) -> u64 {
        self.age + now.saturating_sub(self.at)
    }

    /// Seconds that are left of its freshness; none once that is over.
    pub(super) fn left(&self, now: u64) -> Option<u64> {
        self.fresh.checked_sub(self.age(now)).filter(|left| *left > 0)
    }

    /// Seconds since its freshness was over.
    pub(super) fn staleness(&self, now: u64) -> u64 {
        self.age(now).saturating_sub(self.fresh)
    }
}

/// The statuses that are final and understood here (§3), but for those of a part and of a check.
fn is_storable(status: StatusCode) -> bool {
    matches!(status.as_u16(), 200 | 203 | 204 | 300 | 301 | 302 | 303 | 307 | 308 | 404 | 405 | 410 | 414 | 451 | 501)
}

/// The life of the answer to a GET that came at `now`, if a shared cache may store it (§3). `is_known` says whether the
/// request said who calls.
pub(super) fn life(
    status: StatusCode,
    fields: &HeaderMap,
    is_known: bool,
    rules: &CacheRules,
    now: u64,
) -> Option<Life> {
    let control = Control::of(fields);
    let may_store = is_storable(status)
        && !control.no_store
        && !control.private
        && !fields.get_all(header::VARY).iter().any(|value| value.as_bytes().contains(&b'*'))
        && (rules.set_cookie || !fields.contains_key(header::SET_COOKIE))
        // §3.5: what is for one caller is for others only where it says so.
        && (!is_known || control.public || control.s_maxage.is_some() || control.must_revalidate);
    if !may_store {
        return None;
    }
    let date = date(fields, &header::DATE).unwrap_or(now);
    let has_validator = fields.contains_key(header::ETAG) || fields.contains_key(header::LAST_MODIFIED);
    let fresh = freshness(&control, fields, date).or(if control.no_cache {
        Some(0)
    } else {
        rules.ttl.map(|ttl| ttl.as_secs())
    });
    // What is never fresh is kept only where asking again may be answered by a 304.
    let fresh = if control.no_cache { Some(0) } else { fresh };
    let fresh = fresh.or(has_validator.then_some(0))?;
    let age = fields.get(header::AGE).and_then(|age| seconds(age.as_bytes())).unwrap_or(0);
    let is_bound = control.must_revalidate || control.no_cache || control.s_maxage.is_some();
    let grace = |said: Option<u64>, ours: u64| if is_bound { 0 } else { said.unwrap_or(ours) };
    let life = Life {
        at: now,
        age: age.max(now.saturating_sub(date)),
        fresh,
        while_revalidate: grace(control.stale_while_revalidate, rules.stale_while_revalidate.as_secs()),
        if_error: grace(control.stale_if_error, rules.stale_if_error.as_secs()),
    };
    let is_of_use = has_validator || life.age < fresh + life.while_revalidate.max(life.if_error);
    is_of_use.then_some(life)
}

/// §4.2.1: what is for shared caches goes first.
fn freshness(control: &Control, fields: &HeaderMap, date: u64) -> Option<u64> {
    control.s_maxage.or(control.max_age).or_else(|| {
        // One that is no date is over already (§5.3).
        let expires = fields.get(header::EXPIRES)?;
        Some(parse_date(expires.as_bytes()).map_or(0, |at| at.saturating_sub(date)))
    })
}

/// Whether a request of this method may be answered from a cache at all (§4).
pub(super) fn is_readable(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// Whether a request of this method may change what a URI stands for (§4.4).
pub(super) fn is_unsafe(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE)
}

pub(super) fn date(fields: &HeaderMap, name: &http::HeaderName) -> Option<u64> {
    parse_date(fields.get(name)?.as_bytes())
}

/// Seconds since 1970; of the three forms (RFC 9110 §5.6.7) the one that is still sent.
fn parse_date(text: &[u8]) -> Option<u64> {
    static PARSER: DateTimeParser = DateTimeParser::new();
    let text = str::from_utf8(text).ok()?;
    let at: Timestamp = PARSER.parse_timestamp(text).ok()?;
    u64::try_from(at.as_second()).ok()
}

#[cfg(test)]
mod tests;
