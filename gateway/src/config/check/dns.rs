//! `[dns]`.
use std::net::{IpAddr, SocketAddr};

use super::Checks;
use crate::config::{
    Dns,
    diagnose::{Code, Finding},
    raw::RawConfig,
    read::{At, Text},
};

/// Where name servers listen (RFC 1035 §4.2).
const PORT: u16 = 53;

pub(super) fn check(raw: &RawConfig, checks: &mut Checks) -> Dns {
    let servers = raw.dns.as_ref().and_then(|dns| dns.value.servers.as_ref());
    let servers = servers.iter().flat_map(|list| &list.value.list);
    Dns { servers: servers.filter_map(|text| server(text, checks)).collect() }
}

fn server(text: &At<Text>, checks: &mut Checks) -> Option<SocketAddr> {
    let meant = text.value.as_str();
    let ip = meant.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(meant);
    let address = meant.parse().or_else(|_| ip.parse::<IpAddr>().map(|ip| (ip, PORT).into()));
    let address = address.ok().filter(|address: &SocketAddr| address.port() != 0);
    if address.is_none() {
        let message = format!("`{}` is no address of a name server", text.value.shown());
        let finding = Finding::new(Code::BadAddress, &text.span, message).label("expected an IP address");
        checks.report(
            finding.help("write \"10.0.0.2\", \"10.0.0.2:5353\" or \"[fd00::2]:53\": a name would need another"),
        );
    }
    address
}
