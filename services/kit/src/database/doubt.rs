//! Whether the database still stores what it is given.
//!
//! A read tells nothing of that. While all is well nobody asks: a write at every probe would cost each
//! service its peace. Once something was not stored, each check of the health stores a little for trial, until
//! that works. What is damaged does not heal: after that the database counts as unwell until the restart.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use uuid::Uuid;

use super::Database;
use crate::storage::Trouble;

/// How much is stored for trial: several pages, so that the file or its log has to grow where it can.
const TRIAL: usize = 64 * 1024;

/// What is known of the database by what failed; clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Doubt(Arc<AtomicU8>);

const NONE: u8 = 0;
const SOME: u8 = 1;
const CORRUPT: u8 = 2;

impl Doubt {
    /// Notes an error that a statement met; such as say nothing of the storage change nothing.
    pub(crate) fn note(&self, error: &sqlx::Error) {
        if let Some(trouble) = Trouble::of(error) {
            self.raise(trouble);
        }
    }

    /// Notes what was met.
    pub(crate) fn raise(&self, trouble: Trouble) {
        let found = if trouble == Trouble::Corrupt { CORRUPT } else { SOME };
        self.0.fetch_max(found, Ordering::Relaxed);
    }

    /// Ends it, unless damage was met meanwhile.
    fn end(&self) -> bool {
        self.0.compare_exchange(SOME, NONE, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// Stores for trial where there is doubt; the error is the cause.
pub(super) async fn look_into(database: &Database) -> Result<(), String> {
    match database.doubt.0.load(Ordering::Relaxed) {
        NONE => Ok(()),
        CORRUPT => Err("what is stored is damaged: restore it from a backup and start again".to_owned()),
        _ => {
            store(database).await.map_err(|error| error.to_string())?;
            if database.doubt.end() {
                tracing::info!("the database stores again");
            }
            Ok(())
        }
    }
}

/// Stores something and takes it away, in two commits: one that takes both would never reach the disk. What a
/// crash leaves in between is older than any key's time, and is purged with those.
async fn store(database: &Database) -> Result<(), sqlx::Error> {
    let id = format!("trial:{}", Uuid::now_v7());
    let mut transaction = database.write().await?;
    sqlx::query("INSERT INTO idempotency_keys (id, fingerprint, status, body, created_at) VALUES ($1, '', 0, $2, 0)")
        .bind(id.clone())
        .bind(vec![0_u8; TRIAL])
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    let mut transaction = database.write().await?;
    sqlx::query("DELETE FROM idempotency_keys WHERE id = $1").bind(id).execute(&mut *transaction).await?;
    transaction.commit().await
}

#[cfg(test)]
mod tests;
