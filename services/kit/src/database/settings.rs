//! `DATABASE_URL` and how its connections are set up.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use super::DatabaseError;

/// How long one process waits for another's write.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// What a commit survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Synchronous {
    /// A power cut: the log is flushed to the disk with each commit.
    Full,
    /// The process's death only; the last commits before a power cut may be lost.
    Normal,
}

/// A checked `DATABASE_URL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseSettings {
    path: PathBuf,
    mode: Mode,
    synchronous: Synchronous,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// `mode=rw`, SQLite's word for "must exist"; the default.
    ReadWrite,
    /// `mode=rwc`.
    ReadWriteCreate,
}

impl DatabaseSettings {
    /// `sqlite://data/<service>.db?mode=rwc`.
    pub fn default_for(service: &str) -> Self {
        Self::at(Path::new("data").join(format!("{service}.db")))
    }

    /// The file at `path`, created when it is not there.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        let mode = Mode::ReadWriteCreate;
        Self { path: path.into(), mode, synchronous: Synchronous::Full }
    }

    /// Parses `sqlite://PATH[?mode=rw|rwc]` (also `sqlite:PATH`). `None` for another scheme or
    /// mode, and for a database in memory, which two connections would not share.
    pub fn parse(url: &str) -> Option<Self> {
        let rest = url.strip_prefix("sqlite:")?;
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mode = match query {
            "" | "mode=rw" => Mode::ReadWrite,
            "mode=rwc" => Mode::ReadWriteCreate,
            _ => return None,
        };
        if path.is_empty() || path.ends_with('/') || path.contains(":memory:") {
            return None;
        }
        Some(Self { mode, ..Self::at(path) })
    }

    /// The same with another durability.
    #[must_use]
    pub fn with_synchronous(self, synchronous: Synchronous) -> Self {
        Self { synchronous, ..self }
    }

    /// The file, for messages.
    pub fn display(&self) -> String {
        self.path.display().to_string()
    }

    pub(super) fn writer(&self) -> SqliteConnectOptions {
        let synchronous = match self.synchronous {
            Synchronous::Full => SqliteSynchronous::Full,
            Synchronous::Normal => SqliteSynchronous::Normal,
        };
        SqliteConnectOptions::new()
            .filename(&self.path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(synchronous)
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(true)
    }

    /// `query_only` rather than a read-only file: a reader of a write-ahead log has to write the
    /// log's index, and the first to open may have to recover it.
    pub(super) fn reader(&self) -> SqliteConnectOptions {
        self.writer().pragma("query_only", "ON")
    }

    /// Creates folder and file before SQLite does, which would make them readable to everyone;
    /// the log and its index take the file's mode.
    pub(super) fn create_file(&self) -> Result<(), DatabaseError> {
        if self.mode == Mode::ReadWrite || self.path.exists() {
            return Ok(());
        }
        let failed = |source| DatabaseError::Folder { path: self.display(), source };
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let mut options = std::fs::OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&self.path).map_err(failed)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_parsed() {
        fn check(url: &str, expected: Option<&str>) {
            let parsed = DatabaseSettings::parse(url).map(|settings| settings.display());
            assert_eq!(parsed.as_deref(), expected, "{url}");
        }
        check("sqlite://data/user.db?mode=rwc", Some("data/user.db"));
        check("sqlite:///var/user.db?mode=rwc", Some("/var/user.db"));
        check("sqlite:user.db", Some("user.db"));
        check("sqlite://user.db?mode=rw", Some("user.db"));
        check("sqlite://user.db?mode=ro", None);
        check("sqlite::memory:", None);
        check("sqlite://", None);
        check("postgres://u:p@h/d", None);
        check("user.db", None);
    }
}
