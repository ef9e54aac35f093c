//! The store on SQLite and PostgreSQL, which take the same statements.

mod categories;
mod tasks;
mod transaction;

use async_trait::async_trait;
use jiff::Timestamp;
use kit::database::{Database, DatabaseError, is_busy, violates_unique};
use kit::migrate::{Migration, migrate};
use kit::paging::PageRequest;
use kit::storage::StorageFault;
use uuid::Uuid;

use crate::application::ports::{Store, StoreError, Stored, TaskFilter, Transaction};
use crate::domain::{Category, OwnerId, Task, TaskId};
use transaction::SqlTransaction;

/// The schema's steps.
pub const MIGRATIONS: &[Migration] = &[kit::migration!(1, "tasks and categories", "0001_tasks")];

/// The adapter.
pub struct SqlStore(Database);

impl SqlStore {
    /// Over `database`, with its schema brought up to date.
    pub async fn migrated(database: Database) -> Result<Self, DatabaseError> {
        migrate(&database, MIGRATIONS).await?;
        Ok(Self(database))
    }
}

#[async_trait]
impl Store for SqlStore {
    async fn begin(&self) -> Stored<Box<dyn Transaction>> {
        let inner = self.0.write().await.map_err(failed)?;
        Ok(Box::new(SqlTransaction { inner }))
    }

    async fn task(&self, owner: OwnerId, id: TaskId) -> Stored<Option<Task>> {
        tasks::find(&mut *self.0.read().await.map_err(failed)?, owner, id, "").await
    }

    async fn tasks(&self, owner: OwnerId, filter: TaskFilter, page: PageRequest) -> Stored<Vec<Task>> {
        tasks::list(&mut *self.0.read().await.map_err(failed)?, owner, filter, page).await
    }

    async fn categories(&self, owner: OwnerId, page: PageRequest) -> Stored<Vec<Category>> {
        categories::list(&mut *self.0.read().await.map_err(failed)?, owner, page).await
    }
}

/// Constraints by their names; the rest by its text, in which neither database quotes a bound value:
/// PostgreSQL has those in the detail of an error, which is no part of its text.
#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it over")]
fn failed(error: sqlx::Error) -> StoreError {
    if violates_unique(&error, "categories", "name") {
        StoreError::CategoryNameTaken
    } else if is_busy(&error) {
        StoreError::Busy
    } else if let Some(fault) = StorageFault::of(&error) {
        StoreError::Storage(fault)
    } else {
        StoreError::Failed(error.to_string())
    }
}

/// A stored value that does not parse: someone else wrote it.
fn corrupt(column: &'static str) -> StoreError {
    StoreError::Failed(format!("the column {column} holds what this service never wrote"))
}

fn instant(column: &'static str, milliseconds: i64) -> Stored<Timestamp> {
    Timestamp::from_millisecond(milliseconds).map_err(|_| corrupt(column))
}

fn id(column: &'static str, text: &str) -> Stored<Uuid> {
    Uuid::parse_str(text).map_err(|_| corrupt(column))
}

/// What the ids of a page come after: as text, UUIDs sort as their bytes do, and the empty text sorts
/// before all.
fn after(page: PageRequest) -> String {
    page.after.map(|id| id.to_string()).unwrap_or_default()
}
