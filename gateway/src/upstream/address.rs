//! Where a remote upstream is.
use std::{
    net::{IpAddr, SocketAddr},
    sync::{Mutex, MutexGuard},
    time::{Duration, Instant},
};

use crate::{
    config,
    rejection::Rejection,
    tls::{Connector, Connectors},
};

/// How long a resolved address is believed. The resolver of the system tells no time to live.
const DNS_TTL: Duration = Duration::from_secs(10);

/// A host and a port.
#[derive(Debug)]
pub(crate) struct Address {
    host: String,
    port: u16,
    /// Over https.
    pub(super) tls: Option<Connector>,
    /// The last address and when it was resolved.
    resolved: Mutex<Option<(SocketAddr, Instant)>>,
}

impl Address {
    /// `tls` is there where the upstream is https.
    pub(super) fn new(config: &config::Upstream, tls: Option<&Connectors>) -> Self {
        let tls = tls.filter(|_| config.is_https).map(|tls| tls.to(&config.host));
        Self { host: config.host.clone(), port: config.port, tls, resolved: Mutex::default() }
    }

    /// Where to connect. A name is resolved at most once in [`DNS_TTL`]; while it can't be, its last address serves.
    pub(crate) async fn resolve(&self) -> Result<SocketAddr, Rejection> {
        if let Ok(ip) = self.host.parse::<IpAddr>() {
            return Ok((ip, self.port).into());
        }
        let last = *self.resolved();
        if let Some((address, at)) = last
            && at.elapsed() < DNS_TTL
        {
            return Ok(address);
        }
        let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await;
        match found.ok().and_then(|mut addresses| addresses.next()) {
            Some(address) => {
                *self.resolved() = Some((address, Instant::now()));
                Ok(address)
            }
            None => last.map(|(address, _)| address).ok_or(Rejection::UpstreamDns),
        }
    }

    fn resolved(&self) -> MutexGuard<'_, Option<(SocketAddr, Instant)>> {
        self.resolved.lock().expect("no holder of this lock panics")
    }
}
