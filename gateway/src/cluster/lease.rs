//! A pick of an upstream: it lasts until the answer's body has ended, and then says how it went.
use std::{
    rc::Rc,
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use http::StatusCode;

use super::Cluster;
use crate::{
    rejection::Rejection,
    upstream::{
        Pool, Upstream,
        circuit::{State, Trial, Verdict},
        ejection::{By, Cause},
    },
};

/// One worker's part of an upstream.
#[derive(Debug)]
pub(crate) struct LocalUpstream {
    pub(super) cluster: Arc<Cluster>,
    pub(super) shared: Arc<Upstream>,
    pub(super) pool: Pool,
}

impl LocalUpstream {
    /// A request that has no hold on it any more has failed by it; of a trial nothing is known then.
    pub(super) fn fail(&self, cause: Cause) {
        if let Some(breaker) = &self.cluster.breaker
            && self.shared.circuit.fail(breaker)
        {
            self.cluster.open_circuit(&self.shared, breaker, cause);
        }
    }
}

/// A request's hold on an upstream. What it is dropped with is what the circuit learns: nothing, unless the upstream
/// has answered or failed.
#[derive(Debug)]
pub(crate) struct Lease {
    upstream: Rc<LocalUpstream>,
    trial: Option<Trial>,
    verdict: Verdict,
    /// Since when an answer is awaited, where that is measured.
    asked: Option<Instant>,
}

impl Lease {
    /// A hold on an upstream, if it has room for one more and its circuit lets that pass.
    #[inline]
    pub(super) fn take(upstream: &Rc<LocalUpstream>) -> Option<Self> {
        let LocalUpstream { cluster, shared, .. } = &**upstream;
        let trial = match &cluster.breaker {
            Some(breaker) if !shared.circuit.is_closed() => Some(shared.circuit.try_trial(breaker, Instant::now())?),
            _ => None,
        };
        if !cluster.counts {
            return Some(Self::new(upstream, trial));
        }
        let others = shared.in_flight.fetch_add(1, Ordering::SeqCst);
        // Whatever is refused now leaves its place, and its trial, when it is dropped.
        let lease = Self::new(upstream, trial);
        cluster.most(shared).is_none_or(|most| others < most).then_some(lease)
    }

    fn new(upstream: &Rc<LocalUpstream>, trial: Option<Trial>) -> Self {
        Self { upstream: Rc::clone(upstream), trial, verdict: Verdict::None, asked: None }
    }

    /// From now on the upstream alone is waited for: where its limit is found out, how long it takes is of interest.
    #[inline]
    pub(super) fn ask(&mut self) {
        if self.upstream.cluster.bounds().is_some() {
            self.asked = Some(Instant::now());
        }
    }

    /// The head of an answer has come. A failure may be quick because nothing was done: it says nothing of the latency.
    #[inline]
    pub(crate) fn answered(&mut self, status: StatusCode) {
        if status.is_server_error() {
            self.fail(Cause::status(status));
            self.asked = None;
        }
        self.measured();
    }

    /// Lets the limit learn how long it took.
    #[inline]
    fn measured(&mut self) {
        let LocalUpstream { cluster, shared, .. } = &*self.upstream;
        if let (Some(asked), Some(bounds)) = (self.asked.take(), cluster.bounds()) {
            let now = Instant::now();
            shared.adaptive.sample(now - asked, shared.in_flight.load(Ordering::Relaxed), bounds, now);
        }
    }

    /// The upstream has failed.
    pub(crate) fn fail(&mut self, cause: Cause) {
        self.verdict = Verdict::Bad(cause);
    }

    /// There was no answer, or no whole one: for this reason, which may be the client. What `is_counted` as another
    /// request's failure is none of this one, unless this is a trial: nobody else's is.
    pub(crate) fn fail_for(&mut self, rejection: &Rejection, is_counted: bool) {
        if *rejection == Rejection::UpstreamTimeout {
            self.measured();
        }
        if rejection.is_upstreams() && (!is_counted || self.trial.is_some()) {
            self.fail(Cause::rejection(rejection));
        }
    }

    /// The answer is whole; one that was a failure stays one.
    #[inline]
    pub(crate) fn succeed(&mut self) {
        if self.verdict == Verdict::None {
            self.verdict = Verdict::Good;
        }
    }

    /// Lets the circuit learn how it went, once: a trial that has become a tunnel must not keep others waiting for hours.
    pub(crate) fn report(&mut self) {
        let LocalUpstream { cluster, shared, .. } = &*self.upstream;
        let verdict = std::mem::replace(&mut self.verdict, Verdict::None);
        let Some(breaker) = &cluster.breaker else { return };
        let circuit = &shared.circuit;
        if let Some(trial) = self.trial.take() {
            let state = circuit.end_trial(trial, verdict, breaker, Instant::now());
            let (service, upstream) = (&*cluster.name, &*shared.label);
            match state {
                Some(State::Closed) => {
                    shared.is_back();
                    tracing::info!(service, upstream, "circuit closed: the trials went well");
                }
                Some(_) => {
                    shared.ejections.note(By::Circuit);
                    if let Verdict::Bad(reason) = verdict {
                        tracing::warn!(service, upstream, %reason, "circuit open again: a trial failed");
                    }
                }
                None => {}
            }
            return;
        }
        match verdict {
            Verdict::Good => circuit.succeed(),
            Verdict::Bad(cause) if circuit.fail(breaker) => cluster.open_circuit(shared, breaker, cause),
            Verdict::Bad(_) | Verdict::None => {}
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let LocalUpstream { cluster, shared, .. } = &*self.upstream;
        if cluster.counts {
            shared.in_flight.fetch_sub(1, Ordering::SeqCst);
            cluster.room.one_left();
        }
        self.report();
    }
}
