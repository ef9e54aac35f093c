//! The configuration, checked and complete: what `gateway.toml` means once every default is filled in, every
//! inheritance (`[defaults]` → service → route) is resolved and every fault is excluded.
//!
//! Nothing here can be invalid: the types that a request needs are parsed already (addresses, header names, patterns),
//! so that no stage of the walk checks configuration again.
//!
//! [`Config::load`] is the way from the file to here: `read` turns text into values with positions, `raw` lists every
//! key that there is, `check` gives them their meaning, and `diagnose` says what is wrong.
mod api_key;
mod balance;
mod check;
mod diagnose;
mod difference;
mod jwt;
mod limit_store;
mod load;
mod raw;
mod read;
mod resilience;
mod schema;
mod show;
mod source;
#[cfg(test)]
mod tests;
mod tls;
mod traffic;

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use http::{HeaderName, HeaderValue, uri::PathAndQuery};
use ipnet::IpNet;

use crate::{
    permit::{
        cors::Cors,
        validation::{BodySchema, ContentTypes},
    },
    route::{Rewrite, RoutePattern},
};

pub use api_key::{ApiKey, ApiKeys, KeyHash, KeyPlace, is_key_name, new_key};
pub use balance::{HashKey, LoadBalance, MaxInFlight};
pub use diagnose::{Fault, Faults, FaultsKind, Related, Style};
pub use jwt::{Algorithm, AuthMode, Jwt, KeySource, Secret};
pub use limit_store::LimitStore;
pub use resilience::{CircuitBreaker, Hedge, Retry, RetryOn};
pub use schema::schema;
pub use source::Source;
pub use tls::{Acme, Certificate, Roots, Tls, UpstreamTls};
pub use traffic::{CacheRules, Coding, Fallback, FallbackAnswer, Mirror, Redirect, Share, Split};

/// A whole `gateway.toml`.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file that it was read from, as the operator named it.
    pub file: PathBuf,
    /// `[server]`.
    pub server: Server,
    /// `[admin]`.
    pub admin: Admin,
    /// `[dns]`.
    pub dns: Dns,
    /// `[[jwt]]`, in the file's order.
    pub jwt: Vec<Jwt>,
    /// `[[api_key]]`, in the file's order.
    pub api_keys: Vec<ApiKeys>,
    /// `[rate_limit]`: for what no route takes, and for each route that has no other.
    pub rate_limit: Option<RateLimit>,
    /// `rate_limit.store`: where all limits are counted. Default none: in this process.
    pub limit_store: Option<LimitStore>,
    /// `[cors]`: for what no route takes, and for every route that does not say otherwise.
    pub cors: Option<Arc<Cors>>,
    /// `cache.max_size`: what all stored answers may take, in bytes. Default 64 MiB.
    pub cache_size: u64,
    /// `[services.*]`, in the file's order; never empty.
    pub services: Vec<Service>,
    /// Every file that was read for it, this one first, as each was then.
    pub sources: Vec<Source>,
}

impl Config {
    /// The claims that limits count by, each once: what a verified token must be asked for.
    pub fn limit_claims(&self) -> Vec<&str> {
        let routes = self.services.iter().flat_map(|service| &service.routes);
        let limits = routes.filter_map(|route| route.rate_limit.as_ref());
        let mut claims: Vec<&str> = limits.filter_map(|limit| limit.key.claim()).collect();
        claims.sort_unstable();
        claims.dedup();
        claims
    }
}

/// `[server]`: the public side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Cleartext listeners, at least one. Default `0.0.0.0:8000`.
    pub listen: Vec<SocketAddr>,
    /// `[server.tls]`, if there is any.
    pub tls: Option<Tls>,
    /// Worker threads, at least 1. Written `0` (the default): one for each core that this process may use.
    pub workers: usize,
    /// Peers whose `X-Forwarded-*`, `Forwarded` and `x-request-id` are believed. Default none.
    pub trusted_proxies: Vec<IpNet>,
    /// Networks whose connections begin with a header of the PROXY protocol. Default none.
    pub proxy_protocol: Vec<IpNet>,
    /// Client connections open at once, over all workers. Default 10,000.
    pub max_connections: usize,
    /// Whether `/docs` and `/openapi.json` tell everyone what the services take and give. Default true.
    pub docs: bool,
    /// How long running requests may take after SIGTERM. Default 30 s.
    pub drain_timeout: Duration,
    /// `timeouts = { header = "10s", idle = "75s", body_idle = "30s" }`.
    pub timeouts: ClientTimeouts,
    /// `limits = { header = "32KiB", headers = 100, uri = "8KiB", body = "10MiB" }`.
    pub limits: Limits,
}

