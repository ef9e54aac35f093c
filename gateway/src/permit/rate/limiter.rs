//! One limit: its quota, and the algorithm over the counters that all limits share.
use std::{
    num::NonZeroU32,
    sync::Arc,
    time::{Duration, Instant},
};

use governor::{RateLimiter, middleware::NoOpMiddleware, nanos::Nanos};

use super::{
    caller::{Caller, Place},
    counters::{Counters, Shared, tag},
    moment::{self, Moment},
};

/// How many requests, in which time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Requests in each `per`; at least 1.
    pub requests: u32,
    /// The period; more than zero.
    pub per: Duration,
    /// Requests that may come at once, after a pause; at least 1.
    pub burst: u32,
}

/// What came out of counting a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Whether it is let through. One that is not costs its caller nothing.
    pub is_allowed: bool,
    /// Requests that would be let through now.
    pub remaining: u32,
    /// Until there is one more.
    pub until_next: Duration,
}

/// A limit. Two of the same identity, quota and counters count together.
#[derive(Debug)]
pub struct Limiter {
    quota: Quota,
    /// Between two requests that come back, in nanoseconds; rounded up, so that a limit never lets through more.
    interval: u64,
    counters: Arc<Counters>,
    /// Stands for the limit in its callers' hashes.
    id: u64,
    algorithm: RateLimiter<Place, Shared, Moment, NoOpMiddleware<Nanos>>,
}

impl Limiter {
    /// A limit that is known as `identity`: what the file says of it, so that it is found again when another part of the
    /// file has changed.
    pub fn new(identity: &str, quota: Quota, counters: &Arc<Counters>) -> Self {
        let requests = u128::from(quota.requests.max(1));
        let interval = u64::try_from(quota.per.as_nanos().div_ceil(requests)).unwrap_or(u64::MAX).max(1);
        let pace = governor::Quota::with_period(Duration::from_nanos(interval)).expect("an interval is above zero");
        let pace = pace.allow_burst(NonZeroU32::new(quota.burst).unwrap_or(NonZeroU32::MIN));
        Self {
            quota,
            interval,
            id: counters.id(&format!("{identity} {quota:?}")),
            counters: Arc::clone(counters),
            // Its time begins where that of the counters does.
            algorithm: moment::at(0, || RateLimiter::new(pace, Shared(Arc::clone(counters)), Moment)),
        }
    }

    /// As it was made.
    pub fn quota(&self) -> Quota {
        self.quota
    }

    /// Counts a request of `caller` at `now`.
    pub fn count(&self, caller: Caller<'_>, now: Instant) -> Outcome {
        let whole = self.interval * u64::from(self.quota.burst);
        let place = self.counters.place(caller, self.id, now, |hash| tag(hash, whole));
        let is_allowed = moment::at(place.now, || self.algorithm.check_key(&place)).is_ok();
        // What the caller has used of its burst, as the time that it takes to come back.
        let used = place.arrival.get().saturating_sub(place.now);
        Outcome::of(is_allowed, used, self.interval, whole)
    }
}

impl Outcome {
    /// Where a caller stands who has `used` so much of the time that its `whole` burst takes to come back; all in
    /// nanoseconds.
    pub(super) fn of(is_allowed: bool, used: u64, interval: u64, whole: u64) -> Self {
        let remaining = whole.saturating_sub(used) / interval;
        let until_next = (used + (remaining + 1) * interval).saturating_sub(whole);
        Self {
            is_allowed,
            remaining: u32::try_from(remaining).unwrap_or(u32::MAX),
            until_next: Duration::from_nanos(until_next),
        }
    }
}
