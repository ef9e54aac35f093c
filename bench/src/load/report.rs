//! What a run has shown.

use std::time::Duration;

use serde::Serialize;

use super::Counts;
use crate::usage::Spent;

/// The numbers of one run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Requests whose answers were right.
    pub requests: u64,
    /// Requests that failed: refused, reset, another status than 200, another length, malformed.
    pub errors: u64,
    /// What was wrong with the first of these.
    pub first_error: Option<String>,
    /// Connections that the proxy closed after an answer without being asked to.
    pub reconnects: u64,
    /// The measured time, in seconds.
    pub seconds: f64,
    /// Requests a second.
    pub rate: f64,
    /// Median latency, in microseconds.
    pub p50_us: f64,
    /// 99th percentile, in microseconds.
    pub p99_us: f64,
    /// The longest, in microseconds.
    pub max_us: f64,
    /// What the watched process tree used meanwhile.
    pub spent: Option<Spent>,
    /// Its CPU time divided by the requests, in microseconds.
    pub cpu_us: Option<f64>,
}

impl Report {
    #[expect(clippy::cast_precision_loss, reason = "nanoseconds and counts of one run are far below 2^52")]
    pub(super) fn new(counts: &Counts, elapsed: Duration, spent: Option<Spent>) -> Self {
        let seconds = elapsed.as_secs_f64();
        let percentile = |quantile| counts.latencies.value_at_quantile(quantile) as f64 / 1e3;
        let requests = counts.requests as f64;
        Self {
            requests: counts.requests,
            errors: counts.errors,
            first_error: counts.first_error.clone(),
            reconnects: counts.reconnects,
            seconds,
            rate: requests / seconds,
            p50_us: percentile(0.5),
            p99_us: percentile(0.99),
            max_us: percentile(1.0),
            spent,
            cpu_us: spent.filter(|_| counts.requests > 0).map(|spent| spent.cpu.as_secs_f64() * 1e6 / requests),
        }
    }

    /// Which part of the time the proxy waited for its core because of other processes, 0 to 1. Above 0.1 or so the
    /// machine was not quiet, and the numbers of this run are worth less.
    pub fn disturbed(&self) -> Option<f64> {
        self.spent.map(|spent| spent.waited.as_secs_f64() / self.seconds)
    }

    /// How busy the proxy's core was, 0 to 1. Below 0.9 or so the load was the limit, not the proxy, and the rate says
    /// little about it.
    pub fn busy(&self) -> Option<f64> {
        self.spent.map(|spent| spent.cpu.as_secs_f64() / self.seconds)
    }
}
