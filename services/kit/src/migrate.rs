//! Migrations at start.
//!
//! All that are missing are applied in one transaction that holds the lock of migrations: of two
//! instances that start at once the second waits, and then finds nothing left to do; one that fails
//! leaves the database as it was.

use sqlx::AssertSqlSafe;

use crate::clock::{Clock, SystemClock};
use crate::database::{Database, DatabaseError, Dialect};

/// One step of a schema, for each database. Once released it never changes: a new one follows instead.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its number, above 0; they are applied in ascending order.
    pub version: i64,
    /// What it does, in a word or two.
    pub name: &'static str,
    /// The statements for SQLite.
    pub sqlite: &'static str,
    /// The statements for PostgreSQL.
    pub postgres: &'static str,
}

/// A [`Migration`] from `migrations/sqlite/FILE.sql` and `migrations/postgres/FILE.sql` of the crate.
#[macro_export]
macro_rules! migration {
    ($version:literal, $name:literal, $file:literal) => {
        $crate::migrate::Migration {
            version: $version,
            name: $name,
            sqlite: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite/", $file, ".sql")),
            postgres: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/postgres/", $file, ".sql")),
        }
    };
}

/// Outbox, inbox and idempotency keys, which every service has. Their numbers are negative, so that
/// they never meet a service's own.
const COMMON: &[Migration] = &[
    crate::migration!(-1, "events and idempotency keys", "common_0001"),
    crate::migration!(-2, "headers of answers", "common_0002"),
];

/// Whether a migration was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Its number; those of the kit are negative.
    pub version: i64,
    /// Its name.
    pub name: &'static str,
    /// When, in milliseconds since 1970; `None` when it was not yet.
    pub applied_at: Option<i64>,
}

/// Applies what the kit's tables and `migrations` (ascending) have and the database has not; gives how
/// many that were.
pub async fn migrate(database: &Database, migrations: &'static [Migration]) -> Result<usize, DatabaseError> {
    let query = |source| database.unusable(source);
    let mut transaction = database.write().await.map_err(query)?;
    transaction.lock("schema_migrations").await.map_err(query)?;
    let applied = applied(&mut transaction).await.map_err(query)?;
    let known = || COMMON.iter().chain(migrations);
    let unknown = applied.iter().find(|(version, _)| known().all(|m| m.version != *version));
    if let Some(&(version, _)) = unknown {
        return Err(DatabaseError::Unknown { version });
    }
    let mut count = 0;
    for migration in known().filter(|m| applied.iter().all(|(version, _)| *version != m.version)) {
        let Migration { version, name, sqlite, postgres } = *migration;
        let failed = |source| DatabaseError::Migration { at: database.display(), version, name, source };
        let sql = match database.dialect() {
            Dialect::Sqlite => sqlite,
            Dialect::Postgres => postgres,
        };
        sqlx::raw_sql(sql).execute(&mut *transaction).await.map_err(failed)?;
        sqlx::query("INSERT INTO schema_migrations (version, name, applied_at) VALUES ($1, $2, $3)")
            .bind(version)
            .bind(name)
            .bind(SystemClock.now().as_millisecond())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        count += 1;
    }
    transaction.commit().await.map_err(query)?;
    Ok(count)
}

/// What of the kit's tables and `migrations` is applied, in their order; changes nothing but that an
/// empty database gets its list of migrations.
pub async fn status(database: &Database, migrations: &'static [Migration]) -> Result<Vec<Status>, DatabaseError> {
    let query = |source| database.unusable(source);
    let mut transaction = database.write().await.map_err(query)?;
    transaction.lock("schema_migrations").await.map_err(query)?;
    let applied = applied(&mut transaction).await.map_err(query)?;
    transaction.commit().await.map_err(query)?;
    let when = |version| applied.iter().find(|(found, _)| *found == version).map(|(_, at)| *at);
    let all = COMMON.iter().chain(migrations);
    Ok(all.map(|m| Status { version: m.version, name: m.name, applied_at: when(m.version) }).collect())
}

/// [`status`] of a database that is not there yet.
pub(crate) fn unapplied(migrations: &'static [Migration]) -> Vec<Status> {
    let all = COMMON.iter().chain(migrations);
    all.map(|m| Status { version: m.version, name: m.name, applied_at: None }).collect()
}

/// Every applied migration and its instant.
async fn applied(connection: &mut crate::database::Connection) -> Result<Vec<(i64, i64)>, sqlx::Error> {
    // `BIGINT PRIMARY KEY` would do for both, but for STRICT, which knows no BIGINT.
    let create = "CREATE TABLE IF NOT EXISTS schema_migrations
        (version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)";
    sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut *connection).await?;
    sqlx::query_as("SELECT version, applied_at FROM schema_migrations ORDER BY version").fetch_all(connection).await
}
