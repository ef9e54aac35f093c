//! `gateway_requests` and how long they took, by route.
use std::fmt;

use prometheus_client::{
    encoding::{DescriptorEncoder, MetricEncoder},
    metrics::{MetricType, exemplar::Exemplar},
    registry::Unit,
};

use super::NO_EXEMPLAR;
use crate::{
    rejection::CODES,
    telemetry::metrics::{
        generations::{RouteTotals, Sum, Totals},
        shard::BOUNDS_MICROS,
    },
};

pub(super) fn encode(totals: &Totals, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let help = "Requests answered, by the gateway or through it";
    let mut family = encoder.encode_descriptor("gateway_requests", help, None, MetricType::Counter)?;
    for (labels, numbers) in totals {
        let [route, service] = labels.pairs();
        for (&pair, count) in &numbers.answers {
            let status = (pair >> 8).to_string();
            let code = (pair as usize & 0xff).checked_sub(1).map_or("", |code| CODES[code]);
            let labels = [route, service, ("status", status.as_str()), ("code", code)];
            family.encode_family(&labels)?.encode_counter(count, NO_EXEMPLAR)?;
        }
    }
    let (name, help) = ("gateway_request_duration", "From a request's head to the end of its answer");
    encode_histogram(encoder, totals, name, help, |numbers| &numbers.request)?;
    let (name, help) = ("gateway_upstream_duration", "From the pick of an upstream to the head of its answer");
    encode_histogram(encoder, totals, name, help, |numbers| &numbers.upstream)?;
    Ok(())
}

fn encode_histogram(
    encoder: &mut DescriptorEncoder<'_>,
    totals: &Totals,
    name: &str,
    help: &str,
    of: fn(&RouteTotals) -> &Sum,
) -> fmt::Result {
    let mut family = encoder.encode_descriptor(name, help, Some(&Unit::Seconds), MetricType::Histogram)?;
    for (labels, numbers) in totals {
        of(numbers).encode(family.encode_family(&labels.pairs())?)?;
    }
    Ok(())
}

impl Sum {
    #[allow(clippy::cast_precision_loss, reason = "a metric is a float in the end")]
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let bounds = BOUNDS_MICROS.iter().map(|&micros| micros as f64 / 1e6).chain([f64::INFINITY]);
        let buckets: Vec<(f64, u64)> = bounds.zip(self.buckets).collect();
        let none = None::<&std::collections::HashMap<usize, Exemplar<[(&str, &str); 0], f64>>>;
        encoder.encode_histogram(self.micros as f64 / 1e6, self.buckets.iter().sum(), &buckets, none)
    }
}
