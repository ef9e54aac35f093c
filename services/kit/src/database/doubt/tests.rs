use sqlx::Executor;

use super::*;
use crate::database::DatabaseSettings;
use crate::migrate::migrate;

struct Fixture {
    database: Database,
    folder: tempfile::TempDir,
}

impl Fixture {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&DatabaseSettings::at(folder.path().join("test.db"))).await.unwrap();
        migrate(&database, &[]).await.unwrap();
        Self { database, folder }
    }

    /// Changes the one connection that writes, as the disk would.
    async fn make(&self, pragma: &'static str) {
        self.database.writer.acquire().await.unwrap().execute(pragma).await.unwrap();
    }

    /// Two rows of different tables in one transaction, the second of them large.
    async fn write(&self) -> Result<(), sqlx::Error> {
        let mut transaction = self.database.write().await?;
        sqlx::query("INSERT INTO inbox (event_id, applied_at) VALUES ($1, 0)")
            .bind(Uuid::now_v7().to_string())
            .execute(&mut *transaction)
            .await?;
        let id = Uuid::now_v7().to_string();
        sqlx::query(
            "INSERT INTO idempotency_keys (id, fingerprint, status, body, created_at) VALUES ($1, '', 0, $2, 0)",
        )
        .bind(id)
        .bind(vec![1_u8; TRIAL])
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }

    async fn rows(&self) -> (i64, i64) {
        let mut reader = self.database.read().await.unwrap();
        let query = "SELECT (SELECT count(*) FROM inbox), (SELECT count(*) FROM idempotency_keys)";
        sqlx::query_as(query).fetch_one(&mut *reader).await.unwrap()
    }
}

#[tokio::test]
async fn a_full_disk_leaves_nothing_of_a_transaction_and_the_writer_whole() {
    let fixture = Fixture::new().await;
    fixture.write().await.unwrap();
    fixture.make("PRAGMA max_page_count = 1").await;
    let error = fixture.write().await.unwrap_err();
    assert_eq!(Trouble::of(&error), Some(Trouble::Full), "{error}");
    assert_eq!(fixture.rows().await, (1, 1), "half of it was written, or nothing can be read");
    // SQLite has ended the transaction by itself; the next one begins all the same.
    fixture.write().await.unwrap();
    assert_eq!(fixture.rows().await, (2, 2));
}

#[tokio::test]
async fn a_read_only_database_says_so_and_can_be_read() {
    let fixture = Fixture::new().await;
    fixture.make("PRAGMA query_only = ON").await;
    let error = fixture.write().await.unwrap_err();
    assert_eq!(Trouble::of(&error), Some(Trouble::ReadOnly), "{error}");
    assert_eq!(fixture.rows().await, (0, 0));
    fixture.make("PRAGMA query_only = OFF").await;
    fixture.write().await.unwrap();
}

#[tokio::test]
async fn health_asks_whether_it_stores_once_something_was_not_stored() {
    let fixture = Fixture::new().await;
    fixture.make("PRAGMA query_only = ON").await;
    fixture.database.check().await.expect("nobody has met it yet, and a probe alone writes nothing");
    let error = fixture.write().await.unwrap_err();
    fixture.database.doubt().note(&error);
    for _ in 0..2 {
        let cause = fixture.database.check().await.unwrap_err();
        assert!(cause.contains("readonly"), "{cause}");
    }
    fixture.make("PRAGMA query_only = OFF").await;
    fixture.database.check().await.unwrap();
    assert_eq!(fixture.rows().await, (0, 0), "the trial is taken away");
    // The doubt is over: a check writes nothing any more.
    fixture.make("PRAGMA query_only = ON").await;
    fixture.database.check().await.unwrap();
}

#[tokio::test]
async fn damage_does_not_heal() {
    let fixture = Fixture::new().await;
    fixture.database.doubt().raise(Trouble::Corrupt);
    fixture.database.doubt().raise(Trouble::Full);
    assert!(fixture.database.check().await.unwrap_err().contains("damaged"));
    assert!(fixture.database.check().await.is_err());
}

#[tokio::test]
async fn an_error_that_tells_nothing_of_the_storage_is_no_doubt() {
    let fixture = Fixture::new().await;
    let mut transaction = fixture.database.write().await.unwrap();
    let error = transaction.execute("INSERT INTO inbox (event_id) VALUES (NULL)").await.unwrap_err();
    drop(transaction);
    fixture.database.doubt().note(&error);
    fixture.make("PRAGMA query_only = ON").await;
    fixture.database.check().await.unwrap();
}

#[tokio::test]
async fn what_is_no_database_names_the_file_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    std::fs::write(&path, "Not a database, whatever its name says.".repeat(100)).unwrap();
    let error = Database::open(&DatabaseSettings::at(&path)).await.unwrap_err();
    assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    assert!(error.advice().contains("restore it from a backup"), "{error}");
}

#[tokio::test]
async fn trials_that_a_crash_left_behind_are_purged() {
    let fixture = Fixture::new().await;
    fixture.write().await.unwrap();
    let mut transaction = fixture.database.write().await.unwrap();
    assert_eq!(crate::idempotency::purge(&mut transaction, 1, 10).await.unwrap(), 1);
    drop(fixture.folder);
}
