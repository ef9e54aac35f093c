//! Upstreams that traffic shuts out, and how many of a service it may.
use std::time::Instant;

use super::Cluster;
use crate::{
    config::CircuitBreaker,
    rejection::Rejection,
    upstream::{
        Health, Upstream,
        ejection::{By, Cause, Ejection},
    },
};

impl Cluster {
    /// Shuts out an upstream that has failed once too often, unless too many of the others are.
    pub(super) fn open_circuit(&self, upstream: &Upstream, breaker: &CircuitBreaker, reason: Cause) {
        // So that two that fail at once are counted one after the other.
        let _one_at_a_time = self.opening.lock().expect("no holder of this lock panics");
        if self.may_eject(upstream, breaker) && upstream.circuit.open(Instant::now(), reason) {
            upstream.ejections.note(By::Circuit);
            let (service, failures, tried_again_in) =
                (&*self.name, breaker.failure_threshold, breaker.recovery_timeout);
            tracing::warn!(
                service,
                upstream = upstream.label,
                failures,
                %reason,
                ?tried_again_in,
                "circuit opened: its requests failed in a row"
            );
        }
    }

    /// Marks an upstream that a request could not reach, where probes will bring it back: without probes it stays in, and
    /// so does the one that would be too many.
    pub(super) fn mark_unreachable(&self, upstream: &Upstream, rejection: &Rejection) {
        if upstream.details().last_check.is_none() {
            return;
        }
        let _one_at_a_time = self.opening.lock().expect("no holder of this lock panics");
        let breaker = self.breaker.unwrap_or_default();
        let (service, error) = (&*self.name, rejection.code());
        if !self.may_eject(upstream, &breaker) {
            tracing::debug!(service, upstream = upstream.label, error, "not shut out: too many others are");
            return;
        }
        {
            let mut details = upstream.details();
            details.last_error = Some(rejection.detail().into_owned());
            details.unreachable = Some(Cause::rejection(rejection));
        }
        if upstream.set_health(Health::Unhealthy) {
            upstream.details().ejected_by = Some(By::Request);
            upstream.ejections.note(By::Request);
            tracing::warn!(
                service,
                upstream = upstream.label,
                error,
                "upstream is unhealthy: a request could not reach it"
            );
            upstream.recheck.notify_one();
        }
    }

    /// Whether so few of the others are shut out by traffic that this one may be as well. Those that the checks have found
    /// to be down do not count: that is no guess.
    fn may_eject(&self, upstream: &Upstream, breaker: &CircuitBreaker) -> bool {
        let others = self.upstreams.iter().filter(|other| !std::ptr::eq(&raw const ***other, upstream));
        let out = others.filter(|other| other.is_ejected_by_traffic()).count();
        out < breaker.most_open(self.upstreams.len())
    }

    /// By what traffic has shut this upstream out, if it has.
    pub(crate) fn ejection(&self, upstream: &Upstream) -> Option<Ejection> {
        upstream.ejection(self.breaker.as_ref(), Instant::now())
    }
}
