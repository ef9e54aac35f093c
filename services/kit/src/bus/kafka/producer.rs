//! What publishes.

use std::sync::{Mutex, PoisonError};

use rdkafka::ClientConfig;
use rdkafka::error::KafkaError;
use rdkafka::producer::{FutureProducer, Producer as _};

use super::KafkaSettings;
use super::context::Log;
use super::convert::record;
use crate::bus::{Message, PublishError};

/// A producer, and how the next one is made after it has ended.
pub(super) struct Producer {
    config: ClientConfig,
    current: Mutex<FutureProducer<Log>>,
}

impl Producer {
    pub(super) fn new(settings: &KafkaSettings) -> Result<Self, PublishError> {
        let mut config = settings.client("relay");
        config
            // With it come acks=all and the library's own retries, which keep the order.
            .set("enable.idempotence", "true")
            // What fails for good ends the producer, so that nothing overtakes it.
            .set("enable.gapless.guarantee", "true")
            // Never given up: what waits for the broker must not be overtaken either.
            .set("message.timeout.ms", "0")
            // As the clients of other languages choose partitions.
            .set("partitioner", "murmur2_random")
            // The relay has gathered them already.
            .set("linger.ms", "0");
        let current = Mutex::new(create(&config)?);
        Ok(Self { config, current })
    }

    /// Sends all in their order and waits for the broker's answer to each, however long it is away.
    ///
    /// Dropped while it waits, what was sent goes on its way; published again, it arrives twice, in the
    /// same order.
    pub(super) async fn publish(&self, messages: &[Message]) -> Result<(), PublishError> {
        let producer = self.current.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (mut sent, mut failure) = (Vec::with_capacity(messages.len()), None);
        for message in messages {
            match producer.send_result(record(message)) {
                Ok(delivery) => sent.push(delivery),
                Err((error, _)) => {
                    failure = Some(describe(&error, message));
                    // What is behind it must not come before it.
                    break;
                }
            }
        }
        for (delivery, message) in sent.into_iter().zip(messages) {
            let failed = match delivery.await {
                Ok(Ok(_)) => continue,
                Ok(Err((error, _))) => describe(&error, message),
                Err(_) => "the producer ended".to_owned(),
            };
            // The first is the cause of the others.
            failure.get_or_insert(failed);
        }
        let Some(failure) = failure else { return Ok(()) };
        if producer.client().fatal_error().is_some() {
            self.replace(producer).await?;
        }
        Err(PublishError(failure))
    }

    /// Puts a new producer in the place of `ended`, unless that was done.
    async fn replace(&self, ended: FutureProducer<Log>) -> Result<(), PublishError> {
        let ended = {
            let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
            if current.client().fatal_error().is_none() {
                return Ok(());
            }
            (std::mem::replace(&mut *current, create(&self.config)?), ended)
        };
        // Its end waits for its threads.
        let _ = tokio::task::spawn_blocking(move || drop(ended)).await;
        Ok(())
    }
}

fn create(config: &ClientConfig) -> Result<FutureProducer<Log>, PublishError> {
    config.create_with_context(Log).map_err(|error| PublishError(error.to_string()))
}

fn describe(error: &KafkaError, message: &Message) -> String {
    format!("to {}: {error}", message.topic)
}
