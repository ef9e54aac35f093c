//! What has to be done from time to time: keys renewed, expired tokens forgotten.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use kit::Shutdown;
use tokio::time::{Instant, MissedTickBehavior};

use crate::application::Application;

/// How often expired refresh tokens are deleted.
const PURGE_INTERVAL: Duration = Duration::from_hours(1);

/// The worker, which looks at the keys every `interval`. A failure is logged and tried again at
/// the next tick: keys are made so long before their turn that many may fail.
pub(crate) fn worker(
    application: Arc<Application>,
    interval: Duration,
) -> impl FnOnce(Shutdown) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    move |mut shutdown| {
        Box::pin(async move {
            // The start has looked at the keys already.
            let mut ticks = tokio::time::interval_at(Instant::now() + interval, interval);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut purge_at = Instant::now();
            loop {
                tokio::select! {
                    () = shutdown.requested() => return,
                    _ = ticks.tick() => {}
                }
                if let Err(error) = application.maintain_keys().await {
                    tracing::error!(%error, "signing keys were not looked after");
                }
                if purge_at <= Instant::now() {
                    purge_at = Instant::now() + PURGE_INTERVAL;
                    match application.purge_refresh_tokens().await {
                        Ok(0) => {}
                        Ok(count) => tracing::info!(count, "expired refresh tokens deleted"),
                        Err(error) => tracing::error!(%error, "refresh tokens were not deleted"),
                    }
                }
            }
        })
    }
}
