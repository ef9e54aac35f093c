//! The inbox: an event is noted in the transaction of its effect, and so has it once, however often it
//! is delivered.

use std::collections::HashSet;

use sqlx::{AssertSqlSafe, Row as _};
use uuid::Uuid;

use crate::clock::{Clock, SystemClock};
use crate::database::Transaction;

/// Events noted by one statement: SQLite takes 32,766 values.
const AT_ONCE: usize = 1_000;

/// Notes the event with this transaction; `false` when it was noted before, and nothing is to be done.
pub async fn note(transaction: &mut Transaction, event_id: Uuid) -> Result<bool, sqlx::Error> {
    let query = sqlx::query("INSERT INTO inbox (event_id, applied_at) VALUES ($1, $2) ON CONFLICT DO NOTHING");
    let query = query.bind(event_id.to_string()).bind(SystemClock.now().as_millisecond());
    Ok(query.execute(&mut **transaction).await?.rows_affected() == 1)
}

/// Notes events with this transaction; gives those that were not noted before.
pub async fn note_all(transaction: &mut Transaction, event_ids: &[Uuid]) -> Result<HashSet<Uuid>, sqlx::Error> {
    let mut event_ids = event_ids.to_vec();
    // Two transactions that note the same events must not wait for one another crosswise.
    event_ids.sort_unstable();
    let now = SystemClock.now().as_millisecond();
    let mut new = HashSet::with_capacity(event_ids.len());
    for some in event_ids.chunks(AT_ONCE) {
        let rows = crate::sql::rows(transaction, some.len(), 2);
        let statement =
            format!("INSERT INTO inbox (event_id, applied_at) VALUES {rows} ON CONFLICT DO NOTHING RETURNING event_id");
        let mut query = sqlx::query(AssertSqlSafe(statement));
        for event_id in some {
            query = query.bind(event_id.to_string()).bind(now);
        }
        for row in query.fetch_all(&mut **transaction).await? {
            let event_id: String = row.try_get("event_id")?;
            new.insert(Uuid::parse_str(&event_id).map_err(|error| sqlx::Error::Decode(Box::new(error)))?);
        }
    }
    Ok(new)
}

/// Forgets up to `limit` events that were applied before `instant` (milliseconds since 1970), which the
/// broker no longer has; gives how many.
pub async fn purge(transaction: &mut Transaction, instant: i64, limit: i64) -> Result<u64, sqlx::Error> {
    let query = sqlx::query(
        "DELETE FROM inbox WHERE event_id IN
            (SELECT event_id FROM inbox WHERE applied_at < $1 ORDER BY applied_at LIMIT $2)",
    );
    Ok(query.bind(instant).bind(limit).execute(&mut **transaction).await?.rows_affected())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::migrate;
    use crate::testing::TestDatabase;

    async fn check(test: &TestDatabase) {
        let database = test.open().await;
        migrate(&database, &[]).await.unwrap();
        let mut transaction = database.write().await.unwrap();
        let many: Vec<Uuid> = (0..2_500).map(|_| Uuid::now_v7()).collect();
        assert!(note(&mut transaction, many[7]).await.unwrap());
        let new = note_all(&mut transaction, &many).await.unwrap();
        assert_eq!(new.len(), 2_499);
        assert!(!new.contains(&many[7]) && new.contains(&many[2_499]));
        let other = Uuid::now_v7();
        assert_eq!(note_all(&mut transaction, &[other, many[0], other]).await.unwrap(), HashSet::from([other]));
        assert!(!note(&mut transaction, other).await.unwrap());
        assert!(note_all(&mut transaction, &[]).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn an_event_is_new_once_on_sqlite() {
        check(&TestDatabase::sqlite()).await;
    }

    #[tokio::test]
    async fn an_event_is_new_once_on_postgres() {
        if let Some(database) = TestDatabase::postgres().await {
            check(&database).await;
        }
    }
}
