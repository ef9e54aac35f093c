//! How often one caller may ask.
use std::time::Duration;

use http::HeaderName;

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