/// How long a client may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientTimeouts {
    /// From the accept, or the first byte of a later request, to the end of the head. Default 10 s.
    pub header: Duration,
    /// Between two requests of a connection. Default 75 s.
    pub idle: Duration,
    /// Between two pieces of a body, in either direction. Default 30 s.
    pub body_idle: Duration,
}

/// How much a client may send; sizes in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The whole head. Default 32 KiB.
    pub header: usize,
    /// The number of header fields. Default 100.
    pub headers: usize,
    /// The request target. Default 8 KiB.
    pub uri: usize,
    /// The body. Default 10 MiB; a service or a route may set its own ([`Route::max_body`]).
    pub body: u64,
}

/// `[admin]`: the operator's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admin {
    /// Default `127.0.0.1:8900`.
    pub listen: SocketAddr,
}

/// `[dns]`: who knows the addresses of upstreams that the file names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dns {
    /// Name servers, asked in the file's order; port 53 unless said. None: those of `/etc/resolv.conf`, with the names
    /// of `/etc/hosts` before them.
    pub servers: Vec<SocketAddr>,
}

/// `[services.NAME]`: what one name of the file stands for.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// The key in the file: `user` of `[services.user]`.
    pub name: Arc<str>,
    /// At least one.
    pub upstreams: Vec<Upstream>,
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

/// One upstream: `"http://user-1:8001"` or `{ url = "http://user-2:8001", weight = 2 }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// A DNS name, an IPv4 address, or an IPv6 address without its brackets.
    pub host: String,
    /// Default 80, or 443 over https.
    pub port: u16,
    /// Whether it is spoken to over TLS: `https://`.
    pub is_https: bool,
    /// Its share of the requests beside the others'. Default 1, at least 1, at most 1,000.
    pub weight: u32,
}

impl Upstream {
    /// `user-1:8001`: what `Host` carries under [`HostPolicy::Upstream`]; the scheme's own port is left out.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == if self.is_https { 443 } else { 80 } { host } else { format!("{host}:{}", self.port) }
    }

    /// `http://user-1:8001`: how it is named in logs, metrics and `/health?verbose`.
    pub fn url(&self) -> String {
        format!("{}://{}", if self.is_https { "https" } else { "http" }, self.authority())
    }
}

/// `health = { path = "/health", interval = "5s", timeout = "2s", healthy_after = 2, unhealthy_after = 3 }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthCheck {
    /// Path and query that a probe asks for with GET; 2xx is healthy. Begins with `/`.
    pub path: String,
    /// Between two probes of one upstream, before jitter. Default 5 s.
    pub interval: Duration,
    /// For one probe, the connect included. Default 2 s.
    pub timeout: Duration,
    /// Good probes in a row that make an unhealthy upstream healthy. Default 2.
    pub healthy_after: u32,
    /// Failed probes in a row that make a healthy upstream unhealthy. Default 3.
    pub unhealthy_after: u32,
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

/// One route of a service, with all that it inherits.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// What a request must look like.
    pub pattern: RoutePattern,
    /// Its conditions and its rewrite as the file has them, for people.
    pub written: Written,
    /// Removed from the path's front before it is sent.
    pub strip_prefix: StripPrefix,
    /// Replaces the path before it is sent; never together with [`Route::strip_prefix`].
    pub rewrite: Option<Rewrite>,
    /// Where its clients are sent, in place of the service.
    pub redirect: Option<Redirect>,
    /// The services among which its requests are divided, in place of its own.
    pub split: Option<Split>,
    /// The service that gets copies of its requests.
    pub mirror: Option<Mirror>,
    /// What its clients get where the service gives no answer.
    pub fallback: Option<Fallback>,
    /// How long its upstreams may take.
    pub timeouts: UpstreamTimeouts,
    /// When a request is sent again; none: never.
    pub retry: Option<Retry>,
    /// When it is sent to another upstream as well; none: never.
    pub hedge: Option<Hedge>,
    /// The largest request body, in bytes. Default [`Limits::body`].
    pub max_body: u64,
    /// Whether a caller must say who it is. Default: required once the file has anything to check that with, else none.
    pub auth: AuthMode,
    /// What a caller's credential must all permit. Default nothing; always nothing with [`AuthMode::None`].
    pub scopes: Vec<Box<str>>,
    /// The innermost limit: the route's, its service's or the file's; none where it is off.
    pub rate_limit: Option<RateLimit>,
    /// What pages of other origins may do. Default nothing.
    pub cors: Option<Arc<Cors>>,
    /// The types of body that are taken. Default any.
    pub content_types: Option<Arc<ContentTypes>>,
    /// Fields that a request must have. Default none.
    pub required_headers: Arc<[HeaderName]>,
    /// What a body must be.
    pub schema: Option<Arc<BodySchema>>,
    /// Done to the request's fields, after the gateway's own are written.
    pub request_headers: HeaderRules,
    /// Done to the answer's fields.
    pub response_headers: HeaderRules,
    /// How its answers are stored; none: not at all.
    pub cache: Option<CacheRules>,
    /// The codings that its answers may be compressed in, the best first. Default none.
    pub compress: Arc<[Coding]>,
    /// Who is asked whether a request may pass.
    pub forward_auth: Option<ForwardAuth>,
}

