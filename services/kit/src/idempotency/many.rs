//! The keys of a batch, by as few statements as one key takes.

use std::collections::HashMap;

use sqlx::{AssertSqlSafe, Row as _};

use super::{Answer, Earlier, IdempotencyKey};
use crate::clock::{Clock, SystemClock};
use crate::database::Transaction;
use crate::etag::ETag;

/// The columns of a key in a statement of many.
const COLUMNS: usize = 7;
/// Keys in one statement: SQLite takes 32,766 values.
const AT_ONCE: usize = 1_000;

/// [`super::earlier`] of each of `keys`, in their order.
pub async fn earlier_all(
    transaction: &mut Transaction,
    keys: &[&IdempotencyKey],
) -> Result<Vec<Option<Earlier>>, sqlx::Error> {
    let mut ids: Vec<&str> = keys.iter().map(|key| key.id.as_str()).collect();
    // In one order everywhere, or two batches with the same keys would wait for one another for ever.
    ids.sort_unstable();
    ids.dedup();
    let mut found = HashMap::new();
    for id in &ids {
        transaction.lock(id).await?;
    }
    for some in ids.chunks(AT_ONCE) {
        let ids = crate::sql::rows(transaction, 1, some.len());
        let statement =
            format!("SELECT id, fingerprint, status, body, location, version FROM idempotency_keys WHERE id IN {ids}");
        let mut query = sqlx::query(AssertSqlSafe(statement));
        for id in some {
            query = query.bind((*id).to_owned());
        }
        for row in query.fetch_all(&mut **transaction).await? {
            let fingerprint: String = row.try_get("fingerprint")?;
            found.insert(row.try_get::<String, _>("id")?, (fingerprint, super::answer(&row)?));
        }
    }
    let earlier = |key: &&IdempotencyKey| {
        let (fingerprint, answer) = found.get(&key.id)?;
        let same = *fingerprint == key.fingerprint;
        Some(if same { Earlier::Answered(answer.clone()) } else { Earlier::OtherBody })
    };
    Ok(keys.iter().map(earlier).collect())
}

/// [`super::remember`] of each of `answers`, whose keys differ.
pub async fn remember_all(
    transaction: &mut Transaction,
    answers: &[(IdempotencyKey, Answer)],
) -> Result<(), sqlx::Error> {
    let now = SystemClock.now().as_millisecond();
    for some in answers.chunks(AT_ONCE) {
        let rows = crate::sql::rows(transaction, some.len(), COLUMNS);
        let statement = format!(
            "INSERT INTO idempotency_keys (id, fingerprint, status, body, location, version, created_at) VALUES {rows}"
        );
        let mut query = sqlx::query(AssertSqlSafe(statement));
        for (key, answer) in some {
            query = query
                .bind(key.id.clone())
                .bind(key.fingerprint.clone())
                .bind(i64::from(answer.status))
                .bind(answer.body.clone())
                .bind(answer.location.clone())
                .bind(answer.etag.map(|ETag(version)| version))
                .bind(now);
        }
        query.execute(&mut **transaction).await?;
    }
    Ok(())
}
