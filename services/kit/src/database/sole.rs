//! Being the only one: what must not be done by two processes at once, such as relaying the outbox,
//! which would mix up the order of events.

use std::fs::{File, OpenOptions};
use std::time::Duration;

use sqlx::Connection as _;

use super::{Connection, DatabaseSettings, Dialect, connect};

/// How often one that has to wait looks again.
const PAUSE: Duration = Duration::from_millis(250);

/// The right to do something alone, among all processes on one database. The system takes it back
/// when the process dies: by a lock on a file beside the SQLite file, by the session of a connection
/// of its own on PostgreSQL.
#[derive(Debug)]
pub enum Sole {
    /// The locked file.
    File(File),
    /// The session that holds the lock.
    Session(Box<Connection>),
}

impl Sole {
    /// Whether it is still held: a session may have ended without our doing.
    pub async fn holds(&mut self) -> bool {
        match self {
            Self::File(_) => true,
            Self::Session(session) => session.ping().await.is_ok(),
        }
    }
}

pub(super) async fn acquire(settings: &DatabaseSettings, task: &'static str) -> Sole {
    let mut told = false;
    loop {
        match attempt(settings, task).await {
            Ok(Some(sole)) => return sole,
            Err(error) if !told => {
                tracing::warn!(task, %error, "cannot become the only one yet, trying on");
                told = true;
            }
            Ok(None) | Err(_) => {}
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn attempt(settings: &DatabaseSettings, task: &'static str) -> Result<Option<Sole>, String> {
    match settings.dialect() {
        Dialect::Sqlite => {
            let path = settings.beside(task);
            let file = OpenOptions::new().create(true).append(true).open(path).map_err(|error| error.to_string())?;
            match file.try_lock() {
                Ok(()) => Ok(Some(Sole::File(file))),
                Err(std::fs::TryLockError::WouldBlock) => Ok(None),
                Err(std::fs::TryLockError::Error(error)) => Err(error.to_string()),
            }
        }
        Dialect::Postgres => {
            let mut session = connect::alone(settings).await.map_err(|error| error.to_string())?;
            let query = sqlx::query_scalar("SELECT pg_try_advisory_lock(hashtextextended($1, 1))");
            let locked: bool =
                query.bind(task).fetch_one(&mut session).await.map_err(|error: sqlx::Error| error.to_string())?;
            Ok(locked.then(|| Sole::Session(Box::new(session))))
        }
    }
}
