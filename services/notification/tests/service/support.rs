//! A service on a database of its own, a client, and the bus.

use std::time::Duration;

use ::events::{Draft, Envelope};
use axum::Router;
use axum::http::Method;
use kit::Reader;
use kit::bus::{Bus, MemoryBus, Message};
use kit::correlation::Correlation;
use kit::database::{Database, Synchronous};
use kit::serve::Running;
use kit::settings::Source;
use kit::testing::http::{request, with};
use notification::{ABOUT, Settings};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) use kit::testing::http::{Answer, send};

/// No wait in these tests is longer.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);

/// A running service.
pub(crate) struct Service {
    pub(crate) bus: Bus,
    /// A look into its database from beside it.
    pub(crate) database: Database,
    running: Running,
    _folder: TempDir,
}

impl Service {
    /// With these settings.
    pub(crate) async fn with(pairs: &[(&str, &str)]) -> Self {
        let mut reader = Reader::new(Source::from_pairs(pairs.iter().copied()));
        let settings = Settings::read(&mut reader);
        reader.finish().unwrap();
        let (folder, bus) = (tempfile::tempdir().unwrap(), Bus::Memory(MemoryBus::default()));
        let mut context = kit::testing::context(ABOUT, folder.path(), bus.clone());
        // No power is cut here, and a disk that all tests of a machine flush at once is slow.
        context.common.database = context.common.database.with_synchronous(Synchronous::Normal);
        let module = notification::build(settings, context.clone()).await.unwrap();
        let running = Running::start(module, &context);
        let database = Database::open(&context.common.database).await.unwrap();
        Self { bus, database, running, _folder: folder }
    }

    pub(crate) fn router(&self) -> Router {
        self.running.router()
    }

    /// A caller with an id of its own.
    pub(crate) fn caller(&self) -> Caller {
        self.caller_with(Uuid::now_v7())
    }

    pub(crate) fn caller_with(&self, id: Uuid) -> Caller {
        Caller { id, router: self.router() }
    }

    /// Publishes an event as another service does; it is applied when this returns.
    pub(crate) async fn publish(&self, draft: impl Into<Draft>) -> Envelope {
        let correlation = Correlation { id: "request-1".into(), traceparent: Some("00-abc-def-01".into()) };
        let message = kit::outbox::message("elsewhere", &draft.into(), &correlation);
        let envelope = serde_json::from_slice(&message.value).unwrap();
        self.deliver(vec![message]).await;
        envelope
    }

    /// Publishes messages; they are applied when this returns.
    pub(crate) async fn deliver(&self, messages: Vec<Message>) {
        tokio::time::timeout(DEADLINE, self.bus.publish(messages)).await.expect("they were never applied").unwrap();
    }
}

/// A user who calls by the gateway.
pub(crate) struct Caller {
    pub(crate) id: Uuid,
    router: Router,
}

impl Caller {
    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<&Value>, key: Option<&str>) -> Answer {
        let request = with(request(method, path, body), "x-user-id", &self.id.to_string());
        let request = match key {
            Some(key) => with(request, "idempotency-key", key),
            None => request,
        };
        send(self.router.clone(), request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, Some(body), None).await
    }

    /// Makes a notification; gives its path.
    pub(crate) async fn notify(&self, channel: &str, recipient: &str) -> String {
        self.post("/notifications", &content(channel, recipient)).await.is(201).header("location")
    }

    /// Asks for a notification's delivery.
    pub(crate) async fn send_now(&self, path: &str) -> Answer {
        self.send(Method::POST, &format!("{path}/send"), None, None).await
    }

    /// Waits until the notification has this status.
    pub(crate) async fn becomes(&self, path: &str, status: &str) -> Value {
        until(async || {
            let found = self.get(path).await.is(200).body;
            (found["status"] == status).then_some(found)
        })
        .await
    }

    /// All notifications, on one page.
    pub(crate) async fn list(&self) -> Vec<Value> {
        self.get("/notifications?limit=100").await.is(200).items()
    }
}

pub(crate) fn content(channel: &str, recipient: &str) -> Value {
    json!({ "channel": channel, "recipient": recipient, "subject": "Grüße", "message": "Alles gut.\n.\nEnde" })
}

/// Waits until `look` finds something.
pub(crate) async fn until<T>(look: impl AsyncFn() -> Option<T>) -> T {
    let search = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(DEADLINE, search).await.expect("it never came to that")
}
