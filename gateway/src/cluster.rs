//! Stage 7: a service's upstreams: which one is asked, what happens when it can't be reached, and what that says of its
//! health.
//!
//! A [`Cluster`] is shared by all workers and knows health; a [`LocalCluster`] is one worker's: its place in the
//! balancer's cycle and its idle connections.
pub(crate) mod affinity;
mod ask;
mod budget;
mod eject;
pub(crate) mod health;
pub(crate) mod hedge;
pub(crate) mod lease;
mod mirror;
mod pick;
mod renew;
mod room;
mod send;
mod servers;
mod sticky;

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use http::HeaderValue;
use tokio::sync::Notify;

use budget::Budget;
use lease::LocalUpstream;
use room::Room;
use sticky::Sticky;

use crate::{
    balance::Balancer,
    config::{CircuitBreaker, HashKey, HealthCheck, HostPolicy, LoadBalance, MaxInFlight, Service},
    mounts::Mounted,
    names::Addresses,
    tasks::Tasks,
    upstream::{Health, Upstream},
};

/// How long traffic waits for the first probes after the start.
const FIRST_PROBE_WAIT: Duration = Duration::from_secs(2);

/// A service's upstreams, as every worker sees them.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) name: Arc<str>,
    pub(crate) critical: bool,
    pub(crate) host: HostPolicy,
    pub(crate) check: Option<HealthCheck>,
    breaker: Option<CircuitBreaker>,
    load_balance: LoadBalance,
    /// What requests are hashed by, where they are.
    hash: Option<HashKey>,
    /// By what cookie a client keeps its upstream, where it does.
    sticky: Option<Sticky>,
    slow_start: Duration,
    /// Requests that one upstream is at work on at once.
    max_in_flight: Option<MaxInFlight>,
    /// Whether those are counted: anything depends on it.
    counts: bool,
    room: Room,
    pub(crate) upstreams: Vec<Arc<Upstream>>,
    /// In the order of the upstreams.
    weights: Vec<u32>,
    /// How long an idle connection is kept.
    pub(crate) idle: Duration,
    started: Instant,
    /// Told at each first probe.
    probed: Notify,
    pub(crate) probes: Tasks,
    /// Held while traffic shuts an upstream out.
    opening: Mutex<()>,
    budget: Mutex<Budget>,
}

/// What a service, or the whole, is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    /// All is well.
    Healthy,
    /// Some of it is down.
    Degraded,
    /// It can't serve.
    Unhealthy,
}

impl Status {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unhealthy => "unhealthy",
        }
    }

    /// The state of the whole: unhealthy with a critical service, degraded with any.
    pub(crate) fn of_all<'c>(clusters: impl IntoIterator<Item = &'c Cluster>) -> Self {
        let worst = clusters.into_iter().map(|cluster| match cluster.status() {
            Self::Unhealthy if !cluster.critical => Self::Degraded,
            status => status,
        });
        worst.max().unwrap_or(Self::Healthy)
    }
}

impl Cluster {
    /// The servers of a service: where its upstreams are by `addresses`, or `mounted` in their place.
    pub(crate) fn new(service: &Service, addresses: &Addresses, mounted: Option<&Mounted>) -> Self {
        let probed = service.health.is_some();
        let (upstreams, weights) = match mounted {
            None => servers::of(&service.upstreams, addresses, service.tls.as_ref(), probed),
            Some(mounted) => (vec![Arc::new(Upstream::mounted(mounted, &service.upstreams[0], probed))], vec![1]),
        };
        Self {
            name: Arc::clone(&service.name),
            critical: service.critical,
            host: service.host.clone(),
            check: service.health.clone(),
            weights,
            breaker: service.circuit_breaker,
            hash: service.load_balance.key().cloned(),
            sticky: service
                .load_balance
                .cookie()
                .map(|name| Sticky::new(name, &service.name, upstreams.iter().map(|upstream| upstream.label.as_str()))),
            counts: service.load_balance.counts() || service.max_in_flight.is_some(),
            load_balance: service.load_balance.clone(),
            slow_start: service.slow_start,
            max_in_flight: service.max_in_flight,
            room: Room::default(),
            upstreams,
            idle: service.routes.iter().map(|route| route.timeouts.idle).min().unwrap_or(Duration::from_secs(50)),
            started: Instant::now(),
            probed: Notify::new(),
            probes: Tasks::default(),
            opening: Mutex::new(()),
            budget: Mutex::new(Budget::new(Instant::now())),
        }
    }

    fn balancer(&self) -> Balancer {
        let count = self.upstreams.len();
        match self.load_balance {
            LoadBalance::RoundRobin | LoadBalance::Sticky(_) => Balancer::round_robin(count),
            LoadBalance::LeastRequests => Balancer::least_requests(count),
            LoadBalance::PowerOfTwo => Balancer::p2c(count),
            LoadBalance::Hash(_) => Balancer::hash(self.upstreams.iter().map(|upstream| upstream.label.as_str())),
        }
    }

    /// Healthy, degraded when some upstream is down, unhealthy when none is left.
    pub(crate) fn status(&self) -> Status {
        let healthy = self.upstreams.iter().filter(|upstream| upstream.is_healthy()).count();
        match healthy {
            0 => Status::Unhealthy,
            n if n == self.upstreams.len() => Status::Healthy,
            _ => Status::Degraded,
        }
    }

    /// The Host that an upstream sees; an HTTP/1.0 client may have sent none.
    fn host_for<'h>(&'h self, upstream: &'h Upstream, sent: Option<&'h HeaderValue>) -> &'h HeaderValue {
        match &self.host {
            HostPolicy::Preserve => sent.unwrap_or(&upstream.authority),
            HostPolicy::Upstream => &upstream.authority,
            HostPolicy::Name(name) => name,
        }
    }

    /// Waits, soon after the start only, until some upstream is known to be healthy or all are known not to be.
    async fn first_probes(&self) {
        let deadline = self.started + FIRST_PROBE_WAIT;
        loop {
            let probed = self.probed.notified();
            let mut probed = std::pin::pin!(probed);
            probed.as_mut().enable();
            let undecided = !self.upstreams.iter().any(|upstream| upstream.is_healthy())
                && self.upstreams.iter().any(|upstream| upstream.health() == Health::Unknown);
            if !undecided || tokio::time::timeout_at(deadline.into(), probed).await.is_err() {
                return;
            }
        }
    }
}

/// One worker's part of a cluster.
#[derive(Debug)]
pub(crate) struct LocalCluster {
    shared: Arc<Cluster>,
    index: usize,
    balancer: Rc<RefCell<Balancer>>,
    upstreams: Vec<Rc<LocalUpstream>>,
    /// Requests that the budget for retries has not been told of.
    asked: Cell<u32>,
}

impl LocalCluster {
    /// Closes the connections that have been idle for too long, and tells the budget of the requests since.
    pub(crate) fn sweep(&self, now: Instant) {
        if self.asked.get() != 0 {
            drop(self.budget(now));
        }
        self.upstreams.iter().for_each(|upstream| upstream.pool.sweep(now));
    }
}
