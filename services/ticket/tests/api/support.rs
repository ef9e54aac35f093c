//! A service on a file of its own, the stock that it sells from, and its buyers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use kit::bus::{Bus, MemoryBus};
use kit::database::Database;
use kit::serve::Running;
use kit::settings::{Reader, Source};
use kit::testing::clock::ManualClock;
use kit::testing::http::{Answer, request, with};
use kit::{Clock, testing};
use serde_json::{Value, json};
use sqlx::Row as _;
use tempfile::TempDir;
use ticket::application::ports::VacancyClient;
use ticket::{ABOUT, Settings};

use crate::stock::Stock;

pub(crate) use kit::testing::http::send;

pub(crate) const ADA: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
pub(crate) const EVE: &str = "01890a5d-ac96-774b-bcce-b302099a8058";
const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) struct Service {
    pub(crate) stock: Arc<Stock>,
    pub(crate) bus: Bus,
    pub(crate) clock: Arc<ManualClock>,
    folder: TempDir,
    running: Running,
}

/// What a purchase came to.
pub(crate) trait Receipt {
    /// Asserts a ticket, and gives its id.
    fn bought(&self, remaining: i64) -> String;
    /// Asserts that there were too few.
    fn too_few(&self, remaining: i64);
}

impl Receipt for Answer {
    #[track_caller]
    fn bought(&self, remaining: i64) -> String {
        assert_eq!(self.status.as_u16(), 200, "{self:?}");
        assert_eq!((&self.body["success"], &self.body["remaining"]), (&json!(true), &json!(remaining)), "{self:?}");
        self.text("ticket_id")
    }

    #[track_caller]
    fn too_few(&self, remaining: i64) {
        assert_eq!(self.status.as_u16(), 200, "{self:?}");
        assert_eq!((&self.body["success"], &self.body["remaining"]), (&json!(false), &json!(remaining)), "{self:?}");
        assert_eq!(self.body["ticket_id"], Value::Null);
    }
}

impl Service {
    pub(crate) async fn start(places: i64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bus = Bus::Memory(MemoryBus::default());
        let stock = Stock::start(folder.path(), places, bus.clone()).await;
        Self::run(folder, stock, bus, 0).await
    }

    /// Ends it as a crash does, without a word, and starts it on the same file; the stock runs on.
    pub(crate) async fn crash(self) -> Self {
        self.crash_for(0).await
    }

    /// [`Service::crash`], with a start so many days after the first.
    pub(crate) async fn crash_for(self, days: i64) -> Self {
        let Self { stock, bus, folder, running, .. } = self;
        drop(running);
        Self::run(folder, stock, bus, days).await
    }

    async fn run(folder: TempDir, stock: Arc<Stock>, bus: Bus, days: i64) -> Self {
        let mut reader = Reader::new(Source::default());
        let settings = Settings::read(&mut reader);
        let context = testing::context(ABOUT, folder.path(), bus.clone());
        let clock = ManualClock::start();
        clock.advance(days * 24 * 3_600);
        let (vacancy, time) = (Arc::clone(&stock) as Arc<dyn VacancyClient>, Arc::clone(&clock) as Arc<dyn Clock>);
        let (module, _) = ticket::build_at(settings, context.clone(), vacancy, time).await.unwrap();
        let running = Running::start(module, &context);
        Self { stock, bus, clock, folder, running }
    }

    pub(crate) fn router(&self) -> Router {
        self.running.router()
    }

    pub(crate) async fn buy(&self, qty: i64) -> Answer {
        send(self.router(), purchase(ADA, None, &json!({ "qty": qty }))).await
    }

    pub(crate) async fn buy_keyed(&self, key: &str, qty: i64) -> Answer {
        send(self.router(), purchase(ADA, Some(key), &json!({ "qty": qty }))).await
    }

    pub(crate) async fn ticket(&self, buyer: &str, id: &str) -> Answer {
        let request = request(Method::GET, &format!("/api/v1/tickets/{id}"), None);
        send(self.router(), with(request, "x-user-id", buyer)).await
    }

    pub(crate) async fn available(&self) -> Answer {
        send(self.router(), request(Method::GET, "/api/v1/available", None)).await
    }

    /// The places that the stock has left.
    pub(crate) async fn left(&self) -> i64 {
        self.stock.application.available().await.unwrap()
    }

    /// The places of purchases of this status, as the database has them.
    pub(crate) async fn places(&self, status: &str) -> i64 {
        let context = testing::context(ABOUT, self.folder.path(), Bus::Disconnected);
        let database = Database::open(&context.common.database).await.unwrap();
        let mut connection = database.read().await.unwrap();
        let query = sqlx::query("SELECT coalesce(sum(qty), 0) AS places FROM purchases WHERE status = $1");
        let row = query.bind(status.to_owned()).fetch_one(&mut *connection).await.unwrap();
        row.get("places")
    }

    /// Waits until stock and tickets agree on a whole of `places`, of which `sold` are sold, and nothing is
    /// pending.
    pub(crate) async fn settles(&self, places: i64, sold: i64) {
        let start = Instant::now();
        loop {
            let found = (self.left().await, self.places("confirmed").await, self.places("pending").await);
            if found == (places - sold, sold, 0) {
                return;
            }
            assert!(start.elapsed() < DEADLINE, "(left, sold, pending) stays {found:?}, of {places}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until the purchases of this status are of so many places.
    pub(crate) async fn comes_to(&self, status: &str, places: i64) {
        let start = Instant::now();
        while self.places(status).await != places {
            assert!(start.elapsed() < DEADLINE, "what is {status} never comes to {places}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

pub(crate) fn purchase(buyer: &str, key: Option<&str>, body: &Value) -> Request<Body> {
    let request = with(request(Method::POST, "/api/v1/purchase", Some(body)), "x-user-id", buyer);
    match key {
        Some(key) => with(request, "idempotency-key", key),
        None => request,
    }
}
