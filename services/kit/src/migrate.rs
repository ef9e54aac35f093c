//! Migrations at start.
//!
//! All that are missing are applied in one `BEGIN IMMEDIATE` transaction: of two instances that
//! start at once the second waits, and then finds nothing left to do; one that fails leaves the
//! database as it was.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::database::{Database, DatabaseError};

/// One step of a schema. Once released it never changes: a new one follows instead.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its number; they are applied in ascending order.
    pub version: u32,
    /// What it does, in a word or two.
    pub name: &'static str,
    /// The statements.
    pub sql: &'static str,
}

/// Applies what `migrations` (ascending) has and the database has not; gives how many that were.
pub async fn migrate(database: &Database, migrations: &'static [Migration]) -> Result<usize, DatabaseError> {
    let mut transaction = database.write().await?;
    sqlx::query(
        "CREATE TABLE IF NOT EXISTS schema_migrations (
            version INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
        ) STRICT",
    )
    .execute(&mut *transaction)
    .await?;
    let applied: Vec<u32> = sqlx::query("SELECT version FROM schema_migrations ORDER BY version")
        .try_map(|row: SqliteRow| row.try_get(0))
        .fetch_all(&mut *transaction)
        .await?;
    let unknown = applied.iter().find(|version| migrations.iter().all(|m| m.version != **version));
    if let Some(&version) = unknown {
        return Err(DatabaseError::Unknown { version });
    }
    let mut count = 0;
    for migration in migrations.iter().filter(|m| !applied.contains(&m.version)) {
        let Migration { version, name, sql } = *migration;
        let failed = |source| DatabaseError::Migration { version, name, source };
        sqlx::raw_sql(sql).execute(&mut *transaction).await.map_err(failed)?;
        sqlx::query("INSERT INTO schema_migrations (version, name) VALUES (?, ?)")
            .bind(version)
            .bind(name)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        count += 1;
    }
    transaction.commit().await?;
    Ok(count)
}
