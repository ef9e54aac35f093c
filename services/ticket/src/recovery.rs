//! The worker that finishes what was left behind.

use std::sync::Arc;
use std::time::Duration;

use kit::Shutdown;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tracing::Instrument;

use crate::application::{Application, Error};

/// How often it looks.
const INTERVAL: Duration = Duration::from_secs(1);
/// Purchases read at once, and finished at once.
const PAGE: i64 = 500;
const AT_ONCE: usize = 32;

/// Looks at once and then every second, until the end is asked for.
pub(crate) async fn recover(application: Arc<Application>, mut shutdown: Shutdown) {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut waits = false;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = shutdown.requested() => return,
        }
        let passed = tokio::select! {
            passed = pass(&application) => passed,
            () = shutdown.requested() => return,
        };
        match passed {
            Ok(()) => waits = false,
            // The vacancy service may be away for long: that is told once.
            Err(error) if !waits => {
                tracing::warn!(%error, "purchases that were left behind wait to be finished");
                waits = true;
            }
            Err(_) => {}
        }
    }
}

/// Finishes all there are; the first failure ends it, for the next would fail like it.
async fn pass(application: &Arc<Application>) -> Result<(), Error> {
    let mut after = None;
    loop {
        let page = application.unfinished(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.id);
        let mut running = JoinSet::new();
        for purchase in page {
            if running.len() >= AT_ONCE {
                joined(running.join_next().await)?;
            }
            let application = Arc::clone(application);
            running.spawn(async move { application.recover(purchase).await }.in_current_span());
        }
        while let Some(outcome) = running.join_next().await {
            joined(Some(outcome))?;
        }
    }
}

fn joined(outcome: Option<Result<Result<(), Error>, tokio::task::JoinError>>) -> Result<(), Error> {
    match outcome {
        Some(Ok(outcome)) => outcome,
        Some(Err(error)) => Err(Error::Internal(error.to_string())),
        None => Ok(()),
    }
}
