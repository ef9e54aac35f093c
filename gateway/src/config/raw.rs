//! The file as written: every key that there is, each optional, each with its position.
//!
//! This is the one list of keys. What the file means (defaults, inheritance, what fits together) is `check`'s.
//!
//! A section of the file is in the module of its name: `server`, `admin`, `dns`, `jwt`, `api_key`, `rate_limit`, `cors`,
//! `cache`, `defaults`, and for `[services.NAME]` `service`, `upstream` and `route`. So is a key with keys of its own,
//! wherever it may stand: `tls`, `timeouts`, `limits`, `load_balance`, `max_in_flight`, `forward_auth`. The others are in
//! `upstream` (`health`), `resilience` (`circuit_breaker`, `retry`, `hedge`), `traffic` (`redirect`, `split`, `mirror`,
//! `fallback`), `headers` (`request_headers`, `response_headers`) and `validation` (`schema`).
mod admin;
mod api_key;
mod cache;
mod cors;
mod defaults;
mod dns;
mod forward_auth;
mod headers;
mod jwt;
mod limits;
mod load_balance;
mod max_in_flight;
mod rate_limit;
mod resilience;
mod route;
mod server;
mod service;
mod timeouts;
mod tls;
mod traffic;
mod upstream;
mod validation;

pub(crate) use admin::RawAdmin;
pub(crate) use api_key::{RawApiKey, RawApiKeys};
pub(crate) use cache::{RawCache, RawCacheStore};
pub(crate) use cors::RawCors;
pub(crate) use defaults::RawDefaults;
pub(crate) use dns::RawDns;
pub(crate) use forward_auth::RawForwardAuth;
pub(crate) use headers::RawHeaderRules;
pub(crate) use jwt::{RawJwks, RawJwt};
pub(crate) use limits::{RawBodyLimit, RawLimits};
pub(crate) use load_balance::{RawAffinity, RawLoadBalance};
pub(crate) use max_in_flight::{RawBounds, RawMaxInFlight};
pub(crate) use rate_limit::{RawFileLimit, RawLimitStore, RawRateLimit};
pub(crate) use resilience::{RawCircuitBreaker, RawHedge, RawRetry};
pub(crate) use route::{RawRoute, RawStripPrefix};
pub(crate) use server::RawServer;
pub(crate) use service::RawService;
pub(crate) use timeouts::{RawClientTimeouts, RawTimeouts};
pub(crate) use tls::{RawAcme, RawTls, RawUpstreamTls};
pub(crate) use traffic::{RawFallback, RawMirror, RawRedirect, RawShare};
pub(crate) use upstream::{RawHealth, RawUpstream};
pub(crate) use validation::RawSchema;

use super::read::{Named, OneOrMany, table};

table! {
    /// The configuration of the gateway.
    RawConfig {
        /// The public side: where clients connect, and what they may do.
        server: RawServer,
        /// The operator's side.
        admin: RawAdmin,
        /// Who knows the addresses of upstreams that the file names.
        dns: RawDns,
        /// Who issues tokens, and how they are checked; a token's `iss` picks the block.
        jwt: OneOrMany<RawJwt>,
        /// Callers that show a long-lived key, and where they show it.
        api_key: OneOrMany<RawApiKeys>,
        /// How often one caller may ask, where a service or a route says nothing else, and where no route matches.
        rate_limit: RawFileLimit,
        /// What pages of other origins may do: at every route, and where none matches.
        cors: RawCors,
        /// The memory for answers that are stored, by the routes whose `cache` is on.
        cache: RawCacheStore,
        /// What every service inherits; a service overrides it key by key, and a route overrides the service.
        defaults: RawDefaults,
        /// The services, each under its name: lower-case letters, digits, `-` and `_`.
        #[required]
        services: Named<RawService>,
    }
}
