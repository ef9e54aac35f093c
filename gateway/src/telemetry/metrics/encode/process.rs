//! What the process as a whole is at: certificates, limits, reloads, the log.
use std::{fmt, sync::atomic::Ordering::Relaxed, time::Instant};

use prometheus_client::{encoding::DescriptorEncoder, metrics::MetricType};

use super::NO_EXEMPLAR;
use crate::{
    live::Live,
    telemetry::metrics::{Metrics, Reloads},
};

pub(super) fn encode(metrics: &Metrics, live: &Live, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    if let Some(acme) = &live.acme {
        let help = "Orders of certificates, by what came of them";
        let mut family = encoder.encode_descriptor("gateway_acme_orders", help, None, MetricType::Counter)?;
        for (result, count) in [("issued", &acme.outcomes.issued), ("failed", &acme.outcomes.failed)] {
            family.encode_family(&[("result", result)])?.encode_counter(&count.load(Relaxed), NO_EXEMPLAR)?;
        }
    }
    let keys = live.counters.as_ref().map_or(0, |counters| counters.live(Instant::now()));
    let help = "Callers that have used some of their rate limit, one for each limit";
    encoder
        .encode_descriptor("gateway_rate_limit_keys", help, None, MetricType::Gauge)?
        .encode_gauge(&i64::try_from(keys).unwrap_or(i64::MAX))?;
    if let Some(store) = &live.limit_store {
        let help = "Whether limits are counted in the store that other gateways share";
        encoder
            .encode_descriptor("gateway_rate_limit_store_up", help, None, MetricType::Gauge)?
            .encode_gauge(&i64::from(store.is_up()))?;
        let help = "Requests that were counted in memory, since that store gave no answer";
        encoder
            .encode_descriptor("gateway_rate_limit_fallbacks", help, None, MetricType::Counter)?
            .encode_counter(&store.fallbacks(), NO_EXEMPLAR)?;
    }
    let help = "Times that the file was read again, by what came of it";
    let mut family = encoder.encode_descriptor("gateway_reloads", help, None, MetricType::Counter)?;
    let Reloads { applied, rejected, unchanged } = &metrics.reloads;
    for (result, count) in [("applied", applied), ("rejected", rejected), ("unchanged", unchanged)] {
        family.encode_family(&[("result", result)])?.encode_counter(&count.load(Relaxed), NO_EXEMPLAR)?;
    }
    let help = "Access-log lines that no reader took in time";
    encoder
        .encode_descriptor("gateway_log_lines_dropped", help, None, MetricType::Counter)?
        .encode_counter(&metrics.log_lines_dropped.load(Relaxed), NO_EXEMPLAR)
}
