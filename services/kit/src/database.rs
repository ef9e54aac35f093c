//! SQLite as a service wants it: write-ahead log, one writer, many readers, durable commits.
//!
//! SQLite lets one connection write at a time. Two that both try get `SQLITE_BUSY` at a moment
//! that no code can plan for; so the writer is a pool of exactly one, where turns are taken in
//! order, and it begins with `BEGIN IMMEDIATE` so that another process's write is waited for at
//! the start (`busy_timeout`) rather than met in the middle.

mod settings;

pub use settings::{DatabaseSettings, Synchronous};

use std::time::{Duration, Instant};

use sqlx::SqlitePool;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{Sqlite, SqliteConnectOptions, SqlitePoolOptions};

/// How long a request may wait for its turn at the writer or for a reader.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// The pause between two attempts to open a file that another process is setting up.
const OPEN_PAUSE: Duration = Duration::from_millis(20);
/// Readers beyond this gain nothing on one file.
const READERS: u32 = 4;

/// A transaction that may write.
pub type WriteTransaction = sqlx::Transaction<'static, Sqlite>;

/// An open database. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Database {
    writer: SqlitePool,
    readers: SqlitePool,
}

/// Why a database could not be opened or migrated; the text names the file and never a password.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// Its folder could not be made.
    #[error("cannot create the folder of {path}: {source}")]
    Folder {
        /// The database's file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// SQLite would not open it.
    #[error("cannot open the database {path}: {source}")]
    Open {
        /// The database's file.
        path: String,
        /// What SQLite said.
        source: sqlx::Error,
    },
    /// A migration failed, and none of them was applied.
    #[error("migration {version} ({name}) failed: {source}")]
    Migration {
        /// The migration's number.
        version: u32,
        /// Its name.
        name: &'static str,
        /// What SQLite said.
        source: sqlx::Error,
    },
    /// The file holds a migration that this binary has otherwise, or does not have.
    #[error("the database has migration {version}, which this version of the service does not know: start a newer one")]
    Unknown {
        /// The migration's number.
        version: u32,
    },
    /// The statements around the migrations failed.
    #[error("cannot migrate the database: {0}")]
    Query(#[from] sqlx::Error),
}

impl Database {
    /// Opens the file, creating it (mode 0600, as it holds secrets) and its folder when the URL
    /// says `mode=rwc`.
    pub async fn open(settings: &DatabaseSettings) -> Result<Self, DatabaseError> {
        settings.create_file()?;
        let open = |source| DatabaseError::Open { path: settings.display(), source };
        let writer = connect(1, settings.writer()).await.map_err(open)?;
        let readers = connect(READERS, settings.reader()).await.map_err(open)?;
        Ok(Self { writer, readers })
    }

    /// Begins a transaction that may write, once it is its turn. Dropped without a commit, it is
    /// rolled back.
    pub async fn write(&self) -> Result<WriteTransaction, sqlx::Error> {
        self.writer.begin_with("BEGIN IMMEDIATE").await
    }

    /// A connection for one query; it sees the last commit and cannot write.
    pub async fn read(&self) -> Result<PoolConnection<Sqlite>, sqlx::Error> {
        self.readers.acquire().await
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), sqlx::Error> {
        let mut connection = self.read().await?;
        sqlx::query("SELECT count(*) FROM sqlite_schema").execute(&mut *connection).await?;
        Ok(())
    }

    /// Closes every connection, so that the log is folded into the file.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Connects, and tries again while the file is busy: an instance that turns a new file to the
/// write-ahead log locks the others out, and for that lock SQLite does not wait by itself.
async fn connect(most: u32, options: SqliteConnectOptions) -> Result<SqlitePool, sqlx::Error> {
    let deadline = Instant::now() + ACQUIRE_TIMEOUT;
    loop {
        let pool = SqlitePoolOptions::new()
            .max_connections(most)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            // A connection to a file does not age, and a new one costs its warm cache.
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false);
        match pool.connect_with(options.clone()).await {
            Err(error) if is_busy(&error) && Instant::now() < deadline => {
                tokio::time::sleep(OPEN_PAUSE).await;
            }
            outcome => return outcome,
        }
    }
}

/// The unique constraint that `error` violates, as SQLite names it: `table.column`, or
/// `table.a, table.b`. `None` for every other error.
pub fn violated_unique(error: &sqlx::Error) -> Option<&str> {
    let error = error.as_database_error().filter(|error| error.is_unique_violation())?;
    error.message().strip_prefix("UNIQUE constraint failed: ")
}

/// Whether `error` means that the wait for a turn was too long, rather than that it cannot work.
pub fn is_busy(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::PoolTimedOut => true,
        // SQLITE_BUSY and its extended forms share the low byte.
        sqlx::Error::Database(error) => {
            let code = error.code().and_then(|code| code.parse::<u32>().ok());
            code.is_some_and(|code| code & 0xff == 5)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
