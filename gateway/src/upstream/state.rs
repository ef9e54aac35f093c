//! An upstream, as every worker and its prober see it: where it is, and whether it is healthy.
use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Mutex,
        atomic::{AtomicU8, Ordering},
    },
    time::{Duration, Instant},
};

use http::HeaderValue;
use jiff::Timestamp;
use tokio::sync::Notify;

use crate::{config, h1::head::host_value, rejection::Rejection};

/// How long a resolved address is believed. The resolver of the system tells no time to live.
const DNS_TTL: Duration = Duration::from_secs(10);

/// Whether an upstream takes traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Health {
    /// Its first probe has not ended.
    Unknown = 0,
    Healthy = 1,
    Unhealthy = 2,
}

/// One upstream.
#[derive(Debug)]
pub(crate) struct Upstream {
    /// `http://user-1:8001`.
    pub(crate) url: String,
    /// `user-1:8001`, as a Host value.
    pub(crate) authority: HeaderValue,
    pub(crate) weight: u32,
    host: String,
    port: u16,
    /// The last address and when it was resolved.
    resolved: Mutex<Option<(SocketAddr, Instant)>>,
    health: AtomicU8,
    pub(crate) details: Mutex<Details>,
    /// Asks the prober to look at once.
    pub(crate) recheck: Notify,
}

/// What `/health?verbose` tells.
#[derive(Debug, Clone)]
pub(crate) struct Details {
    /// Since when the upstream is what it is.
    pub(crate) since: Timestamp,
    pub(crate) last_check: Option<Timestamp>,
    /// Why it is not healthy, or what the last probe met.
    pub(crate) last_error: Option<String>,
    /// How long the last good probe took.
    pub(crate) latency: Option<Duration>,
}

impl Upstream {
    /// An upstream of unknown health if it is `probed`, else a healthy one.
    pub(crate) fn new(config: &config::Upstream, probed: bool) -> Self {
        let health = if probed { Health::Unknown } else { Health::Healthy };
        Self {
            url: config.url(),
            authority: host_value(&config.authority()).expect("a checked upstream has a valid authority"),
            weight: config.weight,
            host: config.host.clone(),
            port: config.port,
            resolved: Mutex::default(),
            health: AtomicU8::new(health as u8),
            details: Mutex::new(Details { since: Timestamp::now(), last_check: None, last_error: None, latency: None }),
            recheck: Notify::new(),
        }
    }

    pub(crate) fn health(&self) -> Health {
        match self.health.load(Ordering::Relaxed) {
            0 => Health::Unknown,
            1 => Health::Healthy,
            _ => Health::Unhealthy,
        }
    }

    pub(crate) fn is_healthy(&self) -> bool {
        self.health() == Health::Healthy
    }

    /// Sets the state; whether it was another before.
    pub(crate) fn set_health(&self, health: Health) -> bool {
        let changed = self.health.swap(health as u8, Ordering::Relaxed) != health as u8;
        if changed {
            self.details().since = Timestamp::now();
        }
        changed
    }

    pub(crate) fn details(&self) -> std::sync::MutexGuard<'_, Details> {
        self.details.lock().expect("no holder of this lock panics")
    }

    /// Where to connect. A name is resolved at most once in [`DNS_TTL`]; while it can't be, its last address serves.
    pub(crate) async fn address(&self) -> Result<SocketAddr, Rejection> {
        if let Ok(ip) = self.host.parse::<IpAddr>() {
            return Ok((ip, self.port).into());
        }
        let last = *self.resolved.lock().expect("no holder of this lock panics");
        if let Some((address, at)) = last
            && at.elapsed() < DNS_TTL
        {
            return Ok(address);
        }
        let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await;
        match found.ok().and_then(|mut addresses| addresses.next()) {
            Some(address) => {
                *self.resolved.lock().expect("no holder of this lock panics") = Some((address, Instant::now()));
                Ok(address)
            }
            None => last.map(|(address, _)| address).ok_or(Rejection::UpstreamDns),
        }
    }
}
