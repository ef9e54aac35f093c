//! Each upstream of each service: whether it gets requests, and how many at once.
use std::{borrow::Cow, fmt};

use prometheus_client::{encoding::DescriptorEncoder, metrics::MetricType};

use super::NO_EXEMPLAR;
use crate::{cluster::Cluster, live::Live, upstream::Upstream};

pub(super) fn encode(live: &Live, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let help = "Whether an upstream is healthy";
    let mut family = encoder.encode_descriptor("gateway_upstream_healthy", help, None, MetricType::Gauge)?;
    for cluster in &live.clusters {
        for upstream in &cluster.upstreams {
            family.encode_family(&server_labels(cluster, upstream))?.encode_gauge(&i64::from(upstream.is_healthy()))?;
        }
    }
    let help = "The circuit of an upstream: 0 closed, 1 half-open, 2 open";
    let mut family = encoder.encode_descriptor("gateway_circuit_state", help, None, MetricType::Gauge)?;
    for cluster in &live.clusters {
        for upstream in &cluster.upstreams {
            family
                .encode_family(&server_labels(cluster, upstream))?
                .encode_gauge(&(upstream.circuit.state() as i64))?;
        }
    }
    let help = "Requests that an upstream may be at work on at once, where that is found out";
    let mut family = encoder.encode_descriptor("gateway_concurrency_limit", help, None, MetricType::Gauge)?;
    for cluster in live.clusters.iter().filter(|cluster| cluster.bounds().is_some()) {
        for upstream in &cluster.upstreams {
            let limit = i64::from(cluster.most(upstream).unwrap_or_default());
            family.encode_family(&server_labels(cluster, upstream))?.encode_gauge(&limit)?;
        }
    }
    let help =
        "Times that an upstream was shut out: by its check, by a request that could not reach it, by its circuit";
    let mut family = encoder.encode_descriptor("gateway_ejections", help, None, MetricType::Counter)?;
    for cluster in &live.clusters {
        for upstream in &cluster.upstreams {
            for (by, count) in upstream.ejections.pairs() {
                let mut labels = server_labels(cluster, upstream);
                labels.push(("by", by.into()));
                family.encode_family(&labels)?.encode_counter(&count, NO_EXEMPLAR)?;
            }
        }
    }
    Ok(())
}

/// Whose number it is: one of a name's servers is told apart by its address.
fn server_labels<'u>(cluster: &'u Cluster, upstream: &'u Upstream) -> Vec<(&'static str, Cow<'u, str>)> {
    let mut labels = vec![("service", (&*cluster.name).into()), ("upstream", (&*upstream.url).into())];
    labels.extend(upstream.address().map(|address| ("address", address.to_string().into())));
    labels
}
