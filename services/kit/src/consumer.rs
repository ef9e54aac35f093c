//! What consumes events: a loop that hands them to the service, again and again while the service's
//! database is away, and puts aside what the service cannot take.

mod letters;

pub use letters::{DEAD_LETTERS, dead_letter, revived};

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use events::Envelope;

use crate::bus::{Delivery, Message, PublishError, Subscription};
use crate::correlation::Correlation;
use crate::database::Database;
use crate::outbox;
use crate::shutdown::Shutdown;
use crate::storage::Trouble;

/// How often a message that is refused is tried before it is put aside.
const ATTEMPTS: u32 = 5;
/// The pause before the second attempt, doubled up to the longest.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Why events were not applied; none of those that were handed over together had its effect.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// They may be applied later: the database is busy or away. Tried until it works.
    #[error("{0}")]
    Unavailable(String),
    /// One of them cannot be applied as it is. Tried some times, then put aside as a dead letter.
    #[error("{0}")]
    Refused(String),
}

/// An event to apply, and what it is part of.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// The event.
    pub envelope: Envelope,
    /// The request that began it; around each thing that it causes.
    pub correlation: Correlation,
}

/// What a service does with the events of some topics.
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// Applies all of `events`, in their order, in one transaction that notes each in the inbox (see
    /// [`crate::inbox::note`]): a crash must leave all of them or none. Types that it does not know it
    /// skips.
    async fn handle(&self, events: &[Received]) -> Result<(), Failure>;
}

/// Consumes until the end is asked for.
pub(crate) async fn consume(
    subscription: Result<Subscription, PublishError>,
    handler: Arc<dyn Handler>,
    database: Database,
    mut shutdown: Shutdown,
) {
    let mut subscription = match subscription {
        Ok(subscription) => subscription,
        Err(error) => return tracing::error!(%error, "cannot consume"),
    };
    loop {
        let deliveries = tokio::select! {
            deliveries = subscription.next() => deliveries,
            () = shutdown.requested() => break,
        };
        tokio::select! {
            () = apply(&deliveries, &handler, &database) => subscription.done(),
            // What was not applied is delivered again after the restart.
            () = shutdown.requested() => break,
        }
    }
    subscription.close().await;
}

/// Applies deliveries together, and one by one if one of them is refused.
async fn apply(deliveries: &[Delivery], handler: &Arc<dyn Handler>, database: &Database) {
    let mut events = Vec::with_capacity(deliveries.len());
    for delivery in deliveries {
        match received(&delivery.message) {
            Ok(event) => events.push((delivery, event)),
            Err(reason) => bury(delivery, &reason, database).await,
        }
    }
    let together: Vec<_> = events.iter().map(|(_, event)| event.clone()).collect();
    if together.is_empty() || patiently(&together, handler, database, 1).await.is_ok() {
        return;
    }
    for (delivery, event) in events {
        if let Err(reason) = patiently(std::slice::from_ref(&event), handler, database, ATTEMPTS).await {
            bury(delivery, &reason, database).await;
        }
    }
}

/// Tries until it works, or is refused for the last of `attempts` times; gives the reason then.
async fn patiently(
    events: &[Received],
    handler: &Arc<dyn Handler>,
    database: &Database,
    attempts: u32,
) -> Result<(), String> {
    let (mut pause, mut refusals) = (PAUSE, 0);
    loop {
        let correlation = events.first().map_or_else(Correlation::begin, |event| event.correlation.clone());
        match correlation.scope(handler.handle(events)).await {
            Ok(()) => return Ok(()),
            Err(Failure::Refused(reason)) => {
                refusals += 1;
                if refusals >= attempts {
                    return Err(reason);
                }
            }
            Err(Failure::Unavailable(cause)) => {
                // Whatever it is, the health is asked whether the database stores.
                database.doubt().raise(Trouble::Refused);
                tracing::warn!(%cause, retry_in = ?pause, "events wait: they cannot be applied now");
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Puts a message aside: into the outbox, for the dead letters of its topic. That is tried until it
/// works, for the message must not be lost.
async fn bury(delivery: &Delivery, reason: &str, database: &Database) {
    let Delivery { message, partition, offset } = delivery;
    tracing::error!(topic = message.topic, partition, offset, reason, "a message cannot be applied: put aside");
    let letter = dead_letter(delivery, reason);
    let mut pause = PAUSE;
    while let Err(error) = store(&letter, database).await {
        tracing::warn!(%error, "the dead letter cannot be stored now");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn store(letter: &Message, database: &Database) -> Result<(), sqlx::Error> {
    let mut transaction = database.write().await?;
    outbox::append(&mut transaction, std::slice::from_ref(letter)).await?;
    transaction.commit().await
}

/// The event of a message.
fn received(message: &Message) -> Result<Received, String> {
    let envelope: Envelope =
        serde_json::from_slice(&message.value).map_err(|error| format!("not an envelope: {error}"))?;
    let traceparent = message.headers.get(outbox::TRACEPARENT).cloned();
    let correlation = Correlation { id: envelope.correlation_id.clone(), traceparent };
    Ok(Received { envelope, correlation })
}
