//! Envoy, set as someone would who knows it: one worker thread, no request ids, no limit that a load could meet.

use std::{fs, io, path::Path, process::Command};

use super::{Listen, Place, own_directory};

/// What stands before the name of every part of its configuration.
const TYPES: &str = "type.googleapis.com/envoy.extensions";

pub(super) fn command(program: &Path, place: &Place<'_>, listen: Listen<'_>) -> io::Result<Command> {
    let directory = own_directory(place, "envoy", listen.plain)?;
    let file = directory.join("envoy.yaml");
    fs::write(&file, text(place, listen))?;
    let mut command = Command::new(program);
    command.arg("-c").arg(file).args(["--concurrency", "1", "--disable-hot-restart", "-l", "error"]);
    Ok(command)
}

fn text(place: &Place<'_>, listen: Listen<'_>) -> String {
    let address = |of: std::net::SocketAddr| {
        format!("{{ socket_address: {{ address: {}, port_value: {} }} }}", of.ip(), of.port())
    };
    let filter = format!(
        r#"{{ name: http, typed_config: {{ "@type": {TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager,
          stat_prefix: clients, codec_type: AUTO, use_remote_address: true, generate_request_id: false,
          http2_protocol_options: {{ max_concurrent_streams: 256 }}, common_http_protocol_options: {{ idle_timeout: 600s }},
          route_config: {{ virtual_hosts: [{{ name: all, domains: ["*"], routes: [{{ match: {{ prefix: "/" }},
          route: {{ cluster: origin, timeout: 0s }} }}] }}] }}, http_filters: [{{ name: router,
          typed_config: {{ "@type": {TYPES}.filters.http.router.v3.Router, suppress_envoy_headers: true }} }}] }} }}"#
    );
    let tls = listen.tls.map_or_else(String::new, |(at, shown)| {
        let (cert, key, at) = (shown.cert.display(), shown.key.display(), address(at));
        format!(
            r#"
  - name: tls
    address: {at}
    filter_chains:
    - filters: [{filter}]
      transport_socket: {{ name: tls, typed_config: {{ "@type": {TYPES}.transport_sockets.tls.v3.DownstreamTlsContext,
        common_tls_context: {{ alpn_protocols: [h2, http/1.1],
        tls_certificates: [{{ certificate_chain: {{ filename: {cert} }}, private_key: {{ filename: {key} }} }}] }} }} }}"#
        )
    });
    let (plain, origin) = (address(listen.plain), address(place.upstream));
    format!(
        "static_resources:
  listeners:
  - name: plain
    address: {plain}
    filter_chains:
    - filters: [{filter}]{tls}
  clusters:
  - name: origin
    type: STATIC
    connect_timeout: 5s
    circuit_breakers: {{ thresholds: [{{ max_connections: 100000, max_pending_requests: 100000, max_requests: 100000 }}] }}
    load_assignment: {{ cluster_name: origin, endpoints: [{{ lb_endpoints: [{{ endpoint: {{ address: {origin} }} }}] }}] }}
"
    )
}
