use super::*;
use crate::migrate::{Migration, migrate};

const FIRST: Migration =
    Migration { version: 1, name: "things", sql: "CREATE TABLE things (name TEXT UNIQUE) STRICT;" };
const SECOND: Migration = Migration { version: 2, name: "more", sql: "CREATE TABLE more (id INTEGER) STRICT;" };
const BROKEN: Migration =
    Migration { version: 3, name: "broken", sql: "CREATE TABLE half (id INTEGER) STRICT; CREATE TABL oops;" };

async fn open(folder: &tempfile::TempDir) -> Database {
    let settings = DatabaseSettings::at(folder.path().join("deep/er/test.db"));
    Database::open(&settings).await.unwrap()
}

async fn tables(database: &Database) -> i64 {
    let mut connection = database.read().await.unwrap();
    sqlx::query_scalar("SELECT count(*) FROM sqlite_schema WHERE type = 'table'")
        .fetch_one(&mut *connection)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn instances_that_start_at_once_migrate_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut instances = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let settings = DatabaseSettings::at(folder.path().join("new/test.db"));
        instances.spawn(async move {
            let database = Database::open(&settings).await.unwrap();
            migrate(&database, &[FIRST, SECOND]).await.unwrap()
        });
    }
    let applied: usize = instances.join_all().await.into_iter().sum();
    assert_eq!(applied, 2);
}

#[tokio::test]
async fn a_failed_migration_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(&folder).await;
    migrate(&database, &[FIRST]).await.unwrap();
    let before = tables(&database).await;
    let error = migrate(&database, &[FIRST, SECOND, BROKEN]).await.unwrap_err();
    assert!(matches!(error, DatabaseError::Migration { version: 3, .. }), "{error}");
    assert_eq!(tables(&database).await, before);
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(&folder).await;
    migrate(&database, &[FIRST, SECOND]).await.unwrap();
    let error = migrate(&database, &[FIRST]).await.unwrap_err();
    assert!(matches!(error, DatabaseError::Unknown { version: 2 }), "{error}");
}

#[tokio::test]
async fn a_dropped_transaction_is_rolled_back_and_constraints_have_names() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(&folder).await;
    migrate(&database, &[FIRST]).await.unwrap();
    let insert = || sqlx::query("INSERT INTO things VALUES ('a')");
    let mut dropped = database.write().await.unwrap();
    insert().execute(&mut *dropped).await.unwrap();
    drop(dropped);
    let mut kept = database.write().await.unwrap();
    insert().execute(&mut *kept).await.unwrap();
    let error = insert().execute(&mut *kept).await.unwrap_err();
    assert_eq!(violated_unique(&error), Some("things.name"));
    kept.commit().await.unwrap();
}

#[tokio::test]
async fn a_reader_cannot_write() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(&folder).await;
    migrate(&database, &[FIRST]).await.unwrap();
    let mut reader = database.read().await.unwrap();
    assert!(sqlx::query("INSERT INTO things VALUES ('a')").execute(&mut *reader).await.is_err());
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let database = open(&folder).await;
    migrate(&database, &[FIRST]).await.unwrap();
    for name in ["test.db", "test.db-wal"] {
        let mode = folder.path().join("deep/er").join(name).metadata().unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o600, "{name}");
    }
}
