//! Stage 7: a service's upstreams: which one is asked, what happens when it can't be reached, and what that says of its
//! health.
//!
//! A [`Cluster`] is shared by all workers and knows health; a [`LocalCluster`] is one worker's: its place in the
//! balancer's cycle and its idle connections.
mod ask;
pub(crate) mod health;

use std::{
    cell::RefCell,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use http::HeaderValue;
use tokio::sync::Notify;

use crate::{
    balance::round_robin::SmoothWeighted,
    body::{AnswerBody, Body},
    config::{HealthCheck, HostPolicy, UpstreamTimeouts},
    exchange::Exchange,
    h1::{client::Head, head::ResponseHead, pool::Pool},
    mounts::Mounted,
    rejection::Rejection,
    tls::Connectors,
    upstream::{Failure, Health, Upstream, send},
};

/// How long traffic waits for the first probes after the start.
const FIRST_PROBE_WAIT: Duration = Duration::from_secs(2);
/// Upstreams that one request is tried on, when it could not even be sent.
const MAX_UPSTREAMS_TRIED: u32 = 2;

/// A service's upstreams, as every worker sees them.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) name: Arc<str>,
    pub(crate) critical: bool,
    pub(crate) host: HostPolicy,
    pub(crate) check: Option<HealthCheck>,
    pub(crate) upstreams: Vec<Arc<Upstream>>,
    /// How long an idle connection is kept.
    pub(crate) idle: Duration,
    started: Instant,
    /// Told at each first probe.
    probed: Notify,
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
    /// The upstreams of the file, or `mounted` in their place.
    pub(crate) fn new(service: &crate::config::Service, mounted: Option<&Mounted>) -> Self {
        let probed = service.health.is_some();
        let is_https = service.upstreams.iter().any(|upstream| upstream.is_https);
        let tls = is_https.then(|| Connectors::new(service.tls.as_ref()));
        let remote = |upstream| Arc::new(Upstream::remote(upstream, tls.as_ref(), probed));
        let remote = || service.upstreams.iter().map(remote).collect();
        Self {
            name: Arc::clone(&service.name),
            critical: service.critical,
            host: service.host.clone(),
            check: service.health.clone(),
            upstreams: mounted.map_or_else(remote, |mounted| {
                vec![Arc::new(Upstream::mounted(mounted, &service.upstreams[0], probed))]
            }),
            idle: service.routes.iter().map(|route| route.timeouts.idle).min().unwrap_or(Duration::from_secs(50)),
            started: Instant::now(),
            probed: Notify::new(),
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
    balancer: RefCell<SmoothWeighted>,
    pools: Vec<Rc<Pool>>,
}

impl LocalCluster {
    /// The worker's part of the cluster with this index.
    pub(crate) fn new(index: usize, shared: &Arc<Cluster>) -> Self {
        Self {
            index,
            balancer: RefCell::new(SmoothWeighted::new(shared.upstreams.iter().map(|upstream| upstream.weight))),
            pools: shared.upstreams.iter().map(|_| Rc::new(Pool::new(shared.idle))).collect(),
            shared: Arc::clone(shared),
        }
    }

    /// Sends a request to a healthy upstream and waits for the head of the answer. One that could not be reached is
    /// marked, and the next is tried: nothing was sent yet.
    pub(crate) async fn send(
        &self,
        head: Head,
        mut body: Body,
        timeouts: &UpstreamTimeouts,
        exchange: &mut Exchange,
    ) -> Result<(ResponseHead, AnswerBody), Rejection> {
        let mut failed = None;
        let mut tried = 0;
        loop {
            let index = self.pick(failed).await?;
            let upstream = &self.shared.upstreams[index];
            exchange.upstream = Some((self.index, index));
            let host = self.shared.host_for(upstream, exchange.host.as_ref());
            let pool = &self.pools[index];
            let outcome = send(upstream, pool, &head, host, body, timeouts, &mut exchange.retries).await;
            exchange.upstream_time = Some(exchange.permitted.elapsed());
            tried += 1;
            match outcome {
                Ok(answer) => return Ok(answer),
                Err(Failure::Sent(rejection)) => return Err(rejection),
                Err(Failure::NotSent { rejection, body: unsent }) => {
                    self.go_on(index, tried, rejection)?;
                    exchange.retries += 1;
                    (body, failed) = (unsent, Some(index));
                }
            }
        }
    }

    /// Marks an upstream that could not be reached, and returns the rejection unless another one is to be tried.
    fn go_on(&self, unreachable: usize, tried: u32, rejection: Rejection) -> Result<(), Rejection> {
        let upstreams = &self.shared.upstreams;
        health::mark_unreachable(&upstreams[unreachable], &rejection);
        if tried == MAX_UPSTREAMS_TRIED || upstreams.len() == 1 { Err(rejection) } else { Ok(()) }
    }

    /// The next healthy upstream, not `except` unless there is no other.
    async fn pick(&self, except: Option<usize>) -> Result<usize, Rejection> {
        let upstreams = &self.shared.upstreams;
        let among = |allow: &dyn Fn(usize) -> bool| self.balancer.borrow_mut().pick(allow);
        let is_healthy = |index: usize| upstreams[index].is_healthy() && Some(index) != except;
        if let Some(index) = among(&is_healthy) {
            return Ok(index);
        }
        self.shared.first_probes().await;
        among(&is_healthy)
            // A probe that has not answered yet is no verdict.
            .or_else(|| among(&|index| upstreams[index].health() == Health::Unknown && Some(index) != except))
            .ok_or(Rejection::NoHealthyUpstream)
    }

    /// Closes the connections that have been idle for too long.
    pub(crate) fn sweep(&self, now: Instant) {
        self.pools.iter().for_each(|pool| pool.sweep(now));
    }
}
