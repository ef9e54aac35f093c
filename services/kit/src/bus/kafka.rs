//! The bus by a Kafka broker.
//!
//! **Order.** A topic's partition gets the messages of this process in the order of their outbox, each at
//! least once and never with a gap: the producer is idempotent, so the broker takes a message only right
//! after the one before it; none is ever given up for being old, so a broker that is away costs delay
//! alone; and where a message fails for good, the producer ends rather than to send what is behind it
//! (see [`KafkaBus::connect`] and the module `producer`). What is published again therefore begins at or
//! before the place where the order broke off, and of each message the first that a consumer sees comes
//! in order; it skips the others by its inbox. That holds for two processes too of which one relays on
//! while the other, which has lost the right to, still has messages under way: both send the same order.
//!
//! **Groups.** The offset of a message is committed once the service has applied it, so a consumer that
//! dies leaves what it had not applied to the next one of its group.

mod context;
mod convert;
mod lag;
mod producer;
mod settings;
mod subscription;

pub use convert::received;
pub use settings::KafkaSettings;
pub use subscription::KafkaSubscription;

use std::fmt;
use std::sync::Arc;

use prometheus_client::metrics::family::Family;

use super::{Message, PublishError};
use crate::metrics::{Gauge, Metrics, PartitionLabels};
use producer::Producer;

/// A bus by a broker. Clones share its connections.
#[derive(Clone)]
pub struct KafkaBus {
    settings: KafkaSettings,
    lag: Family<PartitionLabels, Gauge>,
    producer: Arc<Producer>,
}

impl KafkaBus {
    /// Over the broker of `settings`, which need not be there yet: what is published waits for it, as
    /// long as it takes. An error means settings that no broker could be reached by.
    pub fn connect(settings: &KafkaSettings, metrics: &Metrics) -> Result<Self, PublishError> {
        let producer = Arc::new(Producer::new(settings)?);
        Ok(Self { settings: settings.clone(), lag: metrics.consumer_lag(), producer })
    }

    pub(super) async fn publish(&self, messages: Vec<Message>) -> Result<(), PublishError> {
        self.producer.publish(&messages).await
    }

    pub(super) fn subscribe(&self, group: &str, topics: &[&str]) -> Result<KafkaSubscription, PublishError> {
        KafkaSubscription::new(&self.settings, group, topics, self.lag.clone())
    }
}

impl fmt::Debug for KafkaBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaBus").field("settings", &self.settings).finish_non_exhaustive()
    }
}
