//! A service on a file of its own, a clock that tests move, callers, and a consumer of its events.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use events::Envelope;
use kit::bus::{Bus, Delivery, MemoryBus, Subscription};
use kit::serve::Running;
use kit::testing::clock::ManualClock;
use kit::testing::http::with;
use serde_json::{Value, json};
use task::Settings;
use tempfile::TempDir;

pub(crate) use kit::testing::http::{Answer, send};

/// Two users.
pub(crate) const ADA: Caller = Caller("01890a5d-ac96-774b-bcce-b302099a8057");
pub(crate) const EVE: Caller = Caller("01890a5d-ac96-774b-bcce-b302099a8058");
/// An id that nothing has.
pub(crate) const NOBODY: &str = "01890a5d-ac96-774b-bcce-b302099a8059";

/// A running service; its file outlives a [`Service::restart`].
pub(crate) struct Service {
    pub(crate) clock: Arc<ManualClock>,
    folder: TempDir,
    running: Running,
}

/// What a consumer gets of `task.events`.
pub(crate) struct Events(Subscription);

/// Someone with an identity; the id stands in `X-User-Id` as the gateway writes it.
#[derive(Clone, Copy)]
pub(crate) struct Caller(pub(crate) &'static str);

impl Caller {
    pub(crate) fn request(self, method: Method, path: &str, body: Option<&Value>) -> Request<Body> {
        with(kit::testing::http::request(method, path, body), "x-user-id", self.0)
    }
}

impl Service {
    /// Without anyone on the bus.
    pub(crate) async fn start() -> Self {
        Self::on(Bus::Disconnected).await
    }

    /// With a consumer that is there from the beginning.
    pub(crate) async fn with_events() -> (Self, Events) {
        let bus = Bus::Memory(MemoryBus::default());
        let subscription = bus.subscribe("test-service", &["task.events"]).unwrap();
        (Self::on(bus).await, Events(subscription))
    }

    async fn on(bus: Bus) -> Self {
        let clock = ManualClock::start();
        let folder = tempfile::tempdir().unwrap();
        let running = run(&folder, bus, Arc::clone(&clock)).await;
        Self { clock, folder, running }
    }

    /// Ends it and starts it on the same file, without anyone on the bus.
    pub(crate) async fn restart(self) -> Self {
        let Self { clock, folder, running } = self;
        running.stop().await;
        let running = run(&folder, Bus::Disconnected, Arc::clone(&clock)).await;
        Self { clock, folder, running }
    }

    pub(crate) fn router(&self) -> Router {
        self.running.router()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        send(self.router(), request).await
    }

    pub(crate) async fn get(&self, caller: Caller, path: &str) -> Answer {
        self.send(caller.request(Method::GET, path, None)).await
    }

    pub(crate) async fn post(&self, caller: Caller, path: &str, body: Value) -> Answer {
        self.send(caller.request(Method::POST, path, Some(&body))).await
    }

    pub(crate) async fn put(&self, caller: Caller, path: &str, body: Value) -> Answer {
        self.send(caller.request(Method::PUT, path, Some(&body))).await
    }

    pub(crate) async fn delete(&self, caller: Caller, path: &str) -> Answer {
        self.send(caller.request(Method::DELETE, path, None)).await
    }

    pub(crate) async fn complete(&self, caller: Caller, path: &str) -> Answer {
        self.send(caller.request(Method::POST, &format!("{path}/complete"), None)).await
    }

    /// Makes a task of this title; gives its path.
    pub(crate) async fn task(&self, caller: Caller, title: &str) -> String {
        self.post(caller, "/tasks", json!({ "title": title })).await.is(201).header("location")
    }

    /// Makes a category of this name; gives its id.
    pub(crate) async fn category(&self, caller: Caller, name: &str) -> String {
        self.post(caller, "/categories", json!({ "name": name })).await.is(201).text("id")
    }
}

impl Events {
    /// All events up to the creation of the task of this title, which the test makes last: what was not
    /// published before it never is.
    pub(crate) async fn up_to(&mut self, last: &str) -> Vec<Envelope> {
        let deliveries = self.deliveries_up_to(last).await;
        deliveries.iter().map(|delivery| serde_json::from_slice(&delivery.message.value).unwrap()).collect()
    }

    pub(crate) async fn deliveries_up_to(&mut self, last: &str) -> Vec<Delivery> {
        let mut all: Vec<Delivery> = Vec::new();
        let is_last = |delivery: &Delivery| {
            let event: Envelope = serde_json::from_slice(&delivery.message.value).unwrap();
            event.event_type == "TaskCreated" && event.data["title"] == last
        };
        let read = async {
            while !all.last().is_some_and(is_last) {
                all.extend(self.0.next().await);
                self.0.done();
            }
        };
        tokio::time::timeout(Duration::from_secs(20), read).await.expect("the last event never came");
        all
    }
}

async fn run(folder: &TempDir, bus: Bus, clock: Arc<ManualClock>) -> Running {
    let context = kit::testing::context(task::ABOUT, folder.path(), bus);
    let module = task::build_at(Settings, context.clone(), clock).await.unwrap();
    Running::start(module, &context)
}
