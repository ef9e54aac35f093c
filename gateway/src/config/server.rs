//! `[server]`, `[admin]` and `[dns]`: what is not about one service.
use std::{net::SocketAddr, time::Duration};

use ipnet::IpNet;

use super::{ClientTimeouts, Tls};

/// `[server]`: the public side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Cleartext listeners, at least one. Default `0.0.0.0:8000`.
    pub listen: Vec<SocketAddr>,
    /// `[server.tls]`, if there is any.
    pub tls: Option<Tls>,
    /// Worker threads, at least 1. Written `0` (the default): one for each core that this process may use.
    pub workers: usize,
    /// Peers whose `X-Forwarded-*` and `x-request-id` are believed, and whose `Forwarded` and `Via` are passed on. Default none.
    pub trusted_proxies: Vec<IpNet>,
    /// Networks whose connections begin with a header of the PROXY protocol. Default none.
    pub proxy_protocol: Vec<IpNet>,
    /// Client connections open at once, over all workers. Default 10,000.
    pub max_connections: usize,
    /// Whether `/docs` and `/openapi.json` tell everyone what the services take and give. Default true.
    pub docs: bool,
    /// How long running requests may take after SIGTERM. Default 30 s.
    pub drain_timeout: Duration,
    /// `timeouts = { header = "10s", idle = "75s", body_idle = "30s" }`.
    pub timeouts: ClientTimeouts,
    /// `limits = { header = "32KiB", headers = 100, uri = "8KiB", body = "10MiB" }`.
    pub limits: Limits,
}

/// How much a client may send; sizes in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The whole head. Default 32 KiB.
    pub header: usize,
    /// The number of header fields. Default 100.
    pub headers: usize,
    /// The request target. Default 8 KiB.
    pub uri: usize,
    /// The body. Default 10 MiB; a service or a route may set its own ([`Route::max_body`](super::Route::max_body)).
    pub body: u64,
}

/// `[admin]`: the operator's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admin {
    /// Default `127.0.0.1:8900`.
    pub listen: SocketAddr,
}

/// `[dns]`: who knows the addresses of upstreams that the file names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dns {
    /// Name servers, asked in the file's order; port 53 unless said. None: those of `/etc/resolv.conf`, with the names
    /// of `/etc/hosts` before them.
    pub servers: Vec<SocketAddr>,
}
