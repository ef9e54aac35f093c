//! The bus by a Kafka broker.

use prometheus_client::metrics::family::Family;

use super::{Delivery, Message, PublishError};
use crate::metrics::{Gauge, Metrics, PartitionLabels};

/// Where the broker is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KafkaSettings {
    /// `KAFKA_BOOTSTRAP_SERVERS`: `HOST:PORT[,HOST:PORT…]`.
    pub bootstrap_servers: String,
}

impl KafkaSettings {
    /// Parses `HOST:PORT[,HOST:PORT…]`.
    pub fn parse(value: &str) -> Option<Self> {
        let whole = |server: &str| {
            let (host, port) = server.trim().rsplit_once(':')?;
            (!host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0)).then_some(())
        };
        let all = value.split(',').all(|server| whole(server).is_some());
        all.then(|| Self { bootstrap_servers: value.to_owned() })
    }
}

/// A bus by a broker. Clones share its connections.
#[derive(Debug, Clone)]
pub struct KafkaBus {
    settings: KafkaSettings,
    lag: Family<PartitionLabels, Gauge>,
}

/// A consumer group's side.
#[derive(Debug)]
pub struct KafkaSubscription {}

impl KafkaBus {
    /// Over the broker of `settings`, which need not be there yet.
    pub fn connect(settings: &KafkaSettings, metrics: &Metrics) -> Result<Self, PublishError> {
        Ok(Self { settings: settings.clone(), lag: metrics.consumer_lag() })
    }

    pub(super) async fn publish(&self, messages: Vec<Message>) -> Result<(), PublishError> {
        let _ = messages;
        Err(PublishError(format!("not connected to {}", self.settings.bootstrap_servers)))
    }

    pub(super) fn subscribe(&self, group: &str, topics: &[&str]) -> Result<KafkaSubscription, PublishError> {
        let _ = (group, topics, &self.lag);
        Ok(KafkaSubscription {})
    }
}

impl KafkaSubscription {
    pub(super) async fn next(&mut self) -> Vec<Delivery> {
        std::future::pending().await
    }

    pub(super) async fn done(&mut self) {}
}
