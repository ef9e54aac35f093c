//! The worker that delivers what is due.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use kit::Shutdown;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::Instrument;

use crate::application::{Application, Delivered};

/// Deliveries at once: receivers that hang hold nobody up while they are fewer.
const AT_ONCE: usize = 256;
/// How often the store is looked into unasked: another instance may have added to it, or died.
const TICK: Duration = Duration::from_secs(1);
/// The pause when what is due is not to be had: another instance is just taking it.
const CONTENDED: Duration = Duration::from_millis(10);
/// The pause after the store failed, doubled up to the longest.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long deliveries that run at the end may still take. What they have not done then is delivered by
/// whoever takes it once its lease is over.
const LAST: Duration = Duration::from_secs(5);

/// The worker.
pub(crate) fn worker(
    application: Arc<Application>,
) -> impl FnOnce(Shutdown) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    |shutdown| Box::pin(run(application, shutdown))
}

/// 1. Take what is due, as much as there is room for.
/// 2. Wait for a delivery to end, for something to be due, or for the end.
/// 3. Store together what came of all that have ended.
async fn run(application: Arc<Application>, mut shutdown: Shutdown) {
    let mut running = JoinSet::new();
    while !shutdown.is_requested() {
        let wait = take(&application, &mut running).await;
        tokio::select! {
            Some(first) = running.join_next() => settle_ended(&application, first, &mut running, &mut shutdown).await,
            () = tokio::time::sleep(wait) => {}
            () = application.added(), if running.len() < AT_ONCE => {}
            () = shutdown.requested() => {}
        }
    }
    let deadline = Instant::now() + LAST;
    while let Ok(Some(first)) = tokio::time::timeout_at(deadline, running.join_next()).await {
        settle_ended(&application, first, &mut running, &mut shutdown).await;
    }
}

/// Starts deliveries of what is due; gives how long to wait for more.
async fn take(application: &Arc<Application>, running: &mut JoinSet<Delivered>) -> Duration {
    let room = AT_ONCE - running.len();
    if room == 0 {
        return TICK;
    }
    let taken = match application.take_due(u32::try_from(room).unwrap_or(u32::MAX)).await {
        Ok(taken) => taken,
        Err(error) => {
            tracing::warn!(%error, "what is due cannot be looked up now");
            return TICK;
        }
    };
    let least = if taken.is_empty() { CONTENDED } else { Duration::ZERO };
    for delivery in taken {
        let application = Arc::clone(application);
        running.spawn(async move { application.deliver(delivery).await }.in_current_span());
    }
    match application.until_due().await {
        Ok(due) => due.unwrap_or(TICK).clamp(least, TICK),
        Err(_) => TICK,
    }
}

type Ended = Result<Delivered, tokio::task::JoinError>;

/// Stores what came of `first` and of all others that have ended, again and again while the store fails; at
/// the end of the process only once.
async fn settle_ended(
    application: &Application,
    first: Ended,
    running: &mut JoinSet<Delivered>,
    shutdown: &mut Shutdown,
) {
    let others = std::iter::from_fn(|| running.try_join_next());
    // A delivery that panicked was logged by the runtime's hook, and is taken again after its lease.
    let ended: Vec<Delivered> = std::iter::once(first).chain(others).filter_map(Result::ok).collect();
    let mut pause = PAUSE;
    while let Err(error) = application.settle(&ended).await {
        tracing::warn!(%error, retry_in = ?pause, count = ended.len(), "what was delivered cannot be stored now");
        tokio::select! {
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
            () = shutdown.requested() => return,
        }
    }
}
