//! Which upstream a request goes to: a healthy one whose circuit lets it pass.
use std::{sync::atomic::Ordering, time::Instant};

use super::{Cluster, LocalCluster, lease::Lease};
use crate::{
    balance::Candidate,
    config::MaxInFlight,
    rejection::Rejection,
    upstream::{Health, Upstream},
};

impl Cluster {
    /// Whether an upstream's circuit lets a request pass, as such or as a trial.
    #[inline]
    fn admits(&self, upstream: &Upstream) -> bool {
        upstream.circuit.is_closed()
            || self.breaker.as_ref().is_none_or(|breaker| upstream.circuit.admits(breaker, Instant::now()))
    }

    /// Whether it is one that a request could go to now, but for its health.
    pub(super) fn takes_more(&self, upstream: &Upstream) -> bool {
        self.admits(upstream) && !self.is_at_most(upstream)
    }

    fn is_at_most(&self, upstream: &Upstream) -> bool {
        self.most(upstream).is_some_and(|most| upstream.in_flight.load(Ordering::SeqCst) >= most)
    }

    /// How many requests it may be at work on; `None` for any number.
    #[inline]
    pub(crate) fn most(&self, upstream: &Upstream) -> Option<u32> {
        self.max_in_flight.map(|most| match most {
            MaxInFlight::Fixed(most) => most,
            MaxInFlight::Adaptive { min, max } => upstream.adaptive.limit(min, max),
        })
    }

    /// The bounds of a limit that is found out.
    #[inline]
    pub(crate) fn bounds(&self) -> Option<(u32, u32)> {
        match self.max_in_flight {
            Some(MaxInFlight::Adaptive { min, max }) => Some((min, max)),
            Some(MaxInFlight::Fixed(_)) | None => None,
        }
    }

    /// Whether any upstream may be sent to: one that is not known to be unhealthy, and whose circuit lets it.
    fn is_open(&self) -> bool {
        self.upstreams.iter().any(|upstream| upstream.health() != Health::Unhealthy && self.admits(upstream))
    }

    /// Whether room is all that is missing.
    fn is_full(&self) -> bool {
        self.upstreams.iter().any(|upstream| {
            upstream.health() != Health::Unhealthy && self.admits(upstream) && self.is_at_most(upstream)
        })
    }

    fn candidate(&self, index: usize) -> Candidate {
        let (upstream, weight) = (&self.upstreams[index], self.weights[index]);
        let weight = if self.slow_start.is_zero() {
            weight
        } else {
            upstream.thousandths(weight, self.slow_start, Instant::now())
        };
        Candidate { weight, load: upstream.in_flight.load(Ordering::Relaxed) }
    }

    /// Why no upstream can be picked.
    fn none_left(&self) -> Rejection {
        if self.upstreams.iter().all(|upstream| upstream.is_nowhere()) {
            return Rejection::UpstreamDns;
        }
        let now = Instant::now();
        let shut_out = self
            .upstreams
            .iter()
            .filter(|upstream| upstream.health() != Health::Unhealthy && !upstream.circuit.is_closed());
        let waits = self.breaker.iter().flat_map(|breaker| shut_out.clone().map(|one| one.circuit.wait(breaker, now)));
        match waits.min() {
            Some(wait) => Rejection::CircuitOpen { retry_after: wait.as_secs() + 1 },
            None => Rejection::NoHealthyUpstream,
        }
    }
}

impl LocalCluster {
    /// Whether any upstream may be sent to, now or once it has room.
    pub(crate) fn is_open(&self) -> bool {
        self.shared.is_open()
    }

    /// The next upstream for whom has this key; its index and the hold on it. Where all that would do are at work on
    /// as much as they may be, it waits a little for room.
    pub(super) async fn pick(&self, key: u64) -> Result<(usize, Lease), Rejection> {
        match self.pick_of(Health::Healthy, &[], key) {
            Some(picked) => Ok(picked),
            // Boxed: nearly every request finds one at once.
            None => Box::pin(self.wait_for_one(key)).await,
        }
    }

    async fn wait_for_one(&self, key: u64) -> Result<(usize, Lease), Rejection> {
        self.shared.first_probes().await;
        let now = || {
            // A probe that has not answered yet is no verdict.
            self.pick_of(Health::Healthy, &[], key).or_else(|| self.pick_of(Health::Unknown, &[], key))
        };
        if let Some(picked) = now() {
            return Ok(picked);
        }
        if self.shared.is_full() {
            return self.shared.room.wait(now).await.ok_or(Rejection::Overloaded);
        }
        Err(self.shared.none_left())
    }

    /// One of those in this state of health, but for those in `except`.
    #[inline]
    pub(super) fn pick_of(&self, health: Health, except: &[usize], key: u64) -> Option<(usize, Lease)> {
        let candidate = |index: usize| {
            let upstream = &self.shared.upstreams[index];
            let is_candidate =
                !except.contains(&index) && upstream.health() == health && self.shared.takes_more(upstream);
            is_candidate.then(|| self.shared.candidate(index))
        };
        if let Some(kept) = self.kept(health, except, key) {
            return Some(kept);
        }
        loop {
            let index = self.balancer.borrow_mut().pick(candidate, key, |below| fastrand::u64(..below))?;
            // Another worker may have taken the last trial, or the last place, meanwhile: then it is no candidate any more.
            if let Some(lease) = Lease::take(&self.upstreams[index]) {
                return Some((index, lease));
            }
        }
    }
}
