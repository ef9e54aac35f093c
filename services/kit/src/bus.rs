//! Messages between services: by Kafka between processes, by memory inside one. What publishes and
//! what consumes cannot tell which.
//!
//! A publisher never calls the bus itself: it writes to its outbox within its transaction (see
//! [`crate::outbox`]) and the relay publishes. A consumer gets [`Delivery`]s and answers for them
//! before the next ones come (see [`crate::consumer`]).

mod kafka;
mod memory;

pub use kafka::{KafkaBus, KafkaSettings, KafkaSubscription, received};
pub use memory::{MemoryBus, MemorySubscription};

use std::collections::BTreeMap;

/// A message on its way to a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The topic: `user.events`.
    pub topic: String,
    /// Messages of one key keep their order.
    pub key: String,
    /// The body: an envelope as JSON, but for what others wrote.
    pub value: Vec<u8>,
    /// Names and values.
    pub headers: BTreeMap<String, String>,
}

/// A message as a consumer gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// What was published.
    pub message: Message,
    /// Where it stood; 0 in memory.
    pub partition: i32,
    /// Its place there.
    pub offset: i64,
}

/// Why messages were not published; they are still in the outbox.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct PublishError(pub String);

/// How messages travel. Clones are the same bus.
#[derive(Debug, Clone)]
pub enum Bus {
    /// Within this process: the monolith, and tests.
    Memory(MemoryBus),
    /// By a broker: `KAFKA_BOOTSTRAP_SERVERS`.
    Kafka(KafkaBus),
    /// Not at all: without a broker, what is published waits in the outbox.
    Disconnected,
}

/// A consumer group's side of some topics.
#[derive(Debug)]
pub enum Subscription {
    /// Of a [`MemoryBus`].
    Memory(MemorySubscription),
    /// Of a [`KafkaBus`].
    Kafka(Box<KafkaSubscription>),
    /// Nothing ever comes.
    Disconnected,
}

impl Bus {
    /// Publishes all of `messages`, in order for each key; `Ok` once they are safe with the broker,
    /// or, in memory, once every consumer has applied them. After an error any of them may have been
    /// published: the caller publishes all again, and consumers know what they have seen.
    pub async fn publish(&self, messages: Vec<Message>) -> Result<(), PublishError> {
        match self {
            Self::Memory(bus) => bus.publish(messages).await,
            Self::Kafka(bus) => bus.publish(messages).await,
            Self::Disconnected => Err(PublishError("no broker: KAFKA_BOOTSTRAP_SERVERS is not set".to_owned())),
        }
    }

    /// Subscribes the consumer group `group` to `topics`; from their beginning, the first time.
    pub fn subscribe(&self, group: &str, topics: &[&str]) -> Result<Subscription, PublishError> {
        match self {
            Self::Memory(bus) => Ok(Subscription::Memory(bus.subscribe(topics))),
            Self::Kafka(bus) => Ok(Subscription::Kafka(Box::new(bus.subscribe(group, topics)?))),
            Self::Disconnected => Ok(Subscription::Disconnected),
        }
    }
}

impl Subscription {
    /// The next messages: at least one, in order for each key. What was given before and not
    /// [`Subscription::done`] may come again only after a restart. Safe to drop while it waits.
    pub async fn next(&mut self) -> Vec<Delivery> {
        match self {
            Self::Memory(subscription) => subscription.next().await,
            Self::Kafka(subscription) => subscription.next().await,
            Self::Disconnected => std::future::pending().await,
        }
    }

    /// Says that every message given so far has had its effect, durably.
    pub fn done(&mut self) {
        match self {
            Self::Memory(subscription) => subscription.done(),
            Self::Kafka(subscription) => subscription.done(),
            Self::Disconnected => {}
        }
    }
    /// Ends the consumer cleanly: others of its group have its partitions at once, rather than when the
    /// broker misses it. What is not done goes to them.
    pub async fn close(self) {
        if let Self::Kafka(subscription) = self {
            subscription.close().await;
        }
    }
}
