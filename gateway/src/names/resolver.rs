//! Who is asked for names.
use std::{net::Ipv4Addr, time::Duration};

use hickory_resolver::{
    TokioResolver,
    config::{
        ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig, ServerOrderingStrategy,
    },
    net::runtime::TokioRuntimeProvider,
};

use crate::config::Dns;

/// For one question to one server; there is a second try.
const TIMEOUT: Duration = Duration::from_secs(2);

/// A resolver that asks the servers of `dns`, or those of the system as they are at this moment.
pub(super) fn new(dns: &Dns) -> TokioResolver {
    let provider = TokioRuntimeProvider::default;
    let of_system = || match TokioResolver::builder(provider()) {
        Ok(builder) => builder,
        Err(error) => {
            tracing::warn!(%error, "/etc/resolv.conf cannot be used: a name server on this machine is asked");
            let local = NameServerConfig::udp_and_tcp(Ipv4Addr::LOCALHOST.into());
            TokioResolver::builder_with_config(ResolverConfig::from_name_servers(vec![local]), provider())
        }
    };
    let mut builder = if dns.servers.is_empty() {
        of_system()
    } else {
        let servers = dns.servers.iter().map(|server| {
            let mut connections = vec![ConnectionConfig::udp(), ConnectionConfig::tcp()];
            for connection in &mut connections {
                connection.port = server.port();
            }
            NameServerConfig::new(server.ip(), true, connections)
        });
        TokioResolver::builder_with_config(ResolverConfig::from_name_servers(servers.collect()), provider())
    };
    let options = builder.options_mut();
    options.timeout = TIMEOUT;
    // The answer's time to live says when to ask again, and nobody else asks.
    options.cache_size = 0;
    options.server_ordering_strategy = ServerOrderingStrategy::UserProvidedOrder;
    // A name with addresses of both kinds would be two upstreams where one server listens.
    options.ip_strategy = LookupIpStrategy::Ipv4thenIpv6;
    if !dns.servers.is_empty() {
        options.use_hosts_file = ResolveHosts::Never;
    }
    builder.build().expect("without TLS nothing can fail")
}
