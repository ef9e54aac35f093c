//! A database that cannot store or read, though its server or file is there: what is the matter, and what
//! a client is told.
//!
//! [`crate::database::is_busy`] is what passes by itself; this is what somebody has to see to.

use axum::http::StatusCode;

use crate::Problem;

/// What is the matter with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// There is no room left.
    Full,
    /// The file, its folder, its disk or the server takes no changes.
    ReadOnly,
    /// What is stored is damaged, or no database at all.
    Corrupt,
    /// The system refused to read or to write.
    Refused,
}

/// A statement that failed by it. Its text is the database's own, for the log; neither database quotes a
/// bound value in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{cause}")]
pub struct StorageFault {
    trouble: Trouble,
    cause: String,
}

impl StorageFault {
    /// The fault that `error` tells of; `None` for every other error.
    pub fn of(error: &sqlx::Error) -> Option<Self> {
        let trouble = Trouble::of(error)?;
        Some(Self { trouble, cause: error.to_string() })
    }

    /// What is the matter.
    pub fn trouble(&self) -> Trouble {
        self.trouble
    }
}

impl Trouble {
    /// What `error` tells of; `None` for every other error.
    pub fn of(error: &sqlx::Error) -> Option<Self> {
        of_code(&error.as_database_error()?.code()?)
    }

    /// The code of the problem; none of them changes once published.
    pub fn code(self) -> &'static str {
        match self {
            Self::Full => "storage_full",
            Self::ReadOnly => "storage_read_only",
            Self::Corrupt => "storage_corrupt",
            Self::Refused => "storage_failed",
        }
    }

    /// What an operator does, as a sentence.
    pub(crate) fn advice(self) -> &'static str {
        match self {
            Self::Full => "There is no room left where it is kept: make room, and start again.",
            Self::ReadOnly => {
                "It takes no changes: the service's user must be able to write the file and its folder. \
                 Check owner, permissions and mount."
            }
            Self::Corrupt => {
                "The file is damaged, or no SQLite database: restore it from a backup; or move it, with its \
                 -wal and -shm, out of the way to begin with an empty one."
            }
            Self::Refused => {
                "Check DATABASE_URL, and that the service's user can read and write the file and its folder."
            }
        }
    }
}

/// `SQLITE_IOERR_SHMSIZE`: the index of the write-ahead log could not grow.
const NO_ROOM_FOR_INDEX: u32 = 4_874;

/// SQLite's primary codes, which are the low byte of the extended ones; PostgreSQL's have five characters.
fn of_code(code: &str) -> Option<Trouble> {
    if code.len() == 5 {
        return match code {
            "53100" => Some(Trouble::Full),
            "25006" => Some(Trouble::ReadOnly),
            "XX001" | "XX002" => Some(Trouble::Corrupt),
            "58030" => Some(Trouble::Refused),
            _ => None,
        };
    }
    match code.parse().ok()? {
        NO_ROOM_FOR_INDEX => Some(Trouble::Full),
        code => match code & 0xff {
            13 => Some(Trouble::Full),
            8 => Some(Trouble::ReadOnly),
            11 | 26 => Some(Trouble::Corrupt),
            10 | 14 => Some(Trouble::Refused),
            _ => None,
        },
    }
}

/// 507, 503 or 500 with the trouble's code. Logs the cause, of which the client is told nothing.
impl From<StorageFault> for Problem {
    fn from(StorageFault { trouble, cause }: StorageFault) -> Self {
        let code = trouble.code();
        tracing::error!(error = %cause, code, advice = trouble.advice(), "the database cannot be used");
        let (status, detail) = match trouble {
            Trouble::Full => (
                StatusCode::INSUFFICIENT_STORAGE,
                "There is no room left to store this; nothing was changed. Try again when there is.",
            ),
            Trouble::ReadOnly => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Nothing can be changed for now: the storage is read-only. Reading works.",
            ),
            Trouble::Corrupt => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "The stored data is damaged; the service's log has the cause under this request_id.",
            ),
            Trouble::Refused => (
                StatusCode::SERVICE_UNAVAILABLE,
                "The storage failed; nothing was changed. The service's log has the cause under this request_id.",
            ),
        };
        Self::new(status, code, detail).with_trouble(trouble)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn troubles_by_their_codes() {
        fn check(code: &str, expected: Option<Trouble>) {
            assert_eq!(of_code(code), expected, "{code}");
        }
        check("13", Some(Trouble::Full));
        check("4874", Some(Trouble::Full));
        check("53100", Some(Trouble::Full));
        check("8", Some(Trouble::ReadOnly));
        check("1032", Some(Trouble::ReadOnly));
        check("25006", Some(Trouble::ReadOnly));
        check("11", Some(Trouble::Corrupt));
        check("267", Some(Trouble::Corrupt));
        check("26", Some(Trouble::Corrupt));
        check("XX001", Some(Trouble::Corrupt));
        check("778", Some(Trouble::Refused));
        check("14", Some(Trouble::Refused));
        check("5", None);
        check("2067", None);
        check("23505", None);
        check("40001", None);
    }
}
