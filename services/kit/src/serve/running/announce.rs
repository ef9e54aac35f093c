//! `system.events`: what a service tells of itself.

use std::time::Duration;

use events::Draft;
use events::system::{HealthChanged, ServiceStarted, ServiceStopped};

use crate::database::Database;
use crate::module::HealthCheck;
use crate::outbox;
use crate::serve::About;
use crate::shutdown::Shutdown;

/// How often the checks are asked.
const INTERVAL: Duration = Duration::from_secs(5);
/// A check that takes longer has failed.
const CHECK_TIMEOUT: Duration = Duration::from_millis(1_500);

/// Tells that the service started, and from then on each change of its health, until the end is asked
/// for.
pub(super) async fn health(about: About, checks: Vec<HealthCheck>, database: Database, mut shutdown: Shutdown) {
    let started = ServiceStarted { service: about.name.to_owned(), version: about.version.to_owned() };
    publish(about.name, &Draft::from(&started), &database).await;
    let mut last = Vec::new();
    loop {
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            () = shutdown.requested() => return,
        }
        let failing = failing(&checks).await;
        if failing == last {
            continue;
        }
        let changed =
            HealthChanged { service: about.name.to_owned(), healthy: failing.is_empty(), failing: failing.clone() };
        // A database that is away takes no event of that; the next look tells it.
        if publish(about.name, &Draft::from(&changed), &database).await {
            last = failing;
        }
    }
}

/// Tells that it ended.
pub(super) async fn stopped(service: &'static str, database: &Database) {
    let stopped = ServiceStopped { service: service.to_owned() };
    publish(service, &Draft::from(&stopped), database).await;
}

async fn failing(checks: &[HealthCheck]) -> Vec<String> {
    let mut failing = Vec::new();
    for check in checks {
        if !matches!(tokio::time::timeout(CHECK_TIMEOUT, check.run()).await, Ok(Ok(()))) {
            failing.push(check.name().to_owned());
        }
    }
    failing
}

/// Whether it is in the outbox.
async fn publish(service: &str, draft: &Draft, database: &Database) -> bool {
    let published = async {
        let mut transaction = database.write().await?;
        outbox::publish(&mut transaction, service, std::slice::from_ref(draft)).await?;
        transaction.commit().await
    };
    match published.await {
        Ok(()) => true,
        Err(error) => {
            tracing::debug!(%error, event = draft.event_type, "a system event could not be written");
            false
        }
    }
}
