//! Where a service runs, and how it is probed.
use std::time::Duration;

use super::Question;

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
    /// `user-1:8001`: what `Host` carries under [`HostPolicy::Upstream`](super::HostPolicy::Upstream); the scheme's own
    /// port is left out.
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
    /// What a probe asks.
    pub question: Question,
    /// Between two probes of one upstream, before jitter. Default 5 s.
    pub interval: Duration,
    /// For one probe, the connect included. Default 2 s.
    pub timeout: Duration,
    /// Good probes in a row that make an unhealthy upstream healthy. Default 2.
    pub healthy_after: u32,
    /// Failed probes in a row that make a healthy upstream unhealthy. Default 3.
    pub unhealthy_after: u32,
}
