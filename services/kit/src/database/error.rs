//! What can go wrong with a database, and what an error of it means.

use std::io::ErrorKind;

use crate::storage::Trouble;

/// Why a database could not be opened or migrated; the text names the database and never a password.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// Its folder or file could not be made.
    #[error("cannot create the database {at}: {source}")]
    Create {
        /// The file.
        at: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// It would not open.
    #[error("cannot open the database {at}: {source}")]
    Open {
        /// The file, or host and database.
        at: String,
        /// What the driver said.
        source: sqlx::Error,
    },
    /// A migration failed, and none of them was applied.
    #[error("migration {version} ({name}) of the database {at} failed: {source}")]
    Migration {
        /// The file, or host and database.
        at: String,
        /// The migration's number.
        version: i64,
        /// Its name.
        name: &'static str,
        /// What the database said.
        source: sqlx::Error,
    },
    /// The database holds a migration that this binary does not have.
    #[error("the database has migration {version}, which this version of the service does not know: start a newer one")]
    Unknown {
        /// The migration's number.
        version: i64,
    },
    /// The statements around the migrations failed.
    #[error("cannot set up the database {at}: {source}")]
    Query {
        /// The file, or host and database.
        at: String,
        /// What the database said.
        source: sqlx::Error,
    },
}

impl DatabaseError {
    /// What to do about it, as a sentence.
    pub(crate) fn advice(&self) -> &'static str {
        match self {
            Self::Create { source, .. } => match source.kind() {
                ErrorKind::StorageFull => Trouble::Full.advice(),
                ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => Trouble::ReadOnly.advice(),
                _ => Trouble::Refused.advice(),
            },
            Self::Open { source, .. } | Self::Migration { source, .. } | Self::Query { source, .. } => {
                Trouble::of(source).map_or("Check DATABASE_URL.", Trouble::advice)
            }
            Self::Unknown { .. } => "Check DATABASE_URL.",
        }
    }
}

/// Whether `error` says that two rows would have the same `column` of `table`. On PostgreSQL the
/// constraint has to bear the name that it gives by itself: `TABLE_COLUMN_key`, or `TABLE_pkey`.
pub fn violates_unique(error: &sqlx::Error, table: &str, column: &str) -> bool {
    let Some(error) = error.as_database_error().filter(|error| error.is_unique_violation()) else {
        return false;
    };
    if let Some(constraint) = error.constraint() {
        let of_primary_key = || constraint == format!("{table}_pkey") && key_columns(error).any(|name| name == column);
        return constraint == format!("{table}_{column}_key") || of_primary_key();
    }
    let named = error.message().strip_prefix("UNIQUE constraint failed: ").unwrap_or_default();
    named.split(", ").any(|found| found.strip_prefix(table) == Some(&format!(".{column}")))
}

/// The columns of PostgreSQL's `Key (a, b)=(1, 2) already exists.`, whose words depend on the server's
/// language and whose parentheses do not.
fn key_columns(error: &dyn sqlx::error::DatabaseError) -> impl Iterator<Item = &str> {
    let detail = error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().and_then(|error| error.detail());
    let key = detail.and_then(|detail| detail.split_once('(')?.1.split_once(")=("));
    key.map_or("", |(columns, _)| columns).split(", ")
}

/// Whether `error` means that the wait for a turn was too long, or that the database is away, rather
/// than that it cannot work: the same may succeed a moment later.
pub fn is_busy(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| is_busy_code(&code)),
        _ => false,
    }
}

/// SQLite's `SQLITE_BUSY` (its extended forms share the low byte); PostgreSQL's serialisation failure,
/// deadlock, and the codes of a server that starts, stops or has no connection left.
fn is_busy_code(code: &str) -> bool {
    match code {
        "40001" | "40P01" | "53300" | "57P01" | "57P02" | "57P03" => true,
        code if code.len() == 5 => false,
        code => code.parse::<u32>().is_ok_and(|code| code & 0xff == 5),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_is_what_passes() {
        fn check(code: &str, expected: bool) {
            assert_eq!(is_busy_code(code), expected, "{code}");
        }
        check("5", true);
        check("517", true);
        check("2067", false);
        check("40001", true);
        check("57P01", true);
        check("23505", false);
        check("40005", false);
    }
}
