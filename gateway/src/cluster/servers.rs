//! From the upstreams of the file to servers: an upstream is one server, or as many as its name has addresses.
use std::sync::Arc;

use crate::{
    config::{self, Protocol, UpstreamTls},
    names::Addresses,
    tls::Connectors,
    upstream::Upstream,
};

/// The servers in the file's order, and their weights: each server of a name has the weight of the whole, so that a
/// service that grows takes more. A name that nobody knows an address of is one server, which cannot be reached.
pub(super) fn of(
    upstreams: &[config::Upstream],
    addresses: &Addresses,
    tls: Option<&UpstreamTls>,
    protocol: Protocol,
    probed: bool,
) -> (Vec<Arc<Upstream>>, Vec<u32>) {
    let is_https = upstreams.iter().any(|upstream| upstream.is_https);
    let tls = is_https.then(|| Connectors::new(tls, protocol));
    let server = |config, ip| Arc::new(Upstream::remote(config, ip, tls.as_ref(), protocol, probed));
    let endpoints = upstreams.iter().flat_map(|upstream| {
        let mut ips: Vec<_> = upstream.ips(addresses).into_iter().map(Some).collect();
        if ips.is_empty() {
            ips.push(None);
        }
        ips.into_iter().map(move |ip| (upstream, ip))
    });
    endpoints.map(|(upstream, ip)| (server(upstream, ip), upstream.weight)).unzip()
}
