//! `[rate_limit] store`: where the counts of all limits are.
use std::{fmt, time::Duration};

use rustls::pki_types::ServerName;

use super::Secret;

/// A Redis that several gateways count in: `redis://user:password@cache.internal:6379/0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitStore {
    /// A name, or an address without brackets.
    pub host: Box<str>,
    /// Default 6379.
    pub port: u16,
    /// Who it is over TLS: with `rediss://` alone.
    pub server_name: Option<ServerName<'static>>,
    /// Who the gateway is to it; the default user where none is written.
    pub user: Option<Box<str>>,
    /// What it shows for that.
    pub password: Option<Secret>,
    /// The number of its database. Default 0.
    pub database: u32,
    /// How long a request waits for it, at most. Default 100 ms.
    pub timeout: Duration,
}

/// Its URL, without who the gateway is to it: for logs and for `/config`.
impl fmt::Display for LimitStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.server_name.is_some() { "rediss" } else { "redis" };
        let caller = if self.password.is_some() { "***@" } else { "" };
        let Self { host, port, database, .. } = self;
        if host.contains(':') {
            write!(f, "{scheme}://{caller}[{host}]:{port}/{database}")
        } else {
            write!(f, "{scheme}://{caller}{host}:{port}/{database}")
        }
    }
}
