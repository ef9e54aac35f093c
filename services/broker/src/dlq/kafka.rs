//! Dead letters of a broker.

use std::time::Duration;

use kit::bus::{Bus, Delivery, KafkaBus, KafkaSettings, Message};
use kit::consumer::revived;
use kit::metrics::Metrics;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use super::{Letter, Options};

/// Remembers what was replayed.
const GROUP: &str = "dlq-replay";
/// How long the broker may take for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is asked for and was not replayed yet, replayed if `replay`.
pub(super) async fn letters(settings: &KafkaSettings, options: &Options, replay: bool) -> Result<Vec<Letter>, String> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", &settings.bootstrap_servers)
        .set("group.id", GROUP)
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "earliest")
        .create()
        .map_err(text)?;
    // A blocking client, in a command that does nothing else meanwhile.
    let found = tokio::task::block_in_place(|| read(&consumer, options))?;
    if replay && !found.is_empty() {
        let messages: Vec<Message> = found.iter().filter_map(|delivery| revived(&delivery.message)).collect();
        let bus = Bus::Kafka(KafkaBus::connect(settings, &Metrics::default()).map_err(text)?);
        let publishing = tokio::time::timeout(PATIENCE, bus.publish(messages)).await;
        publishing.map_err(|_| format!("no broker answers at {}", settings.bootstrap_servers))?.map_err(text)?;
        tokio::task::block_in_place(|| remember(&consumer, &found)).map_err(text)?;
    }
    let letter = |Delivery { message, partition, offset }| Letter { message, place: partition.to_string(), offset };
    Ok(found.into_iter().map(letter).collect())
}

/// From where the replays are to the end as it is now, partition by partition.
fn read(consumer: &BaseConsumer, options: &Options) -> Result<Vec<Delivery>, String> {
    let unanswered = |error: KafkaError| format!("the broker does not answer: {error}");
    let metadata = consumer.fetch_metadata(None, PATIENCE).map_err(unanswered)?;
    let mut partitions = TopicPartitionList::new();
    for topic in metadata.topics().iter().filter(|topic| options.wants(topic.name())) {
        for partition in topic.partitions() {
            partitions.add_partition(topic.name(), partition.id());
        }
    }
    let mut found = Vec::new();
    for place in consumer.committed_offsets(partitions, PATIENCE).map_err(unanswered)?.elements() {
        let (topic, partition) = (place.topic(), place.partition());
        let (low, high) = consumer.fetch_watermarks(topic, partition, PATIENCE).map_err(unanswered)?;
        let from = place.offset().to_raw().unwrap_or(low).max(low);
        if from >= high {
            continue;
        }
        let mut assigned = TopicPartitionList::new();
        assigned.add_partition_offset(topic, partition, Offset::Offset(from)).map_err(text)?;
        consumer.assign(&assigned).map_err(text)?;
        while found.len() < options.limit {
            let message = consumer.poll(PATIENCE).ok_or("the broker sends nothing")?.map_err(text)?;
            let last = rdkafka::Message::offset(&message) + 1 >= high;
            found.push(kit::bus::received(&message));
            if last {
                break;
            }
        }
    }
    Ok(found)
}

fn remember(consumer: &BaseConsumer, found: &[Delivery]) -> Result<(), KafkaError> {
    let mut offsets = TopicPartitionList::new();
    // Of several of a partition the last one counts, which comes last.
    for Delivery { message, partition, offset } in found {
        let next = Offset::Offset(offset + 1);
        match offsets.find_partition(&message.topic, *partition) {
            Some(mut place) => place.set_offset(next)?,
            None => offsets.add_partition_offset(&message.topic, *partition, next)?,
        }
    }
    consumer.commit(&offsets, CommitMode::Sync)
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
