//! `[services.NAME]`: a service, and the Host that its upstreams are sent.
use std::{sync::Arc, time::Duration};

use http::HeaderValue;

use super::{CircuitBreaker, HealthCheck, LoadBalance, MaxInFlight, Protocol, Route, Upstream, UpstreamTls};

/// `[services.NAME]`: what one name of the file stands for.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// The key in the file: `user` of `[services.user]`.
    pub name: Arc<str>,
    /// At least one.
    pub upstreams: Vec<Upstream>,
    /// What they speak. Default [`Protocol::Http1`].
    pub protocol: Protocol,
    /// Which of them a request goes to.
    pub load_balance: LoadBalance,
    /// Over what time the weight of an upstream that is back grows. Default none.
    pub slow_start: Duration,
    /// Requests that one upstream is at work on at once. Default any number.
    pub max_in_flight: Option<MaxInFlight>,
    /// Whether the gateway is unhealthy without it. Default true.
    pub critical: bool,
    /// The active health check; none: every upstream counts as healthy.
    pub health: Option<HealthCheck>,
    /// When an upstream that fails is shut out; none: never.
    pub circuit_breaker: Option<CircuitBreaker>,
    /// How its `https://` upstreams are to be trusted. Default by the system's roots, for their own names.
    pub tls: Option<UpstreamTls>,
    /// The Host that its upstreams are sent. Default [`HostPolicy::Preserve`].
    pub host: HostPolicy,
    /// In the file's order; none only where a route of another service names this one.
    pub routes: Vec<Route>,
}

/// The `Host` that an upstream sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostPolicy {
    /// `host = "preserve"`: the client's own.
    Preserve,
    /// `host = "upstream"`: the upstream's authority.
    Upstream,
    /// `host = "api.internal"`: always this one.
    Name(HeaderValue),
}
