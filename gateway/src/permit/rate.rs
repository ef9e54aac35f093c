//! The rate limit: how often one caller may ask. Counted by the generic cell rate algorithm, so that there is no window
//! at whose edge a caller could have two bursts: a request is let through as long as its caller has not used up its
//! burst, of which one comes back every `per / requests`.
//!
//! What was found goes into the answer as draft-ietf-httpapi-ratelimit-headers has it (§4 and §5): the policy as
//! `RateLimit-Policy`, and in `RateLimit` how many requests could be made now (`r`) and in how many seconds there will
//! be one more (`t`).
mod caller;
mod counters;
mod limiter;
mod limits;
mod moment;
mod redis;
mod shared;
#[cfg(test)]
mod tests;

use std::{
    rc::Rc,
    time::{Duration, Instant},
};

use http::{HeaderMap, HeaderName, HeaderValue, Request};

pub use caller::Caller;
pub use counters::Counters;
pub use limiter::{Limiter, Outcome, Quota};
pub(crate) use limits::Limits;
pub(crate) use redis::{Link, Store};
use shared::Shared;

use crate::{
    body::Body,
    config::LimitKey,
    exchange::{Exchange, Identity, Standing},
    rejection::Rejection,
};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STANDING: HeaderName = HeaderName::from_static("ratelimit");

/// A route's limit.
#[derive(Debug)]
pub(crate) struct Rate {
    by: By,
    limiter: Limiter,
    /// `ratelimit-policy: "default";q=100;w=60`, and how the other field begins.
    lines: Box<[u8]>,
    /// The policy by itself.
    policy: HeaderValue,
}

/// How its callers are counted. One word, so that a limit in memory is asked nothing else.
#[derive(Debug)]
enum By {
    Address,
    Header(HeaderName),
    Claim(Box<str>),
    /// In a store that other gateways share, by this key.
    Elsewhere(Box<(LimitKey, Shared)>),
}

/// Why a request does not go on yet.
#[derive(Debug)]
pub(crate) enum Halt {
    /// It is over the limit.
    Refused(Rejection),
    /// [`Rate::ask`] knows.
    Elsewhere,
}

impl Rate {
    fn new(key: LimitKey, limiter: Limiter, shared: Option<Shared>) -> Self {
        let by = match (shared, key) {
            (Some(shared), key) => By::Elsewhere(Box::new((key, shared))),
            (None, LimitKey::Address) => By::Address,
            (None, LimitKey::Header(name)) => By::Header(name),
            (None, LimitKey::Claim(name)) => By::Claim(name),
        };
        let policy = policy(limiter.quota());
        let lines = format!("{POLICY}: {policy}\r\n{STANDING}: \"default\";r=");
        let policy = HeaderValue::try_from(policy).expect("digits and a quoted word");
        Self { by, limiter, lines: lines.into_bytes().into(), policy }
    }

    /// Counts a request, unless the limit is by a claim: that is not known before the token is verified.
    pub(crate) fn count(&self, request: &Request<Body>, exchange: &mut Exchange) -> Result<(), Halt> {
        let caller = match &self.by {
            By::Address => None,
            By::Header(name) => only_value(request.headers(), name),
            By::Claim(_) => return Ok(()),
            By::Elsewhere(_) => return Err(Halt::Elsewhere),
        };
        self.count_here(of(caller, exchange), exchange.started, exchange).map_err(Halt::Refused)
    }

    /// Counts a request whose caller is known by now, if the limit is by a claim.
    pub(crate) fn count_by_claim(&self, exchange: &mut Exchange) -> Result<(), Halt> {
        let wanted = match &self.by {
            By::Address | By::Header(_) => return Ok(()),
            By::Claim(wanted) => wanted,
            By::Elsewhere(_) => return Err(Halt::Elsewhere),
        };
        let identity = exchange.identity.clone();
        let value = claim(identity.as_deref(), wanted);
        self.count_here(of(value, exchange), exchange.started, exchange).map_err(Halt::Refused)
    }

