use super::*;
use crate::idempotency::{Answer, Earlier, IdempotencyKey, earlier, remember};
use crate::migrate::migrate;
use crate::shutdown;
use crate::testing::TestDatabase;
use axum::http::StatusCode;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

const HOUR: i64 = 3_600_000;
const RETENTION: Retention = Retention { keys: Duration::from_hours(24), inbox: Duration::from_hours(30 * 24) };

/// More than two batches and a part of one.
const MANY: usize = 1_100;

/// Rows of this age, in milliseconds.
async fn aged(database: &Database, count: usize, now: i64, age: i64) {
    let mut transaction = database.write().await.unwrap();
    for _ in 0..count {
        let id = Uuid::now_v7().to_string();
        let key =
            "INSERT INTO idempotency_keys (id, fingerprint, status, body, created_at) VALUES ($1, '', 200, $2, $3)";
        let key = sqlx::query(key).bind(id.clone()).bind(Vec::<u8>::new()).bind(now - age);
        key.execute(&mut *transaction).await.unwrap();
        let event = sqlx::query("INSERT INTO inbox (event_id, applied_at) VALUES ($1, $2)").bind(id).bind(now - age);
        event.execute(&mut *transaction).await.unwrap();
    }
    transaction.commit().await.unwrap();
}

async fn count(database: &Database, table: &str) -> i64 {
    let mut connection = database.read().await.unwrap();
    let query = sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {table}")));
    query.fetch_one(&mut *connection).await.unwrap()
}

async fn what_is_too_old_goes_and_nothing_else(test: &TestDatabase) {
    let database = test.open().await;
    migrate(&database, &[]).await.unwrap();
    let now = SystemClock.now().as_millisecond();
    let key = IdempotencyKey::new("ada", "POST /tasks", "k", b"{}");
    let answer = Answer::json(StatusCode::CREATED, &"made");
    let mut transaction = database.write().await.unwrap();
    remember(&mut transaction, &key, &answer).await.unwrap();
    transaction.commit().await.unwrap();
    aged(&database, 3, now, 23 * HOUR).await;
    aged(&database, 2, now, 25 * HOUR).await;
    aged(&database, MANY, now, 31 * 24 * HOUR).await;

    let purged = purge(&database, RETENTION, now).await.unwrap();
    assert_eq!(purged, (MANY as u64 + 2, MANY as u64));
    assert_eq!((count(&database, "idempotency_keys").await, count(&database, "inbox").await), (4, 5));
    assert_eq!(purge(&database, RETENTION, now).await.unwrap(), (0, 0));
    let mut transaction = database.write().await.unwrap();
    let kept = earlier(&mut transaction, &key).await.unwrap();
    assert_eq!(kept, Some(Earlier::Answered(answer)));
}

async fn the_worker_purges_by_itself_and_ends_when_asked(test: &TestDatabase) {
    let database = test.open().await;
    migrate(&database, &[]).await.unwrap();
    aged(&database, 1, SystemClock.now().as_millisecond(), 31 * 24 * HOUR).await;
    let (trigger, shutdown) = shutdown::channel();
    let (asked, mut of_the_service) = tokio::sync::mpsc::unbounded_channel();
    let own = ["fails", "works"].map(|what| {
        let asked = asked.clone();
        Purge::new(what, move || {
            let told = asked.send(what).map_err(|error| error.to_string());
            async move { told.and(if what == "works" { Ok(1) } else { Err("for now".to_owned()) }) }
        })
    });
    let worker = tokio::spawn(worker(database.clone(), RETENTION, own.into(), shutdown));
    let purged = async {
        while count(&database, "idempotency_keys").await + count(&database, "inbox").await > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), purged).await.expect("nothing was purged");
    assert_eq!(of_the_service.recv().await, Some("fails"));
    assert_eq!(of_the_service.recv().await, Some("works"), "one that fails keeps no other from its turn");
    trigger.shut_down();
    tokio::time::timeout(Duration::from_secs(10), worker).await.expect("it did not end").unwrap();
}

#[tokio::test]
async fn on_sqlite() {
    what_is_too_old_goes_and_nothing_else(&TestDatabase::sqlite()).await;
    the_worker_purges_by_itself_and_ends_when_asked(&TestDatabase::sqlite()).await;
}

#[tokio::test]
async fn on_postgres() {
    if let Some(database) = TestDatabase::postgres().await {
        what_is_too_old_goes_and_nothing_else(&database).await;
    }
    if let Some(database) = TestDatabase::postgres().await {
        the_worker_purges_by_itself_and_ends_when_asked(&database).await;
    }
}
