//! What becomes of a service's requests when an upstream fails.
use std::time::Duration;

use http::StatusCode;

/// `circuit_breaker = { failure_threshold = 5, recovery_timeout = "60s", half_open_requests = 1, max_open = 0.5 }`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CircuitBreaker {
    /// Failures of one upstream in a row that shut it out. Default 5, at least 1.
    pub failure_threshold: u32,
    /// From then until it is tried again. Default 60 s.
    pub recovery_timeout: Duration,
    /// Trials at once, and good ones that let it back in. Default 1, at least 1.
    pub half_open_requests: u32,
    /// The part of a service's upstreams that may be shut out at once, from 0 to 1; rounded up. Default 0.5.
    pub max_open: f64,
}

impl Default for CircuitBreaker {
    fn default() -> Self {
        Self { failure_threshold: 5, recovery_timeout: Duration::from_mins(1), half_open_requests: 1, max_open: 0.5 }
    }
}

impl CircuitBreaker {
    /// How many of `upstreams` may be shut out at once.
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a part of a few upstreams"
    )]
    pub(crate) fn most_open(&self, upstreams: usize) -> usize {
        (upstreams as f64 * self.max_open).ceil() as usize
    }
}

/// `retry = { attempts = 2, budget = 0.2, on = ["connect", "stale", "502", "503"] }`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Retry {
    /// Upstreams that a request is sent to, the first one included. Default 2, from 1 to 10.
    pub attempts: u32,
    /// Retries of a service in a second, as a part of its requests; never fewer than 3. Default 0.2, from 0 to 1.
    pub budget: f64,
    /// What is tried again. Default all.
    pub on: RetryOn,
}

impl Default for Retry {
    fn default() -> Self {
        Self { attempts: 2, budget: 0.2, on: RetryOn::ALL }
    }
}

/// `hedge = { after = "100ms", max = 1, budget = 0.1 }`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hedge {
    /// How long the head of an answer may take before the request is sent to another upstream as well; and as long again
    /// before it is sent to one more. Default 100 ms.
    pub after: Duration,
    /// Upstreams that it is sent to beside the first. Default 1, from 1 to 5.
    pub max: u32,
    /// Hedges of a service in a second, as a part of its requests; never fewer than 3. Default 0.1, from 0 to 1.
    pub budget: f64,
}

impl Default for Hedge {
    fn default() -> Self {
        Self { after: Duration::from_millis(100), max: 1, budget: 0.1 }
    }
}

/// The failures after which a request is tried again, where that is safe.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RetryOn(u8);

impl RetryOn {
    /// The upstream could not be reached.
    pub const CONNECT: Self = Self(1);
    /// A kept connection turned out to be closed.
    pub const STALE: Self = Self(2);
    /// The upstream answered 502, or ended the connection without an answer.
    pub const BAD_GATEWAY: Self = Self(4);
    /// The upstream answered 503.
    pub const UNAVAILABLE: Self = Self(8);
    const ALL: Self = Self(15);
    const NAMES: [(&str, Self); 4] =
        [("connect", Self::CONNECT), ("stale", Self::STALE), ("502", Self::BAD_GATEWAY), ("503", Self::UNAVAILABLE)];

    /// The one that the file calls so.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|&(_, one)| one)
    }

    /// Both.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether an answer of this status is one of them.
    pub(crate) fn has_status(self, status: StatusCode) -> bool {
        match status {
            StatusCode::BAD_GATEWAY => self.has(Self::BAD_GATEWAY),
            StatusCode::SERVICE_UNAVAILABLE => self.has(Self::UNAVAILABLE),
            _ => false,
        }
    }

    /// As the file has them.
    pub(crate) fn names(self) -> Vec<&'static str> {
        Self::NAMES.iter().filter(|(_, one)| self.has(*one)).map(|&(name, _)| name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_is_rounded_up() {
        for (max_open, upstreams, most) in
            [(0.5, 1, 1), (0.5, 3, 2), (0.5, 4, 2), (0.0, 3, 0), (1.0, 3, 3), (0.1, 20, 2)]
        {
            let breaker = CircuitBreaker { max_open, ..CircuitBreaker::default() };
            assert_eq!(breaker.most_open(upstreams), most, "{max_open} of {upstreams}");
        }
    }
}
