//! What becomes of a service's requests when an upstream fails.
use std::time::Duration;

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
        Self { failure_threshold: 5, recovery_timeout: Duration::from_secs(60), half_open_requests: 1, max_open: 0.5 }
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
