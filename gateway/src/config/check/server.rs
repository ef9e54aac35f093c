//! `[server]` and `[admin]`.
use std::{net::SocketAddr, time::Duration};

use ipnet::IpNet;

use super::{
    Checks,
    address::{self, Addresses},
    tls,
};
use crate::config::{
    Admin, ClientTimeouts, Limits, Server,
    diagnose::{Code, Finding},
    raw::{RawClientTimeouts, RawConfig, RawLimits},
    read::{At, OneOrMany, Text},
};

pub(super) fn check(raw: &RawConfig, checks: &mut Checks) -> (Server, Admin) {
    let server = raw.server.as_ref().map(|written| &written.value);
    let mut addresses = Addresses::default();
    let written = server.and_then(|server| server.listen.as_ref());
    let listen = match written {
        None => vec![addresses.assumed(SocketAddr::from(([0, 0, 0, 0], 8000)))],
        Some(list) => {
            if list.value.is_empty {
                let finding = Finding::new(Code::BadAddress, &list.span, "`listen` is empty");
                checks.report(finding.label("expected an address").help("add \"0.0.0.0:8000\""));
            }
            list.value.list.iter().filter_map(|text| addresses.written(text, checks)).collect()
        }
    };
    let admin = raw.admin.as_ref().and_then(|admin| admin.value.listen.as_ref());
    let admin = match admin {
        None => Some(addresses.assumed(SocketAddr::from(([127, 0, 0, 1], 8900)))),
        Some(text) => addresses.written(text, checks),
    };
    let tls = server.and_then(|server| server.tls.as_ref());
    let tls = tls.and_then(|written| tls::check(written, &mut addresses, checks));
    // Where one could not be read, its default stands in, which nobody asked for.
    let unread = [server.map(|server| &server.unread), raw.admin.as_ref().map(|admin| &admin.value.unread)];
    if !unread.into_iter().flatten().any(|keys| keys.contains(&"listen")) {
        addresses.report_duplicates(checks);
    }

    let workers = server.and_then(|server| server.workers.as_ref());
    let max_connections = server.and_then(|server| server.max_connections.as_ref());
    let drain = server.and_then(|server| server.drain_timeout.as_ref());
    let trusted_proxies = networks(server.and_then(|server| server.trusted_proxies.as_ref()), checks);
    let proxy_protocol = networks(server.and_then(|server| server.proxy_protocol.as_ref()), checks);
    let server = Server {
        listen,
        tls,
        workers: workers
            .and_then(|written| checks.count("workers", written, 0..=1024))
            .filter(|workers| *workers > 0)
            .map_or_else(cores, as_usize),
        trusted_proxies,
        proxy_protocol,
        max_connections: max_connections
            .and_then(|written| checks.count("max_connections", written, 1..=10_000_000))
            .map_or(10_000, as_usize),
        docs: server.and_then(|server| server.docs.as_ref()).is_none_or(|docs| docs.value),
        drain_timeout: drain
            .and_then(|written| checks.time_or_zero("drain_timeout", written))
            .unwrap_or(Duration::from_secs(30)),
        timeouts: timeouts(server.and_then(|s| s.timeouts.as_ref()).map(|t| &t.value), checks),
        limits: limits(server.and_then(|s| s.limits.as_ref()).map(|l| &l.value), checks),
    };
    // A fault of its own is reported already; no configuration with this address ever gets out.
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
    (server, Admin { listen: admin.unwrap_or(nowhere) })
}

fn networks(written: Option<&At<OneOrMany<Text>>>, checks: &mut Checks) -> Vec<IpNet> {
    let list = written.map_or(&[][..], |written| &written.value.list);
    list.iter().filter_map(|text| address::network(text, checks)).collect()
}

fn timeouts(raw: Option<&RawClientTimeouts>, checks: &mut Checks) -> ClientTimeouts {
    let empty = RawClientTimeouts::default();
    let raw = raw.unwrap_or(&empty);
    let mut time = |key, written: &Option<At<_>>, default| {
        let time = written.as_ref().and_then(|written| checks.time(key, written));
        time.unwrap_or(Duration::from_secs(default))
    };
    ClientTimeouts {
        header: time("header", &raw.header, 10),
        idle: time("idle", &raw.idle, 75),
        body_idle: time("body_idle", &raw.body_idle, 30),
    }
}

fn limits(raw: Option<&RawLimits>, checks: &mut Checks) -> Limits {
    let empty = RawLimits::default();
    let raw = raw.unwrap_or(&empty);
    let header = raw.header.as_ref().and_then(|at| checks.size("header", at, 1 << 10..=1 << 20));
    let headers = raw.headers.as_ref().and_then(|at| checks.count("headers", at, 1..=1000));
    let uri = raw.uri.as_ref().and_then(|at| checks.size("uri", at, 64..=1 << 16));
    let header = header.unwrap_or(32 << 10);
    if let (Some(uri), Some(at)) = (uri, &raw.uri)
        && uri > header
    {
        let message = "`uri` is larger than `header`, the whole head that it is a part of";
        let finding = Finding::new(Code::Conflict, &at.span, message).label("can never be reached");
        let finding = match &raw.header {
            Some(whole) => finding.related(&whole.span, "the whole head"),
            None => finding,
        };
        checks.report(finding.help("raise `header` or lower `uri`"));
    }
    Limits {
        header: as_usize(header),
        headers: headers.map_or(100, as_usize),
        uri: uri.map_or(8 << 10, as_usize),
        body: raw.body.as_ref().map_or(10 << 20, |body| body.value.0),
    }
}

/// What this process may use; 1 where the system does not say.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Every number that gets here was bounded far below 32 bits.
fn as_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
