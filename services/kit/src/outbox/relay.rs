//! From the outbox to the bus.

use std::pin::pin;
use std::time::Duration;

use tokio::time::Instant;

use crate::bus::{Bus, Message, PublishError};
use crate::database::Database;
use crate::metrics::Gauge;
use crate::outbox;
use crate::shutdown::Shutdown;

/// Messages published at once.
const BATCH: i64 = 500;
/// How long what was written waits for more: nobody watches an event this closely, and to publish and apply many
/// costs little more than one.
const GATHER: Duration = Duration::from_millis(20);
/// How often the outbox is looked into unasked: another instance may have written to it.
const TICK: Duration = Duration::from_secs(1);
/// The pause after a publication that failed, doubled up to the longest.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long what is under way, and then what was written last, may still take when the process ends.
const LAST_PASS: Duration = Duration::from_secs(2);
/// After this long a publication that is still waiting is told of.
const SLOW: Duration = Duration::from_secs(5);

/// Relays until the end is asked for, and then once more for what was written last: nothing is lost
/// if that fails, it only waits.
///
/// 1. Become the only relay of this database: two would mix up the order.
/// 2. Publish what waits, in order; then remove it. A process that dies in between publishes it again.
/// 3. Wait for a commit that published something, and a moment for more of them; or for the tick.
pub(crate) async fn relay(database: Database, bus: Bus, waiting: Gauge, mut shutdown: Shutdown) {
    if matches!(bus, Bus::Disconnected) {
        tracing::warn!("KAFKA_BOOTSTRAP_SERVERS is not set: events wait in the outbox");
        return shutdown.requested().await;
    }
    let mut sole = tokio::select! {
        sole = database.sole("relay") => sole,
        () = shutdown.requested() => return,
    };
    let mut pause = PAUSE;
    loop {
        let outcome = {
            let mut passing = pin!(pass(&database, &bus, &waiting));
            tokio::select! {
                outcome = &mut passing => outcome,
                () = shutdown.requested() => {
                    // Ended midway, what has been published would be published again.
                    let _ = tokio::time::timeout(LAST_PASS, passing).await;
                    break;
                }
            }
        };
        let wait = match outcome {
            Ok(()) => {
                pause = PAUSE;
                None
            }
            Err(cause) => {
                tracing::warn!(%cause, retry_in = ?pause, "events could not be published; they wait in the outbox");
                let wait = pause;
                pause = (pause * 2).min(LONGEST_PAUSE);
                Some(wait)
            }
        };
        let next = async {
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => {
                    if tokio::time::timeout(TICK, database.published()).await.is_ok() {
                        tokio::time::sleep(GATHER).await;
                    }
                }
            }
        };
        tokio::select! {
            () = next => {}
            () = shutdown.requested() => break,
        }
        if !sole.holds().await {
            sole = tokio::select! {
                sole = database.sole("relay") => sole,
                () = shutdown.requested() => return,
            };
        }
    }
    if tokio::time::timeout(LAST_PASS, pass(&database, &bus, &waiting)).await.is_err() {
        tracing::info!("the last events wait in the outbox for the next start");
    }
}

/// Publishes and removes until nothing is left but dead letters that this bus has no topic for.
async fn pass(database: &Database, bus: &Bus, waiting: &Gauge) -> Result<(), String> {
    let mut after = 0;
    loop {
        let pending = {
            let mut connection = database.read().await.map_err(text)?;
            if after == 0 {
                waiting.set(outbox::count(&mut connection).await.map_err(text)?);
            }
            outbox::pending(&mut connection, after, BATCH).await.map_err(text)?
        };
        let Some(last) = pending.last() else { break };
        after = last.seq;
        let (places, messages): (Vec<i64>, Vec<Message>) = pending
            .into_iter()
            .filter(|pending| !stays(bus, &pending.message))
            .map(|pending| (pending.seq, pending.message))
            .unzip();
        if !messages.is_empty() {
            watched(bus.publish(messages), database, waiting).await?;
            let mut transaction = database.write().await.map_err(text)?;
            outbox::remove(&mut transaction, &places).await.map_err(text)?;
            transaction.commit().await.map_err(text)?;
            waiting.dec_by(i64::try_from(places.len()).unwrap_or(i64::MAX));
        }
    }
    Ok(())
}

/// Waits for a publication, as long as the broker is away; meanwhile the gauge goes on counting.
async fn watched(
    publication: impl Future<Output = Result<(), PublishError>>,
    database: &Database,
    waiting: &Gauge,
) -> Result<(), String> {
    let mut publication = pin!(publication);
    let (began, mut told) = (Instant::now(), false);
    loop {
        if let Ok(outcome) = tokio::time::timeout(TICK, &mut publication).await {
            if told {
                tracing::info!("events are published again");
            }
            return outcome.map_err(text);
        }
        if let Ok(mut connection) = database.read().await
            && let Ok(count) = outbox::count(&mut connection).await
        {
            waiting.set(count);
        }
        if !told && began.elapsed() >= SLOW {
            tracing::warn!("the broker or a consumer takes long: events wait in the outbox");
            told = true;
        }
    }
}

/// In memory no topic outlives the process: dead letters stay in the outbox, where they are listed and
/// replayed from.
fn stays(bus: &Bus, message: &Message) -> bool {
    matches!(bus, Bus::Memory(_)) && message.topic.ends_with(crate::consumer::DEAD_LETTERS)
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
