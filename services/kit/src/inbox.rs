//! The inbox: an event is noted in the transaction of its effect, and so has it once, however often it
//! is delivered.

use uuid::Uuid;

use crate::clock::{Clock, SystemClock};
use crate::database::Transaction;

/// Notes the event with this transaction; `false` when it was noted before, and nothing is to be done.
pub async fn note(transaction: &mut Transaction, event_id: Uuid) -> Result<bool, sqlx::Error> {
    let query = sqlx::query("INSERT INTO inbox (event_id, applied_at) VALUES ($1, $2) ON CONFLICT DO NOTHING");
    let query = query.bind(event_id.to_string()).bind(SystemClock.now().as_millisecond());
    Ok(query.execute(&mut **transaction).await?.rows_affected() == 1)
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
