//! An upstream, as every worker and its prober see it: where it is, and whether it is healthy.
use std::{
    sync::{
        Mutex,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use http::HeaderValue;
use jiff::Timestamp;
use tokio::sync::Notify;

use super::address::Address;
use crate::{config, h1::head::host_value, mounts::Mounted, tls::Connectors};

/// Whether an upstream takes traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Health {
    /// Its first probe has not ended.
    Unknown = 0,
    Healthy = 1,
    Unhealthy = 2,
}

/// How an upstream is reached.
#[derive(Debug)]
pub(crate) enum Place {
    /// Over the network.
    Remote(Address),
    /// In this process.
    Mounted(Mounted),
}

/// One upstream.
#[derive(Debug)]
pub(crate) struct Upstream {
    /// `http://user-1:8001`, or `mounted:user`.
    pub(crate) url: String,
    /// `user-1:8001`, as a Host value.
    pub(crate) authority: HeaderValue,
    pub(crate) weight: u32,
    pub(crate) place: Place,
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
    /// An upstream of unknown health if it is `probed`, else a healthy one; `tls` is for https.
    pub(crate) fn remote(config: &config::Upstream, tls: Option<&Connectors>, probed: bool) -> Self {
        Self::new(config, config.url(), Place::Remote(Address::new(config, tls)), probed)
    }

    /// The same in this process, in the place of a service's upstreams, of which `config` is the first.
    pub(crate) fn mounted(service: &Mounted, config: &config::Upstream, probed: bool) -> Self {
        Self::new(config, format!("mounted:{}", service.name()), Place::Mounted(service.clone()), probed)
    }

    fn new(config: &config::Upstream, url: String, place: Place, probed: bool) -> Self {
        let health = if probed { Health::Unknown } else { Health::Healthy };
        Self {
            url,
            authority: host_value(&config.authority()).expect("a checked upstream has a valid authority"),
            weight: config.weight,
            place,
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
}
