//! `circuit_breaker`, `retry`, `hedge`: what becomes of requests when an upstream fails, or is slow.
use crate::config::read::{Count, Length, OneOrMany, Part, Text, table};

table! {
    /// When an upstream that fails is shut out for a while.
    RawCircuitBreaker {
        /// Failures in a row: connects, resets, time-outs and answers of 5xx.
        failure_threshold: Count = 5,
        /// From then until it is tried again.
        recovery_timeout: Length = "1m",
        /// Trials at once, and good ones that let it back in.
        half_open_requests: Count = 1,
        /// The part of the service's upstreams that may be shut out at once, rounded up.
        max_open: Part = 0.5,
    }
}

table! {
    /// When a request is sent again, where that is safe.
    RawRetry {
        /// Upstreams that it is sent to, the first one included.
        attempts: Count = 2,
        /// Retries of a service in a second, as a part of its requests; 3 are always allowed.
        budget: Part = 0.2,
        /// What it is sent again on: `connect`, `stale` (a kept connection was closed), `502`, `503`.
        on: OneOrMany<Text> = ["connect", "stale", "502", "503"],
    }
}

table! {
    /// When a request without a body, that may be sent twice, is sent to another upstream as well; the first to answer wins.
    RawHedge {
        /// How long there is no head of an answer before it is, and again before each one more.
        after: Length = "100ms",
        /// Upstreams that it is sent to beside the first.
        max: Count = 1,
        /// Hedges of a service in a second, as a part of its requests; 3 are always allowed.
        budget: Part = 0.1,
    }
}
