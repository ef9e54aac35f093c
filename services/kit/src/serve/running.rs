//! A module at work.

use std::sync::Arc;

use axum::Router;
use tokio::task::JoinSet;

use super::About;
use crate::database::Database;
use crate::http::{self, Metrics, Operations};
use crate::module::{Module, Worker};
use crate::shutdown::{self, Shutdown, Trigger};

/// A module with its workers started, and its routes as a server needs them. Only the listener is
/// missing: a test calls [`Running::router`] directly.
pub struct Running {
    router: Router,
    workers: JoinSet<&'static str>,
    databases: Vec<Database>,
    trigger: Trigger,
    shutdown: Shutdown,
}

impl Running {
    /// Starts the workers, and surrounds the routes with ids, logs, metrics, limits, problems and
    /// the operational endpoints.
    pub fn start(module: Module, about: About) -> Self {
        let Module { name: _, router, workers, health, databases } = module;
        let (trigger, shutdown) = shutdown::channel();
        let operations = Operations { about, health, metrics: Arc::new(Metrics::new()), shutdown: shutdown.clone() };
        Self {
            router: http::surround(router, operations),
            workers: spawn_all(workers, &shutdown),
            databases,
            trigger,
            shutdown,
        }
    }

    /// The routes.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Asks everything to end.
    pub fn shut_down(&self) {
        self.trigger.shut_down();
    }

    /// Asks everything to end, waits for the workers, and closes the databases.
    pub async fn stop(mut self) {
        self.shut_down();
        while self.workers.join_next().await.is_some() {}
        for database in &self.databases {
            database.close().await;
        }
    }

    pub(super) fn shutdown(&self) -> Shutdown {
        self.shutdown.clone()
    }

    /// Resolves with the name of a worker that ended; never when there is none.
    pub(super) async fn worker_ended(&mut self) -> &'static str {
        match self.workers.join_next().await {
            Some(ended) => ended.unwrap_or("one that panicked"),
            None => std::future::pending().await,
        }
    }
}

fn spawn_all(workers: Vec<Worker>, shutdown: &Shutdown) -> JoinSet<&'static str> {
    let mut set = JoinSet::new();
    for Worker { name, start } in workers {
        let task = start(shutdown.clone());
        set.spawn(async move {
            task.await;
            name
        });
    }
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABOUT: About = About { name: "test", version: "0.0.0", port: 0, settings: &[] };

    fn running(worker: Worker) -> Running {
        Running::start(Module::new("test", Router::new()).with_worker(worker), ABOUT)
    }

    #[tokio::test]
    async fn a_worker_that_ends_unasked_is_noticed() {
        let mut early = running(Worker::new("early", |_| async {}));
        assert_eq!(early.worker_ended().await, "early");
        let mut broken = running(Worker::new("broken", |_| async { panic!("of the test") }));
        assert_eq!(broken.worker_ended().await, "one that panicked");
    }

    #[tokio::test]
    async fn stopping_waits_for_the_workers() {
        let (done, mut ended) = tokio::sync::mpsc::channel(1);
        let worker = Worker::new("polite", |mut shutdown: Shutdown| async move {
            shutdown.requested().await;
            done.send(()).await.unwrap();
        });
        running(worker).stop().await;
        assert_eq!(ended.try_recv(), Ok(()));
    }
}
