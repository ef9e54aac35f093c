//! A module at work.

mod announce;

use axum::Router;
use tokio::task::JoinSet;
use tracing::Instrument;

use super::Context;
use crate::consumer;
use crate::database::Database;
use crate::http::{self, Operations};
use crate::module::{Consumer, Module, Worker};
use crate::outbox;
use crate::purge::{self, Retention};
use crate::shutdown::{self, Shutdown, Trigger};
use crate::telemetry;

/// A module with its workers started, and its routes as a server needs them. Only the listener is
/// missing: a test calls [`Running::router`] directly.
pub struct Running {
    router: Router,
    workers: JoinSet<&'static str>,
    /// What publishes the last events, and so ends after the workers.
    relay: JoinSet<&'static str>,
    relay_trigger: Trigger,
    database: Option<Database>,
    service: &'static str,
    trigger: Trigger,
    shutdown: Shutdown,
}

impl Running {
    /// Starts the workers, the relay and the consumers, and surrounds the routes with ids, logs, metrics,
    /// limits, problems and the operational endpoints.
    pub fn start(mut module: Module, context: &Context) -> Self {
        module.subscribe(&context.bus);
        let Module { name, router, openapi, workers, health, database, consumers, purges } = module;
        let (trigger, shutdown) = shutdown::channel();
        let (relay_trigger, relay_shutdown) = shutdown::channel();
        let operations = Operations {
            about: context.about,
            mode: context.common.mode,
            health: health.clone(),
            metrics: context.metrics.clone(),
            shutdown: shutdown.clone(),
            doubt: database.as_ref().map(|database| database.doubt().clone()).unwrap_or_default(),
        };
        let mut running = Self {
            router: http::surround(router, openapi, operations, context.trust.clone()),
            workers: spawn_all(name, workers, &shutdown),
            relay: JoinSet::new(),
            relay_trigger,
            database: database.clone(),
            service: name,
            trigger,
            shutdown: shutdown.clone(),
        };
        if let Some(database) = database {
            running.consume(consumers, &database);
            let waiting = context.metrics.gauge("outbox_waiting", "Messages written and not yet published");
            let relay = outbox::relay(database.clone(), context.bus.clone(), waiting, relay_shutdown);
            running.relay.spawn(named(name, "relay", relay));
            let retention = Retention::from(&context.common);
            let purge = purge::worker(database.clone(), retention, purges, shutdown.clone());
            running.workers.spawn(named(name, "purge", purge));
            let health = announce::health(context.about, health, database, shutdown);
            running.workers.spawn(named(name, "system events", health));
        }
        running
    }

    /// The routes.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Asks everything to end.
    pub fn shut_down(&self) {
        self.trigger.shut_down();
    }

    /// Asks everything to end, waits for the workers, publishes what they wrote last, and closes the
    /// database.
    pub async fn stop(mut self) {
        self.shut_down();
        while self.workers.join_next().await.is_some() {}
        let Some(database) = self.database else { return };
        let last = async {
            announce::stopped(self.service, &database).await;
            self.relay_trigger.shut_down();
            while self.relay.join_next().await.is_some() {}
            database.close().await;
        };
        last.instrument(telemetry::span(self.service)).await;
    }

    pub(super) fn shutdown(&self) -> Shutdown {
        self.shutdown.clone()
    }

    /// Resolves with the name of a worker that ended; never when there is none.
    pub async fn worker_ended(&mut self) -> &'static str {
        tokio::select! {
            Some(ended) = self.workers.join_next() => ended.unwrap_or("one that panicked"),
            Some(ended) = self.relay.join_next() => ended.unwrap_or("one that panicked"),
            else => std::future::pending().await,
        }
    }

    fn consume(&mut self, consumers: Vec<Consumer>, database: &Database) {
        for Consumer { handler, subscription, .. } in consumers {
            let subscription = subscription.expect("Running::start has subscribed");
            let consumer = consumer::consume(subscription, handler, database.clone(), self.shutdown.clone());
            self.workers.spawn(named(self.service, "consumer", consumer));
        }
    }
}

fn spawn_all(service: &'static str, workers: Vec<Worker>, shutdown: &Shutdown) -> JoinSet<&'static str> {
    let mut set = JoinSet::new();
    for Worker { name, start } in workers {
        set.spawn(named(service, name, start(shutdown.clone())));
    }
    set
}

/// Runs a task of `service`, and gives its name at its end.
async fn named(service: &'static str, name: &'static str, task: impl Future<Output = ()>) -> &'static str {
    task.instrument(telemetry::span(service)).await;
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::About;
    use crate::bus::Bus;
    use crate::testing;

    const ABOUT: About = About { name: "test", version: "0.0.0", port: 0, settings: &[] };

    fn running(worker: Worker) -> Running {
        let folder = tempfile::tempdir().unwrap();
        let context = testing::context(ABOUT, folder.path(), Bus::Disconnected);
        Running::start(Module::new("test", Router::new()).with_worker(worker), &context)
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
