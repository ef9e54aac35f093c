//! `circuit_breaker`.
use std::time::Duration;

use super::Checks;
use crate::config::{
    CircuitBreaker,
    raw::RawCircuitBreaker,
    read::{At, OrOff},
};

/// One layer's settings, checked; `None` where it is silent.
#[derive(Debug, Clone, Default)]
pub(super) struct Breaker {
    /// Whether it is turned off, or on by a table.
    is_off: Option<bool>,
    failure_threshold: Option<u32>,
    recovery_timeout: Option<Duration>,
    half_open_requests: Option<u32>,
    max_open: Option<f64>,
}

impl Breaker {
    pub(super) fn of(written: Option<&At<OrOff<RawCircuitBreaker>>>, checks: &mut Checks) -> Self {
        let raw = match written.map(|at| &at.value) {
            None => return Self::default(),
            Some(OrOff::Off) => return Self { is_off: Some(true), ..Self::default() },
            Some(OrOff::On(raw)) => raw,
        };
        let mut count = |key, at: &Option<At<_>>, most| {
            let count = at.as_ref().and_then(|at| checks.count(key, at, 1..=most));
            count.and_then(|count| u32::try_from(count).ok())
        };
        Self {
            is_off: Some(false),
            failure_threshold: count("failure_threshold", &raw.failure_threshold, 10_000),
            half_open_requests: count("half_open_requests", &raw.half_open_requests, 1_000),
            recovery_timeout: raw.recovery_timeout.as_ref().and_then(|at| checks.time("recovery_timeout", at)),
            max_open: raw.max_open.as_ref().map(|at| at.value.0),
        }
    }

    /// This layer, with what it is silent about from `outer`.
    pub(super) fn over(self, outer: &Self) -> Self {
        Self {
            is_off: self.is_off.or(outer.is_off),
            failure_threshold: self.failure_threshold.or(outer.failure_threshold),
            recovery_timeout: self.recovery_timeout.or(outer.recovery_timeout),
            half_open_requests: self.half_open_requests.or(outer.half_open_requests),
            max_open: self.max_open.or(outer.max_open),
        }
    }

    /// What holds once nobody else has a say: it is on.
    pub(super) fn complete(self) -> Option<CircuitBreaker> {
        let default = CircuitBreaker::default();
        (self.is_off != Some(true)).then(|| CircuitBreaker {
            failure_threshold: self.failure_threshold.unwrap_or(default.failure_threshold),
            recovery_timeout: self.recovery_timeout.unwrap_or(default.recovery_timeout),
            half_open_requests: self.half_open_requests.unwrap_or(default.half_open_requests),
            max_open: self.max_open.unwrap_or(default.max_open),
        })
    }
}
