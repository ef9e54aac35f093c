//! `DATABASE_URL` and how its connections are set up.

use std::fmt::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{DatabaseError, Dialect};

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

/// What a connection of a pool may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

/// A checked `DATABASE_URL`.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseSettings {
    place: Place,
    synchronous: Synchronous,
}

#[derive(Clone, PartialEq, Eq)]
enum Place {
    /// `create` is `mode=rwc`; without it the file must exist.
    File { path: PathBuf, create: bool },
    /// The URL holds a password.
    Server { url: String },
}

impl DatabaseSettings {
    /// `sqlite://data/<service>.db?mode=rwc`.
    pub fn default_for(service: &str) -> Self {
        Self::at(Path::new("data").join(format!("{service}.db")))
    }

    /// The SQLite file at `path`, created when it is not there.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { place: Place::File { path: path.into(), create: true }, synchronous: Synchronous::Full }
    }

    /// Parses `sqlite://PATH[?mode=rw|rwc]` (also `sqlite:PATH`) and
    /// `postgres://USER:PASSWORD@HOST:PORT/DATABASE` (also `postgresql:`). `None` for another scheme
    /// or mode, and for a database in memory, which two connections would not share.
    pub fn parse(url: &str) -> Option<Self> {
        if let Some(rest) = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://")) {
            let (host, database) = rest.rsplit_once('@').map_or(rest, |(_, host)| host).split_once('/')?;
            let whole = !host.is_empty() && !database.is_empty() && !database.starts_with('?');
            let place = Place::Server { url: url.to_owned() };
            return whole.then_some(Self { place, synchronous: Synchronous::Full });
        }
        let rest = url.strip_prefix("sqlite:")?;
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let create = match query {
            "" | "mode=rw" => false,
            "mode=rwc" => true,
            _ => return None,
        };
        if path.is_empty() || path.ends_with('/') || path.contains(":memory:") {
            return None;
        }
        Some(Self { place: Place::File { path: path.into(), create }, synchronous: Synchronous::Full })
    }

    /// The same with another durability; PostgreSQL's own is left to its server.
    #[must_use]
    pub fn with_synchronous(self, synchronous: Synchronous) -> Self {
        Self { synchronous, ..self }
    }

    /// Which database it is.
    pub fn dialect(&self) -> Dialect {
        match self.place {
            Place::File { .. } => Dialect::Sqlite,
            Place::Server { .. } => Dialect::Postgres,
        }
    }

    /// Whether it is an SQLite file that is not there, and would be created.
    pub(crate) fn is_absent(&self) -> bool {
        matches!(&self.place, Place::File { path, create: true } if !path.exists())
    }

    /// The file, or host and database: for messages, without user and password.
    pub fn display(&self) -> String {
        match &self.place {
            Place::File { path, .. } => path.display().to_string(),
            Place::Server { url } => {
                let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
                let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
                // The query may hold a password too.
                rest.split('?').next().unwrap_or_default().to_owned()
            }
        }
    }

    /// What the driver connects by.
    pub(super) fn url(&self) -> String {
        match &self.place {
            Place::Server { url } => url.clone(),
            Place::File { path, .. } => {
                let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
                format!("sqlite://{}?mode=rw", escaped(&path.to_string_lossy()))
            }
        }
    }

    /// The statements that make a new connection ready.
    pub(super) fn setup(&self, access: Access) -> Vec<&'static str> {
        if self.dialect() == Dialect::Postgres {
            return Vec::new();
        }
        debug_assert_eq!(BUSY_TIMEOUT.as_millis(), 5_000, "as the statement below has it");
        let mut setup = vec![
            "PRAGMA busy_timeout = 5000",
            "PRAGMA journal_mode = WAL",
            match self.synchronous {
                Synchronous::Full => "PRAGMA synchronous = FULL",
                Synchronous::Normal => "PRAGMA synchronous = NORMAL",
            },
            "PRAGMA foreign_keys = ON",
        ];
        if access == Access::Read {
            // Rather than a read-only file: a reader of a write-ahead log has to write the log's index,
            // and the first to open may have to recover it.
            setup.push("PRAGMA query_only = ON");
        }
        setup
    }

    /// A file beside the SQLite file: `user.db` has `user.db-relay`. On a server, where no such file
    /// is needed, one of that name in the working directory.
    pub(super) fn beside(&self, suffix: &str) -> PathBuf {
        match &self.place {
            Place::File { path, .. } => PathBuf::from(format!("{}-{suffix}", path.display())),
            Place::Server { .. } => PathBuf::from(suffix),
        }
    }

    /// Creates folder and file before SQLite does, which would make them readable to everyone;
    /// the log and its index take the file's mode.
    pub(super) fn create_file(&self) -> Result<(), DatabaseError> {
        let Place::File { path, create: true } = &self.place else {
            return Ok(());
        };
        if path.exists() {
            return Ok(());
        }
        let failed = |source| DatabaseError::Create { at: self.display(), source };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let mut options = std::fs::OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path).map_err(failed)?;
        Ok(())
    }
}

/// A path as a URL holds it.
fn escaped(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

impl fmt::Debug for DatabaseSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DatabaseSettings").field(&self.display()).field(&self.synchronous).finish()
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
        check("postgres://u:p@h/d", Some("h/d"));
        check("postgresql://u:p%40@h:5432/d?sslmode=disable&password=x", Some("h:5432/d"));
        check("postgres://h", None);
        check("postgres://u:p@h/", None);
        check("mysql://u:p@h/d", None);
        check("user.db", None);
    }

    #[test]
    fn a_password_is_never_shown() {
        let settings = DatabaseSettings::parse("postgres://u:hunter2@h/d?password=hunter2").unwrap();
        assert!(!format!("{settings:?}").contains("hunter2"));
    }

    #[test]
    fn a_path_of_any_characters_is_a_url() {
        assert_eq!(escaped("/a b/ü?#%.db"), "/a%20b/%C3%BC%3F%23%25.db");
    }
}
