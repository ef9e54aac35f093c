//! Which upstream a request goes to: a healthy one whose circuit lets it pass.
use std::time::Instant;

use super::{Cluster, LocalCluster, lease::Lease};
use crate::{
    config::CircuitBreaker,
    rejection::Rejection,
    upstream::{Health, Upstream},
};

impl Cluster {
    /// Whether an upstream's circuit lets a request pass, as such or as a trial.
    fn admits(&self, upstream: &Upstream) -> bool {
        upstream.circuit.is_closed()
            || self.breaker.as_ref().is_none_or(|breaker| upstream.circuit.admits(breaker, Instant::now()))
    }

    /// Shuts out an upstream that has failed once too often, unless too many of the others are.
    pub(super) fn open_circuit(&self, upstream: &Upstream, breaker: &CircuitBreaker) {
        // So that two that fail at once are counted one after the other.
        let _one_at_a_time = self.opening.lock().expect("no holder of this lock panics");
        let open = self.upstreams.iter().filter(|upstream| !upstream.circuit.is_closed()).count();
        if open < breaker.most_open(self.upstreams.len()) && upstream.circuit.open(Instant::now()) {
            let (service, failures) = (&*self.name, breaker.failure_threshold);
            tracing::warn!(service, upstream = upstream.url, failures, "circuit opened: its requests failed in a row");
        }
    }

    /// Why no upstream can be picked.
    fn none_left(&self) -> Rejection {
        let now = Instant::now();
        let shut_out = self
            .upstreams
            .iter()
            .filter(|upstream| upstream.health() != Health::Unhealthy && !upstream.circuit.is_closed());
        let waits = self.breaker.iter().flat_map(|breaker| shut_out.clone().map(|one| one.circuit.wait(breaker, now)));
        match waits.min() {
            Some(wait) => Rejection::CircuitOpen { retry_after: wait.as_millis().div_ceil(1000).max(1) as u64 },
            None => Rejection::NoHealthyUpstream,
        }
    }
}

impl LocalCluster {
    /// The next upstream, not `except` unless there is no other; its index and the hold on it.
    pub(super) async fn pick(&self, except: Option<usize>) -> Result<(usize, Lease), Rejection> {
        if let Some(picked) = self.pick_of(Health::Healthy, except) {
            return Ok(picked);
        }
        self.shared.first_probes().await;
        self.pick_of(Health::Healthy, except)
            // A probe that has not answered yet is no verdict.
            .or_else(|| self.pick_of(Health::Unknown, except))
            .ok_or_else(|| self.shared.none_left())
    }

    /// One of those in this state of health.
    pub(super) fn pick_of(&self, health: Health, except: Option<usize>) -> Option<(usize, Lease)> {
        let upstreams = &self.shared.upstreams;
        let is_candidate = |index: usize| {
            Some(index) != except && upstreams[index].health() == health && self.shared.admits(&upstreams[index])
        };
        loop {
            let index = self.balancer.borrow_mut().pick(is_candidate)?;
            // Another worker may have taken the last trial meanwhile: then this one is no candidate any more.
            if let Some(lease) = self.lease(index) {
                return Some((index, lease));
            }
        }
    }

    fn lease(&self, index: usize) -> Option<Lease> {
        let upstream = &self.upstreams[index];
        let trial = match &self.shared.breaker {
            Some(breaker) if !upstream.shared.circuit.is_closed() => {
                Some(upstream.shared.circuit.try_trial(breaker, Instant::now())?)
            }
            _ => None,
        };
        Some(Lease::new(upstream, trial))
    }
}
