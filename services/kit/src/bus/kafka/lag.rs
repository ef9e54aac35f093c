//! How far a consumer is behind, asked of the broker by a timer: so it is told too while nothing comes and
//! while what came cannot be applied.

use std::collections::HashSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use prometheus_client::metrics::family::Family;
use rdkafka::Offset;
use rdkafka::consumer::{Consumer as _, StreamConsumer};
use rdkafka::error::KafkaResult;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::context::Watch;
use crate::metrics::{Gauge, PartitionLabels};

/// How often it is asked.
const INTERVAL: Duration = Duration::from_secs(2);
/// How long an answer may take; one that does not come leaves the gauge as it was.
const TIMEOUT: Duration = Duration::from_secs(2);

/// The task that asks.
pub(super) struct Asking {
    task: JoinHandle<()>,
    end: watch::Sender<()>,
}

impl Asking {
    /// Asks for the partitions that `consumer` has, until it is gone or [`Asking::end`].
    pub(super) fn begin(consumer: &Arc<StreamConsumer<Watch>>, lag: Family<PartitionLabels, Gauge>) -> Self {
        let (consumer, (end, mut ended)) = (Arc::downgrade(consumer), watch::channel(()));
        let task = tokio::spawn(async move {
            let mut told = HashSet::new();
            loop {
                tokio::select! {
                    () = tokio::time::sleep(INTERVAL) => {}
                    _ = ended.changed() => return,
                }
                let asked = consumer.clone();
                match tokio::task::spawn_blocking(move || ask(&asked)).await {
                    Ok(Some(Ok(found))) => tell(&found, &lag, &mut told),
                    Ok(Some(Err(error))) => tracing::debug!(%error, "how far a consumer is behind is not known now"),
                    // The consumer is gone, or the runtime is about to be.
                    Ok(None) | Err(_) => return,
                }
            }
        });
        Self { task, end }
    }

    /// Ends it, once a question that is under way is answered: until then it holds on to the consumer.
    pub(super) async fn end(self) {
        drop(self.end);
        let _ = self.task.await;
    }
}

type Behind = Vec<(PartitionLabels, i64)>;

/// How far each partition of the consumer is behind; `None` when the consumer is gone.
fn ask(consumer: &Weak<StreamConsumer<Watch>>) -> Option<KafkaResult<Behind>> {
    let consumer = consumer.upgrade()?;
    let ask = || {
        let assigned = consumer.assignment()?;
        // None is no question.
        if assigned.count() == 0 {
            return Ok(Behind::new());
        }
        let committed = consumer.committed_offsets(assigned, TIMEOUT)?;
        let behind = committed.elements().into_iter().map(|element| {
            let labels = PartitionLabels { topic: element.topic().to_owned(), partition: element.partition() };
            let (low, high) = consumer.fetch_watermarks(&labels.topic, labels.partition, TIMEOUT)?;
            Ok((labels, behind(element.offset(), low, high)))
        });
        behind.collect()
    };
    Some(ask())
}

fn tell(found: &Behind, lag: &Family<PartitionLabels, Gauge>, told: &mut HashSet<PartitionLabels>) {
    let ours: HashSet<_> = found.iter().map(|(labels, _)| labels.clone()).collect();
    // Another consumer of the group has it now, and tells of it.
    for lost in told.difference(&ours) {
        lag.remove(lost);
    }
    for (labels, count) in found {
        lag.get_or_create(labels).set(*count);
    }
    *told = ours;
}

/// How many messages between `low` and `high` are not yet consumed. A group that has committed nothing is
/// behind by all that there is.
fn behind(committed: Offset, low: i64, high: i64) -> i64 {
    let from = if let Offset::Offset(offset) = committed { offset.max(low) } else { low };
    (high - from).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_consumer_is_behind_by_what_it_has_not_committed() {
        fn check(committed: Offset, low: i64, high: i64, expected: i64) {
            assert_eq!(behind(committed, low, high), expected, "{committed:?} {low} {high}");
        }
        check(Offset::Offset(7), 0, 10, 3);
        check(Offset::Offset(10), 0, 10, 0);
        // Deleted by the broker before it was consumed, and a topic that was made anew.
        check(Offset::Offset(2), 4, 10, 6);
        check(Offset::Offset(10), 0, 3, 0);
        check(Offset::Invalid, 4, 10, 6);
    }
}
