//! What mirrors, hedges and the cache have done, by route.
use std::fmt;

use prometheus_client::{encoding::DescriptorEncoder, metrics::MetricType};

use super::NO_EXEMPLAR;
use crate::{live::Live, telemetry::metrics::RouteLabels};

pub(super) fn encode(live: &Live, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let help = "Copies of requests, by what became of them: answered, failed, or not made";
    let mirrors = live.tallies.mirrors();
    encode_results(encoder, "gateway_mirrored", help, mirrors.iter().map(|(labels, counts)| (labels, counts.pairs())))?;
    let help = "Requests that the cache was looked at for, by how they were answered";
    let caches = live.tallies.caches();
    encode_results(
        encoder,
        "gateway_cache_requests",
        help,
        caches.iter().map(|(labels, counts)| (labels, counts.pairs())),
    )?;
    let help = "Requests sent to another upstream as well, by whether that was the first to answer, or not sent for want of budget";
    let hedges = live.tallies.hedges();
    encode_results(encoder, "gateway_hedges", help, hedges.iter().map(|(labels, counts)| (labels, counts.pairs())))?;
    let (bytes, entries) = live.cache.as_ref().map_or((0, 0), |store| store.size());
    for (name, help, value) in [
        ("gateway_cache_bytes", "Memory that stored answers take, about", bytes),
        ("gateway_cache_entries", "URIs with a stored answer", entries),
    ] {
        let value = i64::try_from(value).unwrap_or(i64::MAX);
        encoder.encode_descriptor(name, help, None, MetricType::Gauge)?.encode_gauge(&value)?;
    }
    Ok(())
}

/// A counter by route and by `result`.
fn encode_results<'l, const N: usize>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    counts: impl Iterator<Item = (&'l RouteLabels, [(&'static str, u64); N])>,
) -> fmt::Result {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (labels, results) in counts {
        let [route, service] = labels.pairs();
        for (result, count) in results {
            let labels = [route, service, ("result", result)];
            family.encode_family(&labels)?.encode_counter(&count, NO_EXEMPLAR)?;
        }
    }
    Ok(())
}
