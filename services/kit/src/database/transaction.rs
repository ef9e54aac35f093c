//! A change: whole or not at all.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use sqlx::Any;
use tokio::sync::Notify;

use super::{Connection, Dialect, Doubt};

/// A transaction that may write; a query runs on `&mut *transaction`. Dropped without
/// [`Transaction::commit`], it is rolled back.
#[derive(Debug)]
pub struct Transaction {
    inner: sqlx::Transaction<'static, Any>,
    dialect: Dialect,
    outbox: Arc<Notify>,
    publishes: bool,
    doubt: Doubt,
}

impl Transaction {
    pub(super) fn new(
        inner: sqlx::Transaction<'static, Any>,
        dialect: Dialect,
        outbox: Arc<Notify>,
        doubt: Doubt,
    ) -> Self {
        Self { inner, dialect, outbox, publishes: false, doubt }
    }

    /// Makes the change durable and visible, and wakes the relay if there is something to publish.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        self.inner.commit().await.inspect_err(|error| self.doubt.note(error))?;
        if self.publishes {
            self.outbox.notify_one();
        }
        Ok(())
    }

    /// Which database it is on.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// What ends a `SELECT` whose rows decide what is written: ` FOR UPDATE`, and nothing on SQLite,
    /// where no other transaction can write anyway.
    pub fn for_update(&self) -> &'static str {
        match self.dialect {
            Dialect::Sqlite => "",
            Dialect::Postgres => " FOR UPDATE",
        }
    }

    /// Waits until no other transaction holds the lock of this name, and holds it to the end: for a
    /// decision that rests on rows which are not there yet.
    pub async fn lock(&mut self, name: &str) -> Result<(), sqlx::Error> {
        if self.dialect == Dialect::Postgres {
            let query = sqlx::query("SELECT 1 FROM (SELECT pg_advisory_xact_lock(hashtextextended($1, 0))) AS locked");
            query.bind(name.to_owned()).execute(&mut *self.inner).await?;
        }
        Ok(())
    }

    pub(crate) fn publishes(&mut self) {
        self.publishes = true;
    }
}

impl Deref for Transaction {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.inner
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.inner
    }
}
