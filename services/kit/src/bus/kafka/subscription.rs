//! What consumes.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use prometheus_client::metrics::family::Family;
use rdkafka::consumer::{CommitMode, Consumer as _, StreamConsumer};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::BorrowedMessage;
use rdkafka::{Offset, TopicPartitionList};

use super::KafkaSettings;
use super::context::Watch;
use super::convert::received;
use super::lag::Asking;
use crate::bus::{Delivery, PublishError};
use crate::metrics::{Gauge, PartitionLabels};

/// Messages given at once.
const AT_ONCE: usize = 256;

/// A consumer group's side. Dropping it leaves the group, which blocks for the broker's answer;
/// [`super::super::Subscription::close`] does so without blocking the runtime.
pub struct KafkaSubscription {
    consumer: Arc<StreamConsumer<Watch>>,
    /// Who tells how far it is behind.
    asking: Asking,
    /// The offset behind the last message given, by topic and partition, since the last commit.
    given: HashMap<(String, i32), i64>,
    /// The revocations that `given` has seen.
    revocations: u64,
}

impl KafkaSubscription {
    /// Joins the group; the broker need not be there yet.
    pub(super) fn new(
        settings: &KafkaSettings,
        group: &str,
        topics: &[&str],
        lag: Family<PartitionLabels, Gauge>,
    ) -> Result<Self, PublishError> {
        let session = settings.session_timeout.as_millis();
        let mut config = settings.client(group);
        config
            .set("group.id", group)
            .set("session.timeout.ms", session.to_string())
            .set("heartbeat.interval.ms", (session / 4).clamp(1, 3_000).to_string())
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "earliest")
            // A topic that does not exist yet is looked for this often; making it is its publisher's part.
            .set("topic.metadata.refresh.interval.ms", "2000")
            .set("allow.auto.create.topics", "false")
            // What is fetched ahead; the library's own 64 MiB would be most of a service's memory.
            .set("queued.min.messages", "1000")
            .set("queued.max.messages.kbytes", "4096");
        let failed = |error: KafkaError| PublishError(error.to_string());
        let consumer: StreamConsumer<Watch> = config.create_with_context(Watch::default()).map_err(failed)?;
        consumer.subscribe(topics).map_err(failed)?;
        let consumer = Arc::new(consumer);
        let asking = Asking::begin(&consumer, lag);
        Ok(Self { consumer, asking, given: HashMap::new(), revocations: 0 })
    }

    /// One message, however long it takes, and those that are there already behind it.
    ///
    /// Where partitions are taken away in between, what was gathered before is forgotten: whoever has
    /// them next, and be it this one, gets it again from the last commit on.
    pub(in crate::bus) async fn next(&mut self) -> Vec<Delivery> {
        let consumer = Arc::clone(&self.consumer);
        loop {
            let mut deliveries = Vec::new();
            let mut next = Some(consumer.recv().await);
            while let Some(result) = next {
                self.forget_what_was_revoked(&mut deliveries);
                match result {
                    Ok(message) => deliveries.push(self.give(&message)),
                    Err(error) => tell(&error),
                }
                next = if deliveries.len() < AT_ONCE { at_hand(&consumer) } else { None };
            }
            self.forget_what_was_revoked(&mut deliveries);
            if !deliveries.is_empty() {
                return deliveries;
            }
        }
    }

    /// Commits what was given. The broker's answer is not waited for: what it does not keep comes again.
    pub(in crate::bus) fn done(&mut self) {
        let mut offsets = TopicPartitionList::with_capacity(self.given.len());
        for ((topic, partition), offset) in self.given.drain() {
            offsets.add_partition_offset(&topic, partition, Offset::Offset(offset)).expect("no offset is negative");
        }
        if let Err(error) = self.consumer.commit(&offsets, CommitMode::Async) {
            tracing::debug!(%error, "offsets could not be committed");
        }
    }

    /// Leaves the group, so that others have its partitions at once.
    pub(in crate::bus) async fn close(self) {
        let Self { consumer, asking, .. } = self;
        asking.end().await;
        let _ = tokio::task::spawn_blocking(move || drop(consumer)).await;
    }

    fn give(&mut self, message: &BorrowedMessage<'_>) -> Delivery {
        let delivery = received(message);
        self.given.insert((delivery.message.topic.clone(), delivery.partition), delivery.offset + 1);
        delivery
    }

    fn forget_what_was_revoked(&mut self, deliveries: &mut Vec<Delivery>) {
        let revocations = self.consumer.context().revocations();
        if revocations != self.revocations {
            self.revocations = revocations;
            self.given.clear();
            deliveries.clear();
        }
    }
}

impl std::fmt::Debug for KafkaSubscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KafkaSubscription").field("given", &self.given).finish_non_exhaustive()
    }
}

/// What has come already.
fn at_hand(consumer: &StreamConsumer<Watch>) -> Option<KafkaResult<BorrowedMessage<'_>>> {
    match pin!(consumer.recv()).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => Some(result),
        Poll::Pending => None,
    }
}

/// None of these ends the consumer: the library tries on by itself.
fn tell(error: &KafkaError) {
    use rdkafka::types::RDKafkaErrorCode::{UnknownTopic, UnknownTopicOrPartition};
    if let Some(UnknownTopic | UnknownTopicOrPartition) = error.rdkafka_error_code() {
        tracing::debug!(%error, "a topic does not exist yet");
    } else {
        tracing::warn!(%error, "messages cannot be consumed now");
    }
}
