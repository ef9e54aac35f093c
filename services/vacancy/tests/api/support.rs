//! A service on a file of its own, a clock that tests move, and a client.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use jiff::Timestamp;
use kit::bus::{Bus, MemoryBus};
use kit::database::{Database, DatabaseSettings};
use kit::identity::Trust;
use kit::serve::Running;
use kit::settings::{Reader, Source};
use kit::testing::clock::ManualClock;
use kit::testing::http::{Answer, request, with};
use kit::{Clock, testing};
use serde_json::{Value, json};
use tempfile::TempDir;
use vacancy::application::Application;
use vacancy::{ABOUT, Settings};

pub(crate) use kit::testing::http::send;

pub(crate) const USER: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// A running service; its file outlives a [`Service::restart`].
pub(crate) struct Service {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) application: Arc<Application>,
    pub(crate) bus: Bus,
    folder: Arc<TempDir>,
    stock: String,
    running: Running,
}

/// What a command came to.
pub(crate) trait Outcome {
    /// Asserts it.
    fn came_to(&self, success: bool, remaining: i64);
}

impl Outcome for Answer {
    #[track_caller]
    fn came_to(&self, success: bool, remaining: i64) {
        assert_eq!(self.status.as_u16(), 200, "{self:?}");
        assert_eq!((&self.body["success"], &self.body["remaining"]), (&json!(success), &json!(remaining)));
        assert!(self.body["message"].is_string(), "{self:?}");
    }
}

impl Service {
    /// With this stock.
    pub(crate) async fn start(stock: i64) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        Self::run(folder, &stock.to_string(), Trust::InProcess, today()).await
    }

    /// Where `trust` decides who is believed.
    pub(crate) async fn trusting(trust: Trust) -> Self {
        Self::run(Arc::new(tempfile::tempdir().unwrap()), "10", trust, today()).await
    }

    /// Ends it and starts it on the same file, with another `INITIAL_STOCK`.
    pub(crate) async fn restart(self) -> Self {
        self.restart_at(today()).await
    }

    /// [`Service::restart`] with another time.
    pub(crate) async fn restart_at(self, now: Timestamp) -> Self {
        self.running.stop().await;
        Self::run(self.folder, "77", Trust::InProcess, now).await
    }

    /// Stores a reservation that was refused at the beginning of time.
    pub(crate) async fn plant(&self, id: &str) {
        let database = Database::open(&database(&self.folder)).await.unwrap();
        let mut transaction = database.write().await.unwrap();
        let query = "INSERT INTO reservations (id, qty, state, remaining, updated_at) VALUES ($1, 1, 'refused', 0, 0)";
        sqlx::query(query).bind(id.to_owned()).execute(&mut *transaction).await.unwrap();
        transaction.commit().await.unwrap();
        database.close().await;
    }

    /// A second instance on the same file, beside this one.
    pub(crate) async fn second_instance(&self) -> Self {
        Self::run(Arc::clone(&self.folder), &self.stock, Trust::InProcess, today()).await
    }

    async fn run(folder: Arc<TempDir>, stock: &str, trust: Trust, now: Timestamp) -> Self {
        let mut reader = Reader::new(Source::from_pairs([("INITIAL_STOCK", stock)]));
        let settings = Settings::read(&mut reader);
        reader.finish().unwrap();
        let bus = Bus::Memory(MemoryBus::default());
        let mut context = testing::context(ABOUT, folder.path(), bus.clone());
        context.trust = trust;
        let clock = ManualClock::at(now);
        let built = vacancy::build_at(settings, context.clone(), Arc::clone(&clock) as Arc<dyn Clock>).await;
        let (module, application) = built.unwrap();
        let running = Running::start(module, &context);
        Self { clock, application, bus, folder, stock: stock.to_owned(), running }
    }

    pub(crate) fn router(&self) -> Router {
        self.running.router()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        send(self.router(), request).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(post(path, &body)).await
    }

    pub(crate) async fn reserve(&self, id: &str, qty: i64) -> Answer {
        self.post("/api/v1/reserve", json!({ "qty": qty, "reservation_id": id })).await
    }

    pub(crate) async fn release(&self, id: &str) -> Answer {
        self.post("/api/v1/release", json!({ "reservation_id": id })).await
    }

    /// As an administrator.
    pub(crate) async fn restock(&self, qty: i64) -> Answer {
        self.send(admin("/api/v1/restock", &json!({ "qty": qty }))).await
    }

    pub(crate) async fn available(&self) -> i64 {
        let answer = self.send(request(Method::GET, "/api/v1/available", None)).await;
        assert_eq!(answer.status, StatusCode::OK);
        answer.body["qty"].as_i64().unwrap()
    }
}

fn today() -> Timestamp {
    "2026-01-15T10:30:00Z".parse().unwrap()
}

fn database(folder: &TempDir) -> DatabaseSettings {
    DatabaseSettings::at(folder.path().join("vacancy.db"))
}

pub(crate) fn post(path: &str, body: &Value) -> Request<Body> {
    request(Method::POST, path, Some(body))
}

/// With the fields that the gateway sets for an administrator.
pub(crate) fn admin(path: &str, body: &Value) -> Request<Body> {
    with(with(post(path, body), "x-user-id", USER), "x-user-scope", "admin")
}
