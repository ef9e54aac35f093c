//! What the Kafka library tells of itself: its log, its errors, how far a consumer is behind, and when
//! partitions are taken from it.

use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::metrics::family::Family;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::statistics::{Partition, Statistics};
use rdkafka::{ClientContext, TopicPartitionList};

use crate::metrics::{Gauge, PartitionLabels};

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
pub(super) struct Watch {
    lag: Family<PartitionLabels, Gauge>,
    /// How often partitions were taken away.
    revocations: AtomicU64,
}

impl Watch {
    pub(super) fn new(lag: Family<PartitionLabels, Gauge>) -> Self {
        Self { lag, revocations: AtomicU64::new(0) }
    }

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

    fn stats(&self, statistics: Statistics) {
        for (name, topic) in statistics.topics {
            // Partition −1 is the library's own, for messages without one.
            for (number, partition) in topic.partitions.into_iter().filter(|(number, _)| *number >= 0) {
                let labels = PartitionLabels { topic: name.clone(), partition: number };
                match behind(&partition) {
                    Some(count) => {
                        self.lag.get_or_create(&labels).set(count);
                    }
                    // Another consumer of the group has it now, and tells of it.
                    None => {
                        self.lag.remove(&labels);
                    }
                }
            }
        }
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

/// How many messages of a partition are not yet consumed; `None` of one that is not ours, or whose end is
/// not known yet. A group that has committed nothing is behind by all that there is.
fn behind(partition: &Partition) -> Option<i64> {
    let ours = partition.desired && partition.fetch_state == "active" && partition.hi_offset >= 0;
    let from = partition.committed_offset.max(partition.lo_offset).max(0);
    ours.then(|| (partition.hi_offset - from).max(0))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn partition(state: &str, committed: i64, low: i64, high: i64) -> Partition {
        Partition {
            desired: true,
            fetch_state: state.into(),
            committed_offset: committed,
            lo_offset: low,
            hi_offset: high,
            ..Partition::default()
        }
    }

    #[test]
    fn a_consumer_is_behind_by_what_it_has_not_committed() {
        fn check(partition: &Partition, expected: Option<i64>) {
            assert_eq!(behind(partition), expected, "{partition:?}");
        }
        check(&partition("active", 7, 0, 10), Some(3));
        check(&partition("active", 10, 0, 10), Some(0));
        // Nothing committed yet, with an end and without.
        check(&partition("active", -1001, 4, 10), Some(6));
        check(&partition("active", -1001, -1001, -1001), None);
        // Another one's.
        check(&partition("none", 7, 0, 10), None);
        check(&Partition { desired: false, ..partition("active", 7, 0, 10) }, None);
    }
}
