//! Limits that several gateways share: they count in one Redis, by one script (`gcra.lua`), which says the same as
//! [`super::Limiter`] does, by the clock of Redis.
//!
//! Each worker has one connection ([`Link`]), on which any number of checks are under way at once. A Redis that is away
//! makes no request wait: whoever has begun to wait waits for the time-out of the first of them at most; then, and until
//! Redis is back, each gateway counts in its own memory. The connection is made again beside that.
mod connection;
mod link;
mod script;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
};

use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;

pub(crate) use link::Link;
pub(super) use script::{Check, Key};

use crate::{config::LimitStore, tls};

/// The Redis of one configuration, as all workers see it.
pub(crate) struct Store {
    config: LimitStore,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    /// Workers whose connection is lost.
    away: AtomicUsize,
    /// Requests that were counted in memory instead.
    fallbacks: AtomicU64,
}

impl Store {
    /// That of `config`: `known`, where it says the same.
    pub(super) fn or_known(config: &LimitStore, known: Option<&Arc<Self>>) -> Arc<Self> {
        if let Some(known) = known.filter(|known| known.config == *config) {
            return Arc::clone(known);
        }
        let tls = config.server_name.clone().map(|name| {
            let mut trust = (*tls::system()).clone();
            // What is spoken is agreed on by the URL.
            trust.alpn_protocols.clear();
            (TlsConnector::from(Arc::new(trust)), name)
        });
        Arc::new(Self { config: config.clone(), tls, away: AtomicUsize::new(0), fallbacks: AtomicU64::new(0) })
    }

    /// Whether every worker counts there.
    pub(crate) fn is_up(&self) -> bool {
        self.away.load(Relaxed) == 0
    }

    /// Requests that were counted in memory, since it was away.
    pub(crate) fn fallbacks(&self) -> u64 {
        self.fallbacks.load(Relaxed)
    }

    /// A worker has lost it.
    fn lost(&self, reason: &str) {
        if self.away.fetch_add(1, Relaxed) == 0 {
            tracing::warn!(store = %self.config, reason, "the store of the limits is away: this gateway counts for itself");
        }
    }

    /// A worker has it again.
    fn found(&self) {
        if self.away.fetch_sub(1, Relaxed) == 1 {
            tracing::info!(store = %self.config, "the store of the limits is back: all gateways count together again");
        }
    }

    /// A worker that had lost it needs it no more.
    fn forgotten(&self) {
        self.away.fetch_sub(1, Relaxed);
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("config", &self.config).finish_non_exhaustive()
    }
}