/// `forward_auth = { url = "http://127.0.0.1:9000/verify", timeout = "2s", headers = ["X-User-Id"] }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardAuth {
    /// `url`, without its path, or `service`.
    pub authoriser: Authoriser,
    /// Path and query that it is asked for, as they are sent.
    pub target: PathAndQuery,
    /// From the question to the head of its answer. Default 2 s.
    pub timeout: Duration,
    /// Fields of its 2xx that go to the upstream. Default none.
    pub headers: Vec<HeaderName>,
    /// The only fields of the client that it is told of. Default all.
    pub request_headers: Option<Vec<HeaderName>>,
}

/// Who decides whether a request may pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authoriser {
    /// A server of its own.
    Url(Upstream),
    /// A service of the file, by its name: always one that the file has.
    Service(Arc<str>),
}

/// What a route's parsed forms no longer say, as the file has it: references such as `${NAME}` are not filled in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Written {
    /// `headers`: names and conditions.
    pub headers: Vec<(String, String)>,
    /// `query`: names and conditions.
    pub query: Vec<(String, String)>,
    /// `rewrite`.
    pub rewrite: Option<String>,
}

/// `strip_prefix`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StripPrefix {
    /// Absent or `false`.
    Nothing,
    /// `true`: what the pattern matched.
    Matched,
    /// This text, a prefix of whole segments; a path that does not begin with it is sent as it is.
    Text(String),
}

/// `timeouts = { connect = "2s", request = "30s", idle = "50s", tunnel_idle = "1h" }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UpstreamTimeouts {
    /// For a TCP connect. Default 2 s.
    pub connect: Duration,
    /// From the moment that the request was last moved on to the head of its answer. Default 30 s.
    pub request: Duration,
    /// For a pooled connection that nobody uses. Default 50 s.
    pub idle: Duration,
    /// For a WebSocket in which nothing moves, either way. Default 1 h.
    pub tunnel_idle: Duration,
    /// Between two pieces of an answer that is read as it comes. Default any.
    pub body_idle: Option<Duration>,
    /// From the end of the request's head to the last byte of the answer, a WebSocket's excepted. Default any.
    pub total: Option<Duration>,
}

impl Default for UpstreamTimeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(2),
            request: Duration::from_secs(30),
            idle: Duration::from_secs(50),
            tunnel_idle: Duration::from_hours(1),
            body_idle: None,
            total: None,
        }
    }
}

/// `rate_limit = { requests = 100, per = "1m", burst = 100, key = "ip" }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateLimit {
    /// Whose it is, and so what is counted together.
    pub scope: LimitScope,
    /// Requests of one caller in each period; at least 1.
    pub requests: u32,
    /// The period; more than zero.
    pub per: Duration,
    /// Requests that may come at once, after a pause. Default `requests`, at least 1.
    pub burst: u32,
    /// Who a caller is. Default [`LimitKey::Address`].
    pub key: LimitKey,
}

/// Where a limit is written, which is what it counts together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitScope {
    /// `[rate_limit]`: everything that has no other limit.
    Global,
    /// A service or `[defaults]`: the routes of one service that have none of their own.
    Service,
    /// A route: that route.
    Route,
}

/// What tells one caller from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LimitKey {
    /// `"ip"`: the client's address; of IPv6 the /64.
    Address,
    /// `"header:NAME"`: the value of this field; the address where it is not there once.
    Header(HeaderName),
    /// `"claim:NAME"`: this claim of the caller's token; the address where there is none.
    Claim(Box<str>),
}

impl LimitKey {
    /// The claim's name, if it is one.
    pub fn claim(&self) -> Option<&str> {
        match self {
            Self::Claim(name) => Some(name),
            Self::Address | Self::Header(_) => None,
        }
    }
}

/// `request_headers = { set = { X-A = "1" }, add = { X-B = "2" }, remove = ["X-C"] }`; done in the order remove, set,
/// add.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeaderRules {
    /// Replaces every field of that name.
    pub set: Vec<(HeaderName, HeaderValue)>,
    /// Comes beside the fields of that name.
    pub add: Vec<(HeaderName, HeaderValue)>,
    /// Removes every field of that name.
    pub remove: Vec<HeaderName>,
}
