//! A service as the thing that is served or mounted.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;

use crate::database::Database;
use crate::shutdown::Shutdown;

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A built service: its routes, what runs beside them, and what says whether it is well.
pub struct Module {
    /// The service's name: `user`.
    pub name: &'static str,
    /// Its routes, without the operational ones.
    pub router: Router,
    /// What runs beside the requests until the end.
    pub workers: Vec<Worker>,
    /// What `/health` and `/ready` ask.
    pub health: Vec<HealthCheck>,
    /// Closed once the last request is answered.
    pub databases: Vec<Database>,
}

impl Module {
    /// A module of routes alone.
    pub fn new(name: &'static str, router: Router) -> Self {
        Self { name, router, workers: Vec::new(), health: Vec::new(), databases: Vec::new() }
    }

    /// Adds a worker.
    #[must_use]
    pub fn with_worker(mut self, worker: Worker) -> Self {
        self.workers.push(worker);
        self
    }

    /// Adds a database: its health is the module's, and it is closed at the end.
    #[must_use]
    pub fn with_database(mut self, database: Database) -> Self {
        let asked = database.clone();
        self.health.push(HealthCheck::new("database", move || {
            let database = asked.clone();
            async move { database.ping().await.map_err(|error| error.to_string()) }
        }));
        self.databases.push(database);
        self
    }
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
