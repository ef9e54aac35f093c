//! An upstream, as every worker and its prober see it: where it is, and whether it is healthy.
use std::{
    net::IpAddr,
    sync::{
        Mutex,
        atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use http::HeaderValue;
use jiff::Timestamp;
use tokio::sync::Notify;

use super::{
    adaptive::Adaptive,
    address::Address,
    circuit::Circuit,
    ejection::{By, Cause, Ejections},
};
use crate::{
    config::{self, Protocol},
    h1::head::host_value,
    mounts::Mounted,
    rejection::Rejection,
    tls::Connectors,
};

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
    /// `http://user-1:8001`, or `mounted:user`: what the file says.
    pub(crate) url: String,
    /// What messages call it: its URL, and for one of a name's servers the address, `http://user-1:8001 (10.0.0.5)`.
    pub(crate) label: String,
    /// `user-1:8001`, as a Host value.
    pub(crate) authority: HeaderValue,
    pub(crate) place: Place,
    pub(crate) circuit: Circuit,
    pub(crate) ejections: Ejections,
    /// Requests that it is at work on, where anything depends on that.
    pub(crate) in_flight: AtomicU32,
    /// How many it should be, where that is found out.
    pub(crate) adaptive: Adaptive,
    /// Milliseconds from `born` to the moment when it was back, after it had been out; 0 while it never was.
    back: AtomicU64,
    born: Instant,
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
    /// What made it unhealthy: the active check, or a request, which could not reach it.
    pub(crate) ejected_by: Option<By>,
    /// Why the last request that could not reach it failed.
    pub(crate) unreachable: Option<Cause>,
    /// Why it is not healthy, or what the last probe met.
    pub(crate) last_error: Option<String>,
    /// How long the last good probe took.
    pub(crate) latency: Option<Duration>,
}

impl Upstream {
    /// One server, at `ip`, of an upstream of the file; its health is unknown if it is `probed`, else good. `tls` is for
    /// https.
    pub(crate) fn remote(
        config: &config::Upstream,
        ip: Option<IpAddr>,
        tls: Option<&Connectors>,
        protocol: Protocol,
        probed: bool,
    ) -> Self {
        Self::new(config, config.url(), Place::Remote(Address::new(config, ip, tls, protocol)), probed)
    }

    /// The same in this process, in the place of a service's upstreams, of which `config` is the first.
    pub(crate) fn mounted(service: &Mounted, config: &config::Upstream, probed: bool) -> Self {
        Self::new(config, format!("mounted:{}", service.name()), Place::Mounted(service.clone()), probed)
    }

    fn new(config: &config::Upstream, url: String, place: Place, probed: bool) -> Self {
        let nowhere = is_nowhere(&place);
        let health = match (nowhere, probed) {
            (true, _) => Health::Unhealthy,
            (false, true) => Health::Unknown,
            (false, false) => Health::Healthy,
        };
        let label = address_of(&place).map(|address| format!("{url} ({address})"));
        Self {
            label: label.unwrap_or_else(|| url.clone()),
            url,
            authority: host_value(&config.authority()).expect("a checked upstream has a valid authority"),
            place,
            circuit: Circuit::new(),
            ejections: Ejections::default(),
            in_flight: AtomicU32::new(0),
            adaptive: Adaptive::new(),
            back: AtomicU64::new(0),
            born: Instant::now(),
            health: AtomicU8::new(health as u8),
            details: Mutex::new(Details {
                since: Timestamp::now(),
                last_check: None,
                ejected_by: None,
                unreachable: None,
                last_error: nowhere.then(|| Rejection::UpstreamDns.detail().into_owned()),
                latency: None,
            }),
            recheck: Notify::new(),
        }
    }

    /// Whether both mean the same server, reached in the same way.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let is_reached_alike = match (&self.place, &other.place) {
            (Place::Remote(ours), Place::Remote(theirs)) => ours.is_like(theirs),
            // The URL says which of them it is.
            _ => true,
        };
        is_reached_alike && (&self.url, &self.authority) == (&other.url, &other.authority)
    }

    /// What it speaks; a service of this process speaks none, and counts as HTTP/1.1.
    pub(crate) fn protocol(&self) -> Protocol {
        match &self.place {
            Place::Remote(address) => address.protocol,
            Place::Mounted(_) => Protocol::Http1,
        }
    }

    /// What its name stands for, if the file names it and the name resolves.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        address_of(&self.place)
    }

    /// Whether its name has no address: nobody can ask it before that has changed, and then it is another upstream.
    pub(crate) fn is_nowhere(&self) -> bool {
        is_nowhere(&self.place)
    }

    /// Counts as healthy from now on: nobody looks any more.
    pub(crate) fn forget_probes(&self) {
        if self.is_nowhere() {
            return;
        }
        self.set_health(Health::Healthy);
        let mut details = self.details();
        (details.last_check, details.last_error, details.latency) = (None, None, None);
        details.ejected_by = None;
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

    /// It takes traffic again, after it had been out.
    pub(crate) fn is_back(&self) {
        let since = u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.back.store(since.max(1), Ordering::Relaxed);
    }

    /// What it has of `weight`, in thousandths: that grows over `slow_start` once it is back, from a twentieth of the
    /// whole on.
    pub(crate) fn thousandths(&self, weight: u32, slow_start: Duration, now: Instant) -> u32 {
        let whole = weight.saturating_mul(1000);
        let back = self.back.load(Ordering::Relaxed);
        let since = now.saturating_duration_since(self.born + Duration::from_millis(back));
        if back == 0 || since >= slow_start {
            return whole;
        }
        let part = u128::from(whole) * since.as_nanos() / slow_start.as_nanos().max(1);
        u32::try_from(part).unwrap_or(whole).max(whole / 20)
    }

    pub(crate) fn details(&self) -> std::sync::MutexGuard<'_, Details> {
        self.details.lock().expect("no holder of this lock panics")
    }
}

fn is_nowhere(place: &Place) -> bool {
    matches!(place, Place::Remote(address) if address.socket().is_err())
}

fn address_of(place: &Place) -> Option<IpAddr> {
    let Place::Remote(address) = place else { return None };
    address.of_name()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weight_of_one_that_is_back_grows() {
        let config = config::Upstream { host: "a".into(), port: 80, is_https: false, weight: 2 };
        let upstream = Upstream::remote(&config, None, None, Protocol::Http1, false);
        let slow = Duration::from_secs(100);
        assert_eq!(upstream.thousandths(2, slow, Instant::now()), 2000, "it has never been out");
        upstream.is_back();
        let back = upstream.born + Duration::from_millis(upstream.back.load(Ordering::Relaxed));
        for (seconds, expected) in [(0, 100), (1, 100), (50, 1000), (75, 1500), (100, 2000), (1000, 2000)] {
            assert_eq!(upstream.thousandths(2, slow, back + Duration::from_secs(seconds)), expected, "{seconds}");
        }
    }
}
