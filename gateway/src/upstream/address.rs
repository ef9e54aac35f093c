//! Where a remote upstream is.
use std::net::{IpAddr, SocketAddr};

use crate::{
    config::{self, Protocol},
    rejection::Rejection,
    tls::{Connector, Connectors},
};

/// One server: an address and a port.
#[derive(Debug)]
pub(crate) struct Address {
    /// None: its name does not resolve.
    socket: Option<SocketAddr>,
    /// Whether the file names it, so that the address can be another one later.
    is_named: bool,
    /// Over https.
    pub(super) tls: Option<Connector>,
    pub(super) protocol: Protocol,
}

impl Address {
    /// `ip` is where it is; `tls` is there where the upstream is https, and made for the same `protocol`.
    pub(super) fn new(
        config: &config::Upstream,
        ip: Option<IpAddr>,
        tls: Option<&Connectors>,
        protocol: Protocol,
    ) -> Self {
        let tls = tls.filter(|_| config.is_https).map(|tls| tls.to(&config.host));
        Self { socket: ip.map(|ip| (ip, config.port).into()), is_named: config.ip().is_none(), tls, protocol }
    }

    /// Where to connect.
    pub(crate) fn socket(&self) -> Result<SocketAddr, Rejection> {
        self.socket.ok_or(Rejection::UpstreamDns)
    }

    /// What its name stands for, if it has one.
    pub(super) fn of_name(&self) -> Option<IpAddr> {
        self.socket.filter(|_| self.is_named).map(|socket| socket.ip())
    }

    /// Whether both are one server, reached in the same way.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        (self.socket, &self.tls, self.protocol) == (other.socket, &other.tls, other.protocol)
    }
}
