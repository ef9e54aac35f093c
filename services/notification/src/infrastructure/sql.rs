//! The store, on SQLite and PostgreSQL alike.

mod addresses;
mod delivery;
mod notifications;
mod transaction;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use kit::database::{Database, DatabaseError, is_busy};
use kit::migrate::{Migration, migrate};
use kit::paging::PageRequest;
use kit::storage::StorageFault;
use sqlx::error::ErrorKind;
use tokio::sync::Notify;

use crate::application::ports::{Store, StoreError, Stored, Transaction};
use crate::domain::{Notification, NotificationId, UserId};
use transaction::SqlTransaction;

/// The schema's steps.
pub const MIGRATIONS: &[Migration] = &[kit::migration!(1, "notifications", "0001_notifications")];

/// The adapter.
pub struct SqlStore {
    database: Database,
    added: Arc<Notify>,
}

impl SqlStore {
    /// Over `database`, with its schema brought up to date.
    pub async fn migrated(database: Database) -> Result<Self, DatabaseError> {
        migrate(&database, MIGRATIONS).await?;
        Ok(Self { database, added: Arc::new(Notify::new()) })
    }
}

#[async_trait]
impl Store for SqlStore {
    async fn begin(&self) -> Stored<Box<dyn Transaction>> {
        let inner = self.database.write().await.map_err(failed)?;
        Ok(Box::new(SqlTransaction::new(inner, Arc::clone(&self.added))))
    }

    async fn notification(&self, owner: UserId, id: NotificationId) -> Stored<Option<Notification>> {
        notifications::find(&mut *self.database.read().await.map_err(failed)?, owner, id).await
    }

    async fn notifications(&self, owner: UserId, page: PageRequest) -> Stored<Vec<Notification>> {
        notifications::list(&mut *self.database.read().await.map_err(failed)?, owner, page).await
    }

    async fn next_due(&self, full: &[UserId]) -> Stored<Option<Timestamp>> {
        delivery::next_due(&mut *self.database.read().await.map_err(failed)?, full).await
    }

    async fn added(&self) {
        self.added.notified().await;
    }
}

/// The error by what can be done about it; in its text neither database quotes a bound value of a statement
/// that the service has.
#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it over")]
fn failed(error: sqlx::Error) -> StoreError {
    if is_busy(&error) {
        return StoreError::Busy;
    }
    if let Some(fault) = StorageFault::of(&error) {
        return StoreError::Storage(fault);
    }
    let of_the_value = error.as_database_error().is_some_and(|error| {
        // Class 22 of PostgreSQL's codes: data exceptions.
        error.kind() != ErrorKind::Other || error.code().is_some_and(|code| code.len() == 5 && code.starts_with("22"))
    });
    if of_the_value { StoreError::Refused(error.to_string()) } else { StoreError::Failed(error.to_string()) }
}

/// A stored value that does not parse: someone else wrote it.
fn corrupt(column: &'static str) -> StoreError {
    StoreError::Failed(format!("the column {column} holds what this service never wrote"))
}

fn instant(column: &'static str, milliseconds: i64) -> Stored<Timestamp> {
    Timestamp::from_millisecond(milliseconds).map_err(|_| corrupt(column))
}

#[cfg(test)]
impl SqlStore {
    /// What waits to be published: topic, key, value and headers.
    pub(crate) async fn outbox(&self) -> Vec<(String, String, Vec<u8>, String)> {
        let mut connection = self.database.read().await.unwrap();
        let query = sqlx::query_as("SELECT topic, key, value, headers FROM outbox ORDER BY seq");
        query.fetch_all(&mut *connection).await.unwrap()
    }
}
