//! What a service measures beside its requests.

use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter as PrometheusCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge as PrometheusGauge;
use prometheus_client::registry::{Metric, Registry};

/// A value that goes up and down.
pub type Gauge = PrometheusGauge;
/// A value that goes up.
pub type Counter = PrometheusCounter;

/// Where metrics are registered, and what `/metrics` shows. Clones are the same registry.
#[derive(Debug, Clone, Default)]
pub struct Metrics(Arc<Mutex<Registry>>);

/// A topic's partition, as a label.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct PartitionLabels {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
}

impl Metrics {
    /// Registers `metric` under `name` (`_total` is added to counters); `help` is a few words.
    pub fn register<M: Metric + Clone>(&self, name: &str, help: &str, metric: M) -> M {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).register(name, help, metric.clone());
        metric
    }

    /// A gauge without labels.
    pub fn gauge(&self, name: &str, help: &str) -> Gauge {
        self.register(name, help, Gauge::default())
    }

    /// A counter without labels; its name ends with `_total`.
    pub fn counter(&self, name: &str, help: &str) -> Counter {
        self.register(name, help, Counter::default())
    }

    /// How far a consumer is behind, by topic and partition; the broker is asked every other second.
    pub fn consumer_lag(&self) -> Family<PartitionLabels, Gauge> {
        self.register("events_consumer_lag", "Messages not yet consumed", Family::default())
    }

    /// In `OpenMetrics` text form.
    pub fn encode(&self) -> String {
        let mut encoded = String::new();
        let registry = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        text::encode(&mut encoded, &registry).expect("writing to a String cannot fail");
        encoded
    }

    pub(crate) fn with<R>(&self, register: impl FnOnce(&mut Registry) -> R) -> R {
        register(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
