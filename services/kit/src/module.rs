//! A service as the thing that is served or mounted.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::bus::{Bus, PublishError, Subscription};
use crate::consumer::Handler;
use crate::database::Database;
use crate::purge::Purge;
use crate::shutdown::Shutdown;

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A built service: its routes, what runs beside them, and what says whether it is well.
pub struct Module {
    /// The service's name: `user`.
    pub name: &'static str,
    /// Its routes, without the operational ones.
    pub router: Router,
    /// What they take and give (OpenAPI 3.1).
    pub openapi: Option<OpenApi>,
    /// What runs beside the requests until the end.
    pub workers: Vec<Worker>,
    /// What `/health` and `/ready` ask.
    pub health: Vec<HealthCheck>,
    /// Its database, whose outbox is relayed, and which is closed once the last request is answered.
    pub database: Option<Database>,
    /// What it does with others' events.
    pub consumers: Vec<Consumer>,
    /// What it forgets in time, beside what every service does.
    pub purges: Vec<Purge>,
}

impl Module {
    /// A module of routes alone.
    pub fn new(name: &'static str, router: Router) -> Self {
        let (workers, health, consumers, purges) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { name, router, openapi: None, workers, health, database: None, consumers, purges }
    }

    /// A module of routes that say what they take and give; `/openapi.json` and `/docs` show it.
    pub fn documented(name: &'static str, router: OpenApiRouter) -> Self {
        let (router, openapi) = router.split_for_parts();
        Self { openapi: Some(openapi), ..Self::new(name, router) }
    }

    /// Adds a worker.
    #[must_use]
    pub fn with_worker(mut self, worker: Worker) -> Self {
        self.workers.push(worker);
        self
    }

    /// Has `purge` done from time to time; needs a database, whose rows it deletes.
    #[must_use]
    pub fn with_purge(mut self, purge: Purge) -> Self {
        self.purges.push(purge);
        self
    }

    /// Has `handler` apply the events of `topics`; the consumer group is `<name>-service`. Needs a
    /// database, for dead letters.
    #[must_use]
    pub fn with_consumer(mut self, topics: &'static [&'static str], handler: impl Handler) -> Self {
        self.consumers.push(Consumer { topics, handler: Arc::new(handler), subscription: None });
        self
    }

    /// Subscribes its consumers. Of modules that share a bus in memory each has to be subscribed before
    /// any of them starts: that bus keeps nothing for those that come later.
    pub fn subscribe(&mut self, bus: &Bus) {
        let group = format!("{}-service", self.name);
        for consumer in &mut self.consumers {
            consumer.subscription.get_or_insert_with(|| bus.subscribe(&group, consumer.topics));
        }
    }

    /// Adds the database: its health is the module's, its outbox is relayed, and it is closed at the
    /// end.
    #[must_use]
    pub fn with_database(mut self, database: Database) -> Self {
        let asked = database.clone();
        self.health.push(HealthCheck::new("database", move || {
            let database = asked.clone();
            async move { database.check().await }
        }));
        self.database = Some(database);
        self
    }
}

/// A handler of the events of some topics.
pub struct Consumer {
    pub(crate) topics: &'static [&'static str],
    pub(crate) handler: Arc<dyn Handler>,
    pub(crate) subscription: Option<Result<Subscription, PublishError>>,
}

/// A task beside the requests. It ends soon after [`Shutdown::requested`]; one that ends or panics
/// before ends the process, so that no service runs on with a part of it missing.
pub struct Worker {
    pub(crate) name: &'static str,
    pub(crate) start: Box<dyn FnOnce(Shutdown) -> BoxFuture<()> + Send>,
}

impl Worker {
    /// A worker named `name` for the log.
    pub fn new<F>(name: &'static str, run: impl FnOnce(Shutdown) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self { name, start: Box::new(move |shutdown| Box::pin(run(shutdown))) }
    }
}

/// Something that a service cannot do without, and the question whether it is there.
#[derive(Clone)]
pub struct HealthCheck {
    name: &'static str,
    probe: Arc<dyn Fn() -> BoxFuture<Result<(), String>> + Send + Sync>,
}

impl HealthCheck {
    /// `probe` gives the cause of a failure, for the log alone.
    pub fn new<F>(name: &'static str, probe: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        Self { name, probe: Arc::new(move || Box::pin(probe())) }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) async fn run(&self) -> Result<(), String> {
        (self.probe)().await
    }
}