    /// The same as [`Rate::count`], with the request in hand, or [`Rate::count_by_claim`] without, where the store that is
    /// shared has to be asked. While that is away, the counts of this process hold.
    pub(crate) async fn ask(&self, request: Option<&Request<Body>>, exchange: &mut Exchange) -> Result<(), Rejection> {
        let By::Elsewhere(elsewhere) = &self.by else { return Ok(()) };
        let (key, shared) = &**elsewhere;
        let identity = exchange.identity.clone();
        let value = match (key, request) {
            (LimitKey::Address, Some(_)) => None,
            (LimitKey::Header(name), Some(request)) => only_value(request.headers(), name),
            (LimitKey::Claim(name), None) => claim(identity.as_deref(), name),
            _ => return Ok(()),
        };
        let (caller, worker) = (of(value, exchange), Rc::clone(&exchange.worker));
        let outcome = match &worker.limits {
            Some(link) => shared.count(caller, link).await,
            None => None,
        };
        match outcome {
            Some(outcome) => found(outcome, exchange),
            None => self.count_here(caller, Instant::now(), exchange),
        }
    }

    /// Writes where the caller stands, straight into an answer's head: in its map the two fields cost 1,200
    /// instructions more.
    pub(crate) fn write(&self, standing: Standing, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.lines);
        out.extend_from_slice(itoa::Buffer::new().format(standing.remaining).as_bytes());
        out.extend_from_slice(b";t=");
        out.extend_from_slice(itoa::Buffer::new().format(standing.reset).as_bytes());
        out.extend_from_slice(b"\r\n");
    }

    /// Puts the same into a map of fields.
    pub(crate) fn put(&self, standing: Standing, fields: &mut HeaderMap) {
        let standing = format!("\"default\";r={};t={}", standing.remaining, standing.reset);
        let mut standing = HeaderValue::try_from(standing).expect("digits and a quoted word");
        standing.set_sensitive(true);
        fields.insert(STANDING, standing);
        fields.insert(POLICY, self.policy.clone());
    }

    /// Whether a field is one that [`Rate::write`] writes: an upstream's own speaks of another limit.
    pub(crate) fn writes(name: &HeaderName) -> bool {
        *name == STANDING || *name == POLICY
    }

    /// In this process. `now` may be the moment that the request came, for which the clock need not be read again.
    fn count_here(&self, caller: Caller<'_>, now: Instant, exchange: &mut Exchange) -> Result<(), Rejection> {
        found(self.limiter.count(caller, now), exchange)
    }
}

/// `value` is what the limit counts by; a caller without it is its address.
fn of<'v>(value: Option<&'v [u8]>, exchange: &Exchange) -> Caller<'v> {
    value.map_or(Caller::Address(exchange.client), Caller::Value)
}

fn claim<'i>(identity: Option<&'i Identity>, wanted: &str) -> Option<&'i [u8]> {
    let mut claims = identity.into_iter().flat_map(|identity| &identity.claims);
    claims.find(|(name, _)| **name == *wanted).map(|(_, value)| value.as_bytes())
}

fn found(outcome: Outcome, exchange: &mut Exchange) -> Result<(), Rejection> {
    let reset = whole_seconds(outcome.until_next);
    exchange.standing = Some(Standing { remaining: outcome.remaining, reset });
    if outcome.is_allowed { Ok(()) } else { Err(Rejection::RateLimited { retry_after: reset.max(1) }) }
}

/// The value of a field that is there once and not empty. Of two values each would do for a caller, so a client could
/// choose which of them is counted; it is counted by its address instead.
fn only_value<'f>(fields: &'f HeaderMap, name: &HeaderName) -> Option<&'f [u8]> {
    let mut values = fields.get_all(name).iter();
    let value = values.next()?.as_bytes();
    (values.next().is_none() && !value.is_empty()).then_some(value)
}

/// `"default";q=100;w=60`. The field has whole seconds alone: a period such as `1500ms` is told as the next whole
/// second, with as many requests as that has.
fn policy(quota: Quota) -> String {
    let seconds = whole_seconds(quota.per);
    let requests =
        Duration::from_secs(seconds.into()).as_nanos() * u128::from(quota.requests) / quota.per.as_nanos().max(1);
    format!("\"default\";q={requests};w={seconds}")
}

/// Rounded up: who waits so long never comes too early.
fn whole_seconds(time: Duration) -> u32 {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    u32::try_from(seconds).unwrap_or(u32::MAX)
}
