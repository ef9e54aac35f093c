//! A service's database: an SQLite file by default, PostgreSQL by `DATABASE_URL`.
//!
//! **One SQL text for both.** Statements use `$1` placeholders and columns of `TEXT`, `BIGINT` and
//! bytes alone, which both databases know; ids are text and instants milliseconds since 1970. Only
//! the schemas differ, and they stand side by side in `migrations/{sqlite,postgres}`. So a store is
//! written once and its contract is tested on each.
//!
//! **Turns.** SQLite lets one connection write at a time. Two that both try get `SQLITE_BUSY` at a
//! moment that no code can plan for; so the writer is a pool of exactly one, where turns are taken
//! in order, and it begins with `BEGIN IMMEDIATE` so that another process's write is waited for at
//! the start (`busy_timeout`) rather than met in the middle. PostgreSQL has no such turn: what reads
//! in order to decide locks what it read, by [`Transaction::for_update`] or [`Transaction::lock`].

mod connect;
mod doubt;
mod error;
mod settings;
mod sole;
mod transaction;

pub use error::{DatabaseError, is_busy, violates_unique};
pub use settings::{DatabaseSettings, Synchronous};
pub use sole::Sole;
pub use transaction::Transaction;

pub(crate) use doubt::Doubt;

use std::sync::Arc;

use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyPool};
use tokio::sync::Notify;

/// A connection of either database.
pub type Connection = sqlx::AnyConnection;
/// A row of either database.
pub type Row = sqlx::any::AnyRow;

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// A file of this machine.
    Sqlite,
    /// A server.
    Postgres,
}

impl Dialect {
    /// That of a connection.
    pub fn of(connection: &Connection) -> Self {
        match connection.backend_name() {
            "SQLite" => Self::Sqlite,
            _ => Self::Postgres,
        }
    }
}

/// An open database. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Database {
    writer: AnyPool,
    readers: AnyPool,
    settings: Arc<DatabaseSettings>,
    /// Woken by each commit that put something into the outbox.
    outbox: Arc<Notify>,
    doubt: Doubt,
}

impl Database {
    /// Opens it. An SQLite file is created (mode 0600, as it holds secrets), and its folder too, when
    /// the URL says `mode=rwc`.
    pub async fn open(settings: &DatabaseSettings) -> Result<Self, DatabaseError> {
        let (writer, readers) = connect::pools(settings).await?;
        let (settings, outbox) = (Arc::new(settings.clone()), Arc::new(Notify::new()));
        Ok(Self { writer, readers, settings, outbox, doubt: Doubt::default() })
    }

    /// Which database it is.
    pub fn dialect(&self) -> Dialect {
        self.settings.dialect()
    }

    /// Begins a transaction that may write, once it is its turn. Dropped without a commit, it is
    /// rolled back.
    pub async fn write(&self) -> Result<Transaction, sqlx::Error> {
        let begun = match self.dialect() {
            Dialect::Sqlite => self.writer.begin_with("BEGIN IMMEDIATE").await,
            Dialect::Postgres => self.writer.begin().await,
        };
        let inner = begun.inspect_err(|error| self.doubt.note(error))?;
        Ok(Transaction::new(inner, self.dialect(), Arc::clone(&self.outbox), self.doubt.clone()))
    }

    /// A connection for one query; it sees the last commit and, on SQLite, cannot write.
    pub async fn read(&self) -> Result<PoolConnection<Any>, sqlx::Error> {
        self.readers.acquire().await
    }

    /// The error of a start that `source` ends, with the database's name.
    pub fn unusable(&self, source: sqlx::Error) -> DatabaseError {
        DatabaseError::Query { at: self.display(), source }
    }

    /// The file, or host and database: for messages, without user and password.
    pub(crate) fn display(&self) -> String {
        self.settings.display()
    }

    /// What is doubted of it.
    pub(crate) fn doubt(&self) -> &Doubt {
        &self.doubt
    }

    /// Whether it answers, and, once something was not stored, whether it stores again; the error is the
    /// cause.
    pub async fn check(&self) -> Result<(), String> {
        self.ping().await.map_err(|error| error.to_string())?;
        doubt::look_into(self).await
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), sqlx::Error> {
        let mut connection = self.read().await?;
        let asked = match self.dialect() {
            Dialect::Sqlite => "SELECT count(*) FROM sqlite_schema",
            Dialect::Postgres => "SELECT 1",
        };
        sqlx::query(asked).execute(&mut *connection).await?;
        Ok(())
    }

    /// Waits for the right to be the only one, of all processes on this database, that does `task`:
    /// see [`Sole`].
    pub async fn sole(&self, task: &'static str) -> Sole {
        sole::acquire(&self.settings, task).await
    }

    /// Makes the drivers known, for a connection that is opened outside of a [`Database`].
    #[cfg(feature = "testing")]
    pub(crate) fn install_drivers() {
        connect::install_drivers();
    }

    /// Closes every connection, so that SQLite's log is folded into its file.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// Resolves after a commit that put something into the outbox.
    pub(crate) async fn published(&self) {
        self.outbox.notified().await;
    }
}

#[cfg(test)]
mod tests;
