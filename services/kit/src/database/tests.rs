use super::*;
use crate::migrate::{Migration, migrate, status};
use crate::testing::TestDatabase;

const fn same(version: i64, name: &'static str, sql: &'static str) -> Migration {
    Migration { version, name, sqlite: sql, postgres: sql }
}

const FIRST: Migration = same(1, "things", "CREATE TABLE things (name TEXT UNIQUE, kept TEXT);");
const SECOND: Migration = same(2, "more", "CREATE TABLE more (id INTEGER);");
const BROKEN: Migration = same(3, "broken", "CREATE TABLE half (id INTEGER); CREATE TABL oops;");

/// Makes a module of all tests for each database.
macro_rules! on_both {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $test() {
                super::$test(&super::TestDatabase::sqlite()).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $test() {
                if let Some(database) = super::TestDatabase::postgres().await {
                    super::$test(&database).await;
                }
            })+
        }
    };
}

on_both!(
    instances_that_start_at_once_migrate_once,
    a_failed_migration_leaves_nothing_behind,
    a_database_of_a_newer_version_is_refused,
    a_dropped_transaction_is_rolled_back_and_constraints_have_names,
    a_primary_key_is_told_from_another_constraint,
    only_one_is_the_only_one,
);

async fn has(database: &Database, table: &'static str) -> bool {
    let mut connection = database.read().await.unwrap();
    let query = sqlx::query(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}")));
    query.execute(&mut *connection).await.is_ok()
}

async fn instances_that_start_at_once_migrate_once(test: &TestDatabase) {
    let mut instances = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let settings = test.settings.clone();
        instances.spawn(async move {
            let database = Database::open(&settings).await.unwrap();
            migrate(&database, &[FIRST, SECOND]).await.unwrap()
        });
    }
    let applied: usize = instances.join_all().await.into_iter().sum();
    assert_eq!(applied, 4, "two, and the two of the kit");
}

async fn a_failed_migration_leaves_nothing_behind(test: &TestDatabase) {
    let database = test.open().await;
    migrate(&database, &[FIRST]).await.unwrap();
    let error = migrate(&database, &[FIRST, SECOND, BROKEN]).await.unwrap_err();
    assert!(matches!(error, DatabaseError::Migration { version: 3, .. }), "{error}");
    assert!(has(&database, "things").await);
    assert!(!has(&database, "more").await && !has(&database, "half").await);
    let applied = status(&database, &[FIRST, SECOND]).await.unwrap();
    let applied: Vec<_> = applied.iter().map(|one| (one.version, one.applied_at.is_some())).collect();
    assert_eq!(applied, [(-1, true), (-2, true), (1, true), (2, false)]);
}

async fn a_database_of_a_newer_version_is_refused(test: &TestDatabase) {
    let database = test.open().await;
    migrate(&database, &[FIRST, SECOND]).await.unwrap();
    let error = migrate(&database, &[FIRST]).await.unwrap_err();
    assert!(matches!(error, DatabaseError::Unknown { version: 2 }), "{error}");
}

async fn a_dropped_transaction_is_rolled_back_and_constraints_have_names(test: &TestDatabase) {
    let database = test.open().await;
    migrate(&database, &[FIRST]).await.unwrap();
    let insert = || sqlx::query("INSERT INTO things (name) VALUES ($1)").bind("a");
    let mut dropped = database.write().await.unwrap();
    insert().execute(&mut *dropped).await.unwrap();
    drop(dropped);
    let mut kept = database.write().await.unwrap();
    insert().execute(&mut *kept).await.unwrap();
    let error = insert().execute(&mut *kept).await.unwrap_err();
    assert!(violates_unique(&error, "things", "name"), "{error}");
    assert!(!violates_unique(&error, "things", "kept") && !violates_unique(&error, "thing", "name"));
}

async fn a_primary_key_is_told_from_another_constraint(test: &TestDatabase) {
    const PAIRS: Migration = same(1, "pairs", "CREATE TABLE pairs (a TEXT, b TEXT, c TEXT, PRIMARY KEY (a, b));");
    let database = test.open().await;
    migrate(&database, &[PAIRS]).await.unwrap();
    let mut transaction = database.write().await.unwrap();
    let insert = || sqlx::query("INSERT INTO pairs (a, b) VALUES ('1', '2')");
    insert().execute(&mut *transaction).await.unwrap();
    let error = insert().execute(&mut *transaction).await.unwrap_err();
    assert!(violates_unique(&error, "pairs", "a") && violates_unique(&error, "pairs", "b"), "{error}");
    assert!(!violates_unique(&error, "pairs", "c"), "{error}");
}

async fn only_one_is_the_only_one(test: &TestDatabase) {
    let (one, other) = (test.open().await, test.open().await);
    let mut first = one.sole("relay").await;
    assert!(first.holds().await);
    let second = tokio::spawn(async move { other.sole("relay").await });
    one.sole("another task").await;
    assert!(!second.is_finished());
    drop(first);
    second.await.unwrap();
}

#[tokio::test]
async fn a_reader_cannot_write() {
    let test = TestDatabase::sqlite();
    let database = test.open().await;
    migrate(&database, &[FIRST]).await.unwrap();
    let mut reader = database.read().await.unwrap();
    assert!(sqlx::query("INSERT INTO things (name) VALUES ('a')").execute(&mut *reader).await.is_err());
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(&DatabaseSettings::at(folder.path().join("deep/er/test.db"))).await.unwrap();
    migrate(&database, &[FIRST]).await.unwrap();
    for name in ["test.db", "test.db-wal"] {
        let mode = folder.path().join("deep/er").join(name).metadata().unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o600, "{name}");
    }
}
