//! The services while they run: one whose worker ends by itself ends the whole, so that nothing runs on with a part of it
//! missing.
use std::{future::poll_fn, pin::pin, task::Poll};

use tokio::sync::oneshot;

use crate::services::Service;

/// Watches until `stopping`, then ends the services in the reverse order of their start; whether none had ended before.
/// The first that does is told to `ended`, and waits for the others.
pub(crate) async fn keep(
    mut services: Vec<Service>,
    ended: oneshot::Sender<()>,
    mut stopping: oneshot::Receiver<()>,
) -> bool {
    let first = {
        let first = pin!(first_to_end(&mut services));
        tokio::select! {
            first = first => Some(first),
            _ = &mut stopping => None,
        }
    };
    if let Some((service, worker)) = first {
        tracing::error!(service, worker, "a worker ended");
        // Nobody listens any more when the end has begun anyway.
        let _ = ended.send(());
        let _ = stopping.await;
    }
    // What the others publish last is still consumed by those that started first.
    while let Some(Service { name, running, .. }) = services.pop() {
        running.stop().await;
        tracing::debug!(service = name, "stopped");
    }
    first.is_none()
}

async fn first_to_end(services: &mut [Service]) -> (&'static str, &'static str) {
    let mut ends: Vec<_> =
        services.iter_mut().map(|service| (service.name, Box::pin(service.running.worker_ended()))).collect();
    poll_fn(|cx| {
        let ended = ends.iter_mut().find_map(|(service, end)| match end.as_mut().poll(cx) {
            Poll::Ready(worker) => Some((*service, worker)),
            Poll::Pending => None,
        });
        ended.map_or(Poll::Pending, Poll::Ready)
    })
    .await
}

/// Why the gateway has to end, once a service has.
pub(crate) async fn reason(end: oneshot::Receiver<()>) -> &'static str {
    match end.await {
        Ok(()) => "a service's worker ended",
        // The keeper is gone with the process, or because it was told to end.
        Err(_) => std::future::pending().await,
    }
}
