//! What clients have open, and how their connections began.
use std::{
    fmt,
    sync::atomic::{AtomicI64, Ordering::Relaxed},
};

use prometheus_client::{encoding::DescriptorEncoder, metrics::MetricType};

use super::NO_EXEMPLAR;
use crate::{
    proxy_protocol,
    telemetry::metrics::{Gauges, Metrics},
    tls::OUTCOMES,
};

pub(super) fn encode(metrics: &Metrics, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let gauges = metrics.gauges();
    let total = |of: fn(&Gauges) -> &AtomicI64| gauges.iter().map(|gauges| of(gauges).load(Relaxed)).sum::<i64>();
    encoder
        .encode_descriptor("gateway_connections", "Open client connections", None, MetricType::Gauge)?
        .encode_gauge(&total(|gauges| &gauges.connections))?;
    encoder
        .encode_descriptor("gateway_in_flight", "Requests being served", None, MetricType::Gauge)?
        .encode_gauge(&total(|gauges| &gauges.in_flight))?;
    let help = "TLS handshakes of clients, by how they ended";
    let mut family = encoder.encode_descriptor("gateway_tls_handshakes", help, None, MetricType::Counter)?;
    for (outcome, count) in OUTCOMES.iter().zip(metrics.connecting.handshakes.counts()).filter(|(_, count)| *count > 0)
    {
        family.encode_family(&[("result", *outcome)])?.encode_counter(&count, NO_EXEMPLAR)?;
    }
    let help = "Connections refused, since no PROXY header came though one had to";
    let mut family = encoder.encode_descriptor("gateway_proxy_protocol_failures", help, None, MetricType::Counter)?;
    let counts = metrics.connecting.proxy_protocol.counts();
    for (reason, count) in proxy_protocol::FAILURES.iter().zip(counts).filter(|(_, count)| *count > 0) {
        family.encode_family(&[("reason", *reason)])?.encode_counter(&count, NO_EXEMPLAR)?;
    }
    Ok(())
}
