//! The bus within one process.
//!
//! It stores nothing: messages leave the publisher's outbox only when every consumer has applied
//! them, so that a process that is killed in between publishes them again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot};

use super::{Delivery, Message, PublishError};

/// A bus in memory. Clones are the same bus.
#[derive(Debug, Clone, Default)]
pub struct MemoryBus(Arc<Mutex<Vec<Subscriber>>>);

#[derive(Debug)]
struct Subscriber {
    topics: Vec<String>,
    sender: mpsc::UnboundedSender<Parcel>,
}

/// What one publication has for one subscriber.
#[derive(Debug)]
struct Parcel {
    messages: Vec<Message>,
    applied: oneshot::Sender<()>,
}

/// A consumer's side.
#[derive(Debug)]
pub struct MemorySubscription {
    receiver: mpsc::UnboundedReceiver<Parcel>,
    unanswered: VecDeque<oneshot::Sender<()>>,
    offset: i64,
}

impl MemoryBus {
    pub(super) async fn publish(&self, messages: Vec<Message>) -> Result<(), PublishError> {
        let mut awaited = Vec::new();
        {
            let subscribers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            for subscriber in subscribers.iter() {
                let wanted = |message: &&Message| subscriber.topics.contains(&message.topic);
                let messages: Vec<_> = messages.iter().filter(wanted).cloned().collect();
                if messages.is_empty() {
                    continue;
                }
                let (applied, answer) = oneshot::channel();
                let gone = || PublishError("a consumer of this process has ended".to_owned());
                subscriber.sender.send(Parcel { messages, applied }).map_err(|_| gone())?;
                awaited.push(answer);
            }
        }
        for answer in awaited {
            let ended = |_| PublishError("a consumer of this process ended before it was done".to_owned());
            answer.await.map_err(ended)?;
        }
        Ok(())
    }

    pub(super) fn subscribe(&self, topics: &[&str]) -> MemorySubscription {
        let (sender, receiver) = mpsc::unbounded_channel();
        let topics = topics.iter().map(|topic| (*topic).to_owned()).collect();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Subscriber { topics, sender });
        MemorySubscription { receiver, unanswered: VecDeque::new(), offset: 0 }
    }
}

impl MemorySubscription {
    pub(super) async fn next(&mut self) -> Vec<Delivery> {
        // The bus ends with the process, and so with this consumer.
        let Some(parcel) = self.receiver.recv().await else {
            return std::future::pending().await;
        };
        self.unanswered.push_back(parcel.applied);
        let deliveries = parcel.messages.into_iter().map(|message| {
            self.offset += 1;
            Delivery { message, partition: 0, offset: self.offset }
        });
        deliveries.collect()
    }

    pub(super) fn done(&mut self) {
        for applied in self.unanswered.drain(..) {
            // A publisher that no longer waits publishes again.
            let _ = applied.send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn message(topic: &str, value: &str) -> Message {
        Message { topic: topic.into(), key: "k".into(), value: value.into(), headers: BTreeMap::new() }
    }

    #[tokio::test]
    async fn a_publication_ends_when_every_consumer_is_done() {
        let bus = MemoryBus::default();
        let (mut one, mut other) = (bus.subscribe(&["a", "b"]), bus.subscribe(&["b"]));
        let publishing = tokio::spawn({
            let bus = bus.clone();
            async move { bus.publish(vec![message("a", "1"), message("b", "2"), message("c", "3")]).await }
        });
        let got: Vec<_> = one.next().await.into_iter().map(|d| d.message.value).collect();
        assert_eq!(got, [b"1", b"2"]);
        assert_eq!(other.next().await.len(), 1);
        one.done();
        tokio::task::yield_now().await;
        assert!(!publishing.is_finished());
        other.done();
        publishing.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_consumer_that_ends_unfinished_fails_the_publication() {
        let bus = MemoryBus::default();
        let mut subscription = bus.subscribe(&["a"]);
        let publishing = tokio::spawn({
            let bus = bus.clone();
            async move { bus.publish(vec![message("a", "1")]).await }
        });
        subscription.next().await;
        drop(subscription);
        assert!(publishing.await.unwrap().is_err());
    }

    #[tokio::test]
    async fn what_nobody_wants_is_published_at_once() {
        MemoryBus::default().publish(vec![message("a", "1")]).await.unwrap();
    }
}
