//! What the Kafka library tells of itself: its log, its errors, and when partitions are taken from a consumer.

use std::sync::atomic::{AtomicU64, Ordering};

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::{ClientContext, TopicPartitionList};

/// Of a producer.
#[derive(Clone)]
pub(super) struct Log;

impl ClientContext for Log {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        told(&error, reason);
    }
}

/// Of a consumer.
#[derive(Default)]
pub(super) struct Watch {
    /// How often partitions were taken away.
    revocations: AtomicU64,
}

impl Watch {
    pub(super) fn revocations(&self) -> u64 {
        self.revocations.load(Ordering::Acquire)
    }
}

impl ClientContext for Watch {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        told(&error, reason);
    }
}

impl ConsumerContext for Watch {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(partitions) => tracing::debug!(count = partitions.count(), "partitions came"),
            Rebalance::Revoke(partitions) => {
                tracing::debug!(count = partitions.count(), "partitions went");
                self.revocations.fetch_add(1, Ordering::AcqRel);
            }
            Rebalance::Error(error) => tracing::warn!(%error, "the partitions could not be shared out; it is tried on"),
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, _: &TopicPartitionList) {
        if let Err(error) = result {
            // They come again after the next assignment, and the inbox knows them.
            tracing::debug!(%error, "offsets could not be committed");
        }
    }
}

/// That a broker is away is no error here, however the library ranks it: messages wait.
fn log(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => {
            tracing::error!(target: "kafka", facility, "{message}");
        }
        RDKafkaLogLevel::Error | RDKafkaLogLevel::Warning => tracing::warn!(target: "kafka", facility, "{message}"),
        _ => tracing::debug!(target: "kafka", facility, "{message}"),
    }
}

/// Its log has said most of it already.
fn told(error: &KafkaError, reason: &str) {
    tracing::debug!(target: "kafka", %error, "{reason}");
}
