//! A store on a database of its own.

use std::sync::Arc;

use axum::http::StatusCode;
use events::Envelope;
use jiff::Timestamp;
use kit::SystemClock;
use kit::database::Database;
use kit::idempotency::{Answer, Done, Once};
use kit::testing::TestDatabase;
use sqlx::Row as _;
use task::application::Application;
use task::application::ports::Store;
use task::domain::{Category, CategoryId, CategoryName, Description, Details, OwnerId, Task, TaskId, Title};
use task::infrastructure::sql::SqlStore;
use uuid::Uuid;

/// The store, the use cases over it, and what keeps its database.
pub(crate) struct Service {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) application: Arc<Application>,
    pub(crate) database: Database,
    _test: TestDatabase,
}

pub(crate) async fn sqlite() -> Service {
    service(TestDatabase::sqlite()).await
}

/// `None` where there is no server: the reason is printed.
pub(crate) async fn postgres() -> Option<Service> {
    Some(service(TestDatabase::postgres().await?).await)
}

async fn service(test: TestDatabase) -> Service {
    let database = test.open().await;
    let store: Arc<dyn Store> = Arc::new(SqlStore::migrated(database.clone()).await.unwrap());
    let application = Arc::new(Application::new(Arc::clone(&store), Arc::new(SystemClock)));
    Service { store, application, database, _test: test }
}

impl Service {
    /// The events that wait in the outbox, in their order.
    pub(crate) async fn events(&self) -> Vec<Envelope> {
        let mut connection = self.database.read().await.unwrap();
        let rows = sqlx::query("SELECT value FROM outbox ORDER BY seq").fetch_all(&mut *connection).await.unwrap();
        let parse = |row: &kit::database::Row| serde_json::from_slice(&row.get::<Vec<u8>, _>("value")).unwrap();
        rows.iter().map(parse).collect()
    }

    /// How many events of this type wait.
    pub(crate) async fn count(&self, event_type: &str) -> usize {
        self.events().await.iter().filter(|event| event.event_type == event_type).count()
    }

    /// A task that was made by its use case.
    pub(crate) async fn make(&self, owner: OwnerId, details: Details) -> Task {
        let done = self.application.create_task(owner, details, Once::unkeyed(no_answer)).await.unwrap();
        now(done)
    }

    /// A category that was made by its use case.
    pub(crate) async fn make_category(&self, owner: OwnerId, called: &str) -> Category {
        let done = self.application.create_category(owner, name(called), Once::unkeyed(no_answer)).await.unwrap();
        now(done)
    }

    pub(crate) async fn insert(&self, task: &Task) {
        let mut transaction = self.store.begin().await.unwrap();
        transaction.insert_task(task).await.unwrap();
        transaction.commit().await.unwrap();
    }
}

/// What was made, rather than made before.
pub(crate) fn now<T: std::fmt::Debug>(done: Done<T>) -> T {
    match done {
        Done::Now(made) => made,
        Done::Before(answer) => panic!("it was made before: {answer:?}"),
    }
}

/// For requests without a key, whose answer nobody keeps.
pub(crate) fn no_answer<T>(_: &T) -> Answer {
    Answer::json(StatusCode::CREATED, &"made")
}

pub(crate) fn owner() -> OwnerId {
    OwnerId(Uuid::now_v7())
}

pub(crate) fn name(text: &str) -> CategoryName {
    CategoryName::parse(text).unwrap()
}

pub(crate) fn details(title: &str, category: Option<CategoryId>) -> Details {
    Details { title: Title::parse(title).unwrap(), description: Description::default(), category }
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_millisecond(second * 1_000 + 7).unwrap()
}

/// A task that is in no store yet.
pub(crate) fn task(owner: OwnerId, title: &str, category: Option<CategoryId>) -> Task {
    Task::new(TaskId(Uuid::now_v7()), owner, details(title, category), at(1))
}
