//! What a scrape shows, in its order: a module for each group of metrics, with their names, helps and labels.
mod connections;
mod process;
mod requests;
mod traffic;
mod upstreams;

use std::{fmt, sync::Arc};

use prometheus_client::{collector::Collector, encoding::DescriptorEncoder, metrics::exemplar::Exemplar};

use super::{Metrics, RouteLabels};

/// The one that lies in the registry.
#[derive(Debug)]
pub(crate) struct Shared(pub(crate) Arc<Metrics>);

impl Collector for Shared {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.0.encode(encoder)
    }
}

impl Metrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let live = self.live.load();
        requests::encode(&self.generations.totals(), &mut encoder)?;
        upstreams::encode(&live, &mut encoder)?;
        traffic::encode(&live, &mut encoder)?;
        connections::encode(self, &mut encoder)?;
        process::encode(self, &live, &mut encoder)
    }
}

impl RouteLabels {
    fn pairs(&self) -> [(&str, &str); 2] {
        [("route", &self.route), ("service", &self.service)]
    }
}

/// No counter carries one.
const NO_EXEMPLAR: Option<&Exemplar<[(&str, &str); 0], u64>> = None;
