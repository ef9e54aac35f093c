//! The store over SQLite and PostgreSQL.

#[cfg(test)]
mod contract;
mod transaction;

use async_trait::async_trait;
use kit::database::{Database, DatabaseError, is_busy};
use kit::migrate::{Migration, migrate};
use kit::storage::StorageFault;

use crate::application::ports::{Store, StoreError, Transaction};
use transaction::SqlTransaction;

/// The schema's steps.
pub const MIGRATIONS: &[Migration] = &[
    kit::migration!(1, "stock and reservations", "0001_stock"),
    kit::migration!(2, "forgotten reservations", "0002_forgotten"),
];

/// The store. Clones share the database.
#[derive(Debug, Clone)]
pub struct SqlStore {
    database: Database,
}

impl SqlStore {
    /// Migrates the database; when it is new, its stock is `initial`.
    pub async fn migrated(database: Database, initial: i64) -> Result<Self, DatabaseError> {
        migrate(&database, MIGRATIONS).await?;
        let mut transaction = database.write().await.map_err(|error| database.unusable(error))?;
        let query = sqlx::query("INSERT INTO stock (id, available, total) VALUES (1, $1, $1) ON CONFLICT DO NOTHING");
        query.bind(initial).execute(&mut *transaction).await.map_err(|error| database.unusable(error))?;
        transaction.commit().await.map_err(|error| database.unusable(error))?;
        Ok(Self { database })
    }
}

#[async_trait]
impl Store for SqlStore {
    async fn begin(&self) -> Result<Box<dyn Transaction>, StoreError> {
        let inner = self.database.write().await.map_err(failed)?;
        Ok(Box::new(SqlTransaction(inner)))
    }

    async fn available(&self) -> Result<i64, StoreError> {
        let mut connection = self.database.read().await.map_err(failed)?;
        let query = sqlx::query_scalar("SELECT available FROM stock WHERE id = 1");
        query.fetch_one(&mut *connection).await.map_err(failed)
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
