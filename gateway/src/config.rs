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
mod forward_auth;
mod headers;
mod jwt;
mod limit_store;
mod load;
mod protocol;
mod rate_limit;
mod raw;
mod read;
mod resilience;
mod route;
mod schema;
mod server;
mod service;
mod show;
mod source;
#[cfg(test)]
mod tests;
mod timeouts;
mod tls;
mod traffic;
mod upstream;

use std::{path::PathBuf, sync::Arc};

use crate::permit::cors::Cors;

pub use api_key::{ApiKey, ApiKeys, KeyHash, KeyPlace, is_key_name, new_key};
pub use balance::{HashKey, LoadBalance, MaxInFlight};
pub use diagnose::{Fault, Faults, FaultsKind, Related, Style};
pub use forward_auth::{Authoriser, ForwardAuth};
pub use headers::HeaderRules;
pub use jwt::{Algorithm, AuthMode, Jwt, KeySource, Secret};
pub use limit_store::LimitStore;
pub use protocol::{Protocol, Question};
pub use rate_limit::{LimitKey, LimitScope, RateLimit};
pub use resilience::{CircuitBreaker, Hedge, Retry, RetryOn};
pub use route::{Route, StripPrefix, Written};
pub use schema::schema;
pub use server::{Admin, Dns, Limits, Server};
pub use service::{HostPolicy, Service};
pub use source::Source;
pub use timeouts::{ClientTimeouts, UpstreamTimeouts};
pub use tls::{Acme, Certificate, Roots, Tls, UpstreamTls};
pub use traffic::{CacheRules, Coding, Fallback, FallbackAnswer, Mirror, Redirect, Share, Split};
pub use upstream::{HealthCheck, Upstream};

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
