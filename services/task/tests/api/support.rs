//! A service on a file of its own, a clock that tests move, callers, and a consumer of its events.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use events::Envelope;
use http_body_util::BodyExt;
use jiff::{SignedDuration, Timestamp};
use kit::Clock;
use kit::bus::{Bus, Delivery, MemoryBus, Subscription};
use kit::serve::Running;
use serde_json::{Value, json};
use task::Settings;
use tempfile::TempDir;
use tower::ServiceExt;

/// Two users.
pub(crate) const ADA: Caller = Caller("01890a5d-ac96-774b-bcce-b302099a8057");
pub(crate) const EVE: Caller = Caller("01890a5d-ac96-774b-bcce-b302099a8058");
/// An id that nothing has.
pub(crate) const NOBODY: &str = "01890a5d-ac96-774b-bcce-b302099a8059";

/// A clock that stands until it is moved.
pub(crate) struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    pub(crate) fn advance(&self, seconds: i64) {
        let mut now = self.0.lock().unwrap();
        *now = now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

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

/// An answer, its body parsed when it is JSON.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// The string at `name`.
    #[track_caller]
    pub(crate) fn text(&self, name: &str) -> String {
        self.body[name].as_str().unwrap_or_else(|| panic!("no {name} in {self:?}")).to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> String {
        self.headers[name].to_str().unwrap().to_owned()
    }

    /// Asserts a problem of this status and code.
    #[track_caller]
    pub(crate) fn fails(&self, status: u16, code: &str) {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(self.body["code"], code, "{self:?}");
        assert_eq!(self.body["request_id"].as_str(), self.headers["x-request-id"].to_str().ok());
    }

    /// Asserts 400 with exactly these fields at fault.
    #[track_caller]
    pub(crate) fn names(&self, fields: &[&str]) {
        self.fails(400, "validation_failed");
        let errors = self.body["errors"].as_array().unwrap();
        let named: Vec<&str> = errors.iter().map(|error| error["field"].as_str().unwrap()).collect();
        assert_eq!(named, fields, "{self:?}");
    }

    /// Asserts a status.
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        self
    }

    /// A page's items.
    #[track_caller]
    pub(crate) fn items(&self) -> Vec<Value> {
        self.body["items"].as_array().unwrap_or_else(|| panic!("no items in {self:?}")).clone()
    }
}

impl Caller {
    pub(crate) fn request(self, method: Method, path: &str, body: Option<&Value>) -> Request<Body> {
        let request = Request::builder().method(method).uri(path).header("x-user-id", self.0);
        let request = request.header("content-type", "application/json");
        request.body(body.map_or_else(Body::empty, |body| Body::from(body.to_string()))).unwrap()
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
        let clock = Arc::new(ManualClock(Mutex::new("2026-01-15T10:30:00.250Z".parse().unwrap())));
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

pub(crate) async fn send(router: Router, request: Request<Body>) -> Answer {
    let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    Answer { status: parts.status, headers: parts.headers, body }
}
