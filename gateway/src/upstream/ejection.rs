//! Why an upstream is left alone: what active checks say and what traffic has met are told apart.
use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use http::StatusCode;
use jiff::Timestamp;

use super::{Health, Upstream};
use crate::{
    config::CircuitBreaker,
    rejection::{CODES, Rejection},
};

/// How one request failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The upstream answered with this status, a 5xx.
    Status(u16),
    /// There was no answer, or no whole one: the index of a code.
    Code(u8),
}

impl Cause {
    pub(crate) fn status(status: StatusCode) -> Self {
        Self::Status(status.as_u16())
    }

    pub(crate) fn rejection(rejection: &Rejection) -> Self {
        Self::Code(u8::try_from(rejection.index()).expect("the codes are few"))
    }
}

/// `503`, or `upstream_timeout`.
impl fmt::Display for Cause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Status(status) => write!(out, "{status}"),
            Self::Code(index) => out.write_str(CODES[usize::from(index)]),
        }
    }
}

/// Who shut an upstream out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// The active check.
    Check = 0,
    /// A request that could not reach it.
    Request = 1,
    /// Its circuit: requests that failed in a row, or a trial that did.
    Circuit = 2,
}

impl By {
    const ALL: [Self; 3] = [Self::Check, Self::Request, Self::Circuit];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Request => "request",
            Self::Circuit => "circuit",
        }
    }
}

/// How often an upstream has been shut out, by whom.
#[derive(Debug, Default)]
pub(crate) struct Ejections([AtomicU64; By::ALL.len()]);

impl Ejections {
    pub(crate) fn note(&self, by: By) {
        self.0[by as usize].fetch_add(1, Relaxed);
    }

    /// Each with its name.
    pub(crate) fn pairs(&self) -> [(&'static str, u64); By::ALL.len()] {
        By::ALL.map(|by| (by.as_str(), self.0[by as usize].load(Relaxed)))
    }
}

/// What traffic keeps an upstream shut out by.
#[derive(Debug)]
pub(crate) struct Ejection {
    pub(crate) by: By,
    /// How the last request failed: a status of 5xx, or a code.
    pub(crate) reason: String,
    pub(crate) since: Timestamp,
    /// From when on it is tried again; `None` where it waits for a check that goes well.
    pub(crate) until: Option<Timestamp>,
}

impl Upstream {
    /// Whether traffic has shut it out, whatever the checks say.
    pub(crate) fn is_ejected_by_traffic(&self) -> bool {
        !self.circuit.is_closed()
            || self.health() == Health::Unhealthy && self.details().ejected_by == Some(By::Request)
    }

    /// By what traffic has shut it out, if it has; `breaker` is its service's.
    pub(crate) fn ejection(&self, breaker: Option<&CircuitBreaker>, now: Instant) -> Option<Ejection> {
        if let Some((at, cause)) = self.circuit.opened() {
            let since = earlier(now.saturating_duration_since(at));
            let until = breaker.and_then(|breaker| since.checked_add(breaker.recovery_timeout).ok());
            return Some(Ejection { by: By::Circuit, reason: cause.to_string(), since, until });
        }
        let details = self.details();
        let is_unreachable = self.health() == Health::Unhealthy && details.ejected_by == Some(By::Request);
        let reason = details.unreachable.map(|cause| cause.to_string()).filter(|_| is_unreachable)?;
        Some(Ejection { by: By::Request, reason, since: details.since, until: None })
    }
}

fn earlier(by: Duration) -> Timestamp {
    let now = Timestamp::now();
    now.checked_sub(by).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    #[test]
    fn what_traffic_met_is_told_apart_from_the_checks() {
        let config = config::Upstream { host: "a".into(), port: 80, is_https: false, weight: 1 };
        let upstream = Upstream::remote(&config, None, None, config::Protocol::Http1, true);
        let (breaker, now) = (CircuitBreaker::default(), Instant::now());
        let told = |now| {
            let ejection = upstream.ejection(Some(&breaker), now)?;
            let lasts = ejection.until.map(|until| until.duration_since(ejection.since).as_secs());
            Some((ejection.by, ejection.reason, lasts))
        };
        upstream.set_health(Health::Unhealthy);
        upstream.details().ejected_by = Some(By::Check);
        assert!(told(now).is_none() && !upstream.is_ejected_by_traffic(), "the checks are not traffic");
        upstream.details().ejected_by = Some(By::Request);
        upstream.details().unreachable = Some(Cause::rejection(&Rejection::UpstreamConnectRefused));
        assert_eq!(told(now), Some((By::Request, "upstream_connect_refused".into(), None)));
        assert!(upstream.is_ejected_by_traffic());
        upstream.set_health(Health::Healthy);
        assert!(told(now).is_none() && !upstream.is_ejected_by_traffic());
        assert!(upstream.circuit.open(now, Cause::Status(503)));
        let later = now + Duration::from_secs(7);
        assert_eq!(told(later), Some((By::Circuit, "503".into(), Some(60))));
        assert!(upstream.is_ejected_by_traffic());
    }
}
