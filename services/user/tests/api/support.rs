//! A service on a database of its own, and a clock that tests move.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use kit::bus::Bus;
use kit::identity::Trust;
use kit::metrics::Metrics;
use kit::serve::Running;
use kit::settings::{Common, Source};
use kit::testing::TestDatabase;
use kit::testing::clock::ManualClock;
use kit::{Context, Reader};
use serde_json::{Value, json};
use user::Settings;

pub(crate) use crate::client::{Answer, keyed, post, put, send};

pub(crate) const PASSWORD: &str = "correct horse battery";
pub(crate) const ADMIN: (&str, &str) = ("root@example.com", "the keys to it all");

/// A running service; its file outlives a [`Service::restart`].
pub(crate) struct Service {
    pub(crate) clock: Arc<ManualClock>,
    database: TestDatabase,
    pairs: Vec<(&'static str, &'static str)>,
    bus: Bus,
    running: Running,
}

impl Service {
    /// With an administrator and the defaults.
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    /// With these settings too.
    pub(crate) async fn with(pairs: &[(&'static str, &'static str)]) -> Self {
        Self::on(Bus::Disconnected, pairs).await
    }

    /// With these settings, and `bus` for its events.
    pub(crate) async fn on(bus: Bus, pairs: &[(&'static str, &'static str)]) -> Self {
        Self::of(TestDatabase::sqlite(), bus, pairs).await
    }

    /// One on SQLite, and one on PostgreSQL where there is a server for tests: for what the databases do
    /// differently, which is to let several write at once.
    pub(crate) async fn on_each() -> Vec<Self> {
        let mut services = vec![Self::start().await];
        if let Some(database) = TestDatabase::postgres().await {
            services.push(Self::of(database, Bus::Disconnected, &[]).await);
        }
        services
    }

    async fn of(database: TestDatabase, bus: Bus, pairs: &[(&'static str, &'static str)]) -> Self {
        // The machine may be busy with other tests, which all hash passwords.
        let mut all = vec![("ADMIN_EMAIL", ADMIN.0), ("ADMIN_PASSWORD", ADMIN.1), ("HASH_QUEUE_TIMEOUT", "30s")];
        all.extend_from_slice(pairs);
        let clock = ManualClock::start();
        let running = run(&database, &all, &bus, Arc::clone(&clock)).await;
        Self { clock, database, pairs: all, bus, running }
    }

    /// Ends it and starts it on the same file.
    pub(crate) async fn restart(self) -> Self {
        let Self { clock, database, pairs, bus, running } = self;
        running.stop().await;
        let running = run(&database, &pairs, &bus, Arc::clone(&clock)).await;
        Self { clock, database, pairs, bus, running }
    }

    /// [`Service::restart`] with other settings.
    pub(crate) async fn restart_with(mut self, pairs: &[(&'static str, &'static str)]) -> Self {
        self.pairs = pairs.to_vec();
        self.restart().await
    }

    /// [`Service::restart`] with another bus.
    pub(crate) async fn restart_on(mut self, bus: Bus) -> Self {
        self.bus = bus;
        self.restart().await
    }

    /// A second instance on the same file, beside this one.
    pub(crate) async fn second_instance(&self) -> Running {
        run(&self.database, &self.pairs, &self.bus, Arc::clone(&self.clock)).await
    }

    pub(crate) fn router(&self) -> Router {
        self.running.router()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        send(self.router(), request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn get_as(&self, path: &str, token: &str) -> Answer {
        let request = Request::get(path).header("authorization", format!("Bearer {token}"));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(post(path, &body)).await
    }

    pub(crate) async fn put_as(&self, path: &str, token: &str, body: Value) -> Answer {
        self.put_if(path, token, None, body).await
    }

    /// With `If-Match`.
    pub(crate) async fn put_if(&self, path: &str, token: &str, version: Option<&str>, body: Value) -> Answer {
        self.send(put(path, token, version, &body)).await
    }

    /// Registers; gives the id.
    pub(crate) async fn register(&self, email: &str) -> String {
        let body = json!({ "email": email, "password": PASSWORD, "name": "Ada" });
        self.post("/users", body).await.is(201).text("id")
    }

    /// Logs in; gives the whole answer.
    pub(crate) async fn login(&self, email: &str, password: &str) -> Answer {
        self.post("/auth/login", json!({ "email": email, "password": password })).await
    }

    /// An access token.
    pub(crate) async fn token(&self, email: &str) -> String {
        self.login(email, PASSWORD).await.is(200).text("access_token")
    }

    pub(crate) async fn admin_token(&self) -> String {
        self.login(ADMIN.0, ADMIN.1).await.is(200).text("access_token")
    }

    pub(crate) async fn refresh(&self, token: &str) -> Answer {
        self.post("/auth/refresh", json!({ "refresh_token": token })).await
    }

    pub(crate) async fn verify(&self, token: &str) -> Answer {
        self.post("/auth/verify", json!({ "token": token })).await
    }

    /// All that its SQLite file holds, the log included.
    pub(crate) fn stored(&self) -> Vec<u8> {
        let file = self.database.settings.display();
        let parts = [file.clone(), format!("{file}-wal")];
        parts.iter().flat_map(|part| std::fs::read(part).unwrap()).collect()
    }

    /// The `kid`s of the published keys.
    pub(crate) async fn kids(&self) -> Vec<String> {
        let keys = self.get("/.well-known/jwks.json").await.is(200).body["keys"].take();
        let keys = keys.as_array().unwrap().clone();
        keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    }
}

async fn run(database: &TestDatabase, pairs: &[(&str, &str)], bus: &Bus, clock: Arc<ManualClock>) -> Running {
    let mut reader = Reader::new(Source::from_pairs(pairs.iter().copied()));
    let mut common = Common::read(&mut reader, user::ABOUT.name, user::ABOUT.port);
    let mut settings = Settings::read(&mut reader);
    reader.finish().unwrap();
    common.database = database.settings.clone();
    // The worker runs on the runtime's clock, which these tests do not move.
    settings.upkeep_interval = Duration::from_millis(5);
    let trust = Trust::by(common.gateway_secret.as_deref(), common.listen.ip());
    let context = Context { about: user::ABOUT, common, bus: bus.clone(), metrics: Metrics::default(), trust };
    let module = user::build_at(settings, context.clone(), clock).await.unwrap();
    Running::start(module, &context)
}
