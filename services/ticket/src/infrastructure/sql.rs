//! The store over SQLite and PostgreSQL.

#[cfg(test)]
mod contract;
mod rows;
mod transaction;

use async_trait::async_trait;
use jiff::Timestamp;
use kit::database::{Database, DatabaseError, is_busy};
use kit::migrate::{Migration, migrate};
use kit::storage::StorageFault;
use sqlx::AssertSqlSafe;

use crate::application::ports::{Store, StoreError, Transaction};
use crate::domain::{Purchase, TicketId};
use rows::{COLUMNS, purchase};
use transaction::SqlTransaction;

/// The schema's steps.
pub const MIGRATIONS: &[Migration] =
    &[kit::migration!(1, "purchases", "0001_purchases"), kit::migration!(2, "unsold purchases by age", "0002_unsold")];

/// The store. Clones share the database.
#[derive(Debug, Clone)]
pub struct SqlStore {
    database: Database,
}

impl SqlStore {
    /// Migrates the database.
    pub async fn migrated(database: Database) -> Result<Self, DatabaseError> {
        migrate(&database, MIGRATIONS).await?;
        Ok(Self { database })
    }
}

#[async_trait]
impl Store for SqlStore {
    async fn begin(&self) -> Result<Box<dyn Transaction>, StoreError> {
        let inner = self.database.write().await.map_err(failed)?;
        Ok(Box::new(SqlTransaction(inner)))
    }

    async fn purchase(&self, id: TicketId) -> Result<Option<Purchase>, StoreError> {
        let mut connection = self.database.read().await.map_err(failed)?;
        let statement = format!("SELECT {COLUMNS} FROM purchases WHERE id = $1");
        let query = sqlx::query(AssertSqlSafe(statement)).bind(id.to_string());
        let row = query.fetch_optional(&mut *connection).await.map_err(failed)?;
        row.as_ref().map(purchase).transpose()
    }

    async fn expire_all(&self) -> Result<(), StoreError> {
        let mut transaction = self.database.write().await.map_err(failed)?;
        let query = sqlx::query("UPDATE purchases SET expires_at = 0 WHERE open = 1 AND status = 'pending'");
        query.execute(&mut *transaction).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    async fn unfinished(
        &self,
        now: Timestamp,
        after: Option<TicketId>,
        limit: i64,
    ) -> Result<Vec<Purchase>, StoreError> {
        let mut connection = self.database.read().await.map_err(failed)?;
        let statement = format!(
            "SELECT {COLUMNS} FROM purchases WHERE open = 1 AND (status = 'cancelled' OR expires_at <= $1)
                AND id > $2 ORDER BY id LIMIT $3"
        );
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let query = sqlx::query(AssertSqlSafe(statement)).bind(now.as_millisecond()).bind(after).bind(limit);
        let rows = query.fetch_all(&mut *connection).await.map_err(failed)?;
        rows.iter().map(purchase).collect()
    }

    async fn forget_unsold(&self, instant: Timestamp, limit: i64) -> Result<u64, StoreError> {
        let mut transaction = self.database.write().await.map_err(failed)?;
        let query = sqlx::query(
            "DELETE FROM purchases WHERE id IN
                (SELECT id FROM purchases
                    WHERE open = 0 AND status IN ('rejected', 'cancelled') AND updated_at < $1
                    ORDER BY updated_at LIMIT $2)",
        );
        let query = query.bind(instant.as_millisecond()).bind(limit);
        let deleted = query.execute(&mut *transaction).await.map_err(failed)?.rows_affected();
        transaction.commit().await.map_err(failed)?;
        Ok(deleted)
    }
}

/// The driver's messages hold statements and names, never bound values.
#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it over")]
fn failed(error: sqlx::Error) -> StoreError {
    if is_busy(&error) {
        return StoreError::Busy;
    }
    StorageFault::of(&error).map_or_else(|| StoreError::Failed(error.to_string()), StoreError::Storage)
}
