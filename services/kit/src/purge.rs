//! What every service has to forget from time to time: answers to requests that nobody sends again, and
//! events that the broker no longer has.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::clock::{Clock, SystemClock};
use crate::database::Database;
use crate::settings::Common;
use crate::shutdown::Shutdown;
use crate::{idempotency, inbox};

/// How often that is.
const INTERVAL: Duration = Duration::from_mins(10);
/// Rows that one transaction deletes: the writer is never held for long.
const BATCH: i64 = 500;

/// How long what is purged is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Retention {
    /// `IDEMPOTENCY_TTL`.
    pub(crate) keys: Duration,
    /// `INBOX_RETENTION`.
    pub(crate) inbox: Duration,
}

impl From<&Common> for Retention {
    fn from(common: &Common) -> Self {
        Self { keys: common.idempotency_ttl, inbox: common.inbox_retention }
    }
}

/// How many rows went, or why none could.
type Pass = Pin<Box<dyn Future<Output = Result<u64, String>> + Send>>;

/// What a service forgets beside that, at the same times.
pub struct Purge {
    what: &'static str,
    run: Box<dyn Fn() -> Pass + Send + Sync>,
}

impl Purge {
    /// `run` deletes what is old in small transactions and gives how many rows that were, or why it could
    /// not, for the log, which names them `what`.
    pub fn new<F>(what: &'static str, run: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<u64, String>> + Send + 'static,
    {
        Self { what, run: Box::new(move || Box::pin(run())) }
    }

    async fn pass(&self) {
        let what = self.what;
        match (self.run)().await {
            Ok(0) => {}
            Ok(count) => tracing::info!(what, count, "old rows deleted"),
            Err(error) => tracing::warn!(what, %error, "old rows were not deleted"),
        }
    }
}

/// Purges at the start and every ten minutes, until the end is asked for. What fails is tried again the
/// next time.
pub(crate) async fn worker(database: Database, retention: Retention, own: Vec<Purge>, mut shutdown: Shutdown) {
    loop {
        let pass = async {
            match purge(&database, retention, SystemClock.now().as_millisecond()).await {
                Ok((0, 0)) => {}
                Ok((keys, events)) => tracing::info!(keys, events, "old idempotency keys and inbox entries deleted"),
                Err(error) => tracing::warn!(%error, "old rows were not deleted"),
            }
            for purge in &own {
                purge.pass().await;
            }
            tokio::time::sleep(INTERVAL).await;
        };
        tokio::select! {
            () = pass => {}
            () = shutdown.requested() => return,
        }
    }
}

/// Deletes, in small transactions, what is too old at `now` (milliseconds since 1970); gives how many
/// keys and events.
async fn purge(database: &Database, retention: Retention, now: i64) -> Result<(u64, u64), sqlx::Error> {
    let before = |kept: Duration| now.saturating_sub(i64::try_from(kept.as_millis()).unwrap_or(i64::MAX));
    let keys = purge_table(database, Table::Keys, before(retention.keys)).await?;
    let events = purge_table(database, Table::Inbox, before(retention.inbox)).await?;
    Ok((keys, events))
}

#[derive(Debug, Clone, Copy)]
enum Table {
    Keys,
    Inbox,
}

/// Deletes what is from before `instant`, until there is less than a whole batch.
async fn purge_table(database: &Database, table: Table, instant: i64) -> Result<u64, sqlx::Error> {
    let mut total = 0;
    loop {
        let mut transaction = database.write().await?;
        let deleted = match table {
            Table::Keys => idempotency::purge(&mut transaction, instant, BATCH).await?,
            Table::Inbox => inbox::purge(&mut transaction, instant, BATCH).await?,
        };
        transaction.commit().await?;
        total += deleted;
        if deleted < BATCH.unsigned_abs() {
            return Ok(total);
        }
    }
}

#[cfg(test)]
mod tests;
