//! The store on SQLite or PostgreSQL: one SQL text for both.

mod keys;
mod refresh_tokens;
mod transaction;
mod users;

use async_trait::async_trait;
use jiff::Timestamp;
use kit::database::{Database, DatabaseError, is_busy, violates_unique};
use kit::migrate::{Migration, migrate};
use kit::paging::PageRequest;
use kit::storage::StorageFault;

use crate::application::ports::{Store, StoreError, Stored, Transaction};
use crate::domain::{Email, SigningKey, User, UserId};
use transaction::SqlTransaction;

/// The schema, step by step.
pub const MIGRATIONS: &[Migration] =
    &[kit::migration!(1, "users", "0001_users"), kit::migration!(2, "user versions", "0002_user_versions")];

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

    async fn user(&self, id: UserId) -> Stored<Option<User>> {
        users::by_id(&mut *self.0.read().await.map_err(failed)?, id).await
    }

    async fn user_by_email(&self, email: &Email) -> Stored<Option<User>> {
        users::by_email(&mut *self.0.read().await.map_err(failed)?, email).await
    }

    async fn users(&self, page: PageRequest) -> Stored<Vec<User>> {
        users::list(&mut *self.0.read().await.map_err(failed)?, page).await
    }

    async fn signing_keys(&self) -> Stored<Vec<SigningKey>> {
        keys::all(&mut *self.0.read().await.map_err(failed)?).await
    }
}

/// Constraints by their names; the rest by its text, in which no database quotes a bound value.
#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it over")]
fn failed(error: sqlx::Error) -> StoreError {
    if violates_unique(&error, "users", "email_key") {
        StoreError::EmailTaken
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
