//! `/openapi.json` of the whole: the services' own documents, asked for and merged, as the gateway's clients see them.
//!
//! Nothing of it is on a request's way: the first who asks for the document wakes a task of the control runtime, which
//! asks every service for its `/openapi.json` within bounds, and merges what comes. A service that has none is left out
//! and named.
mod collect;
mod components;
mod merge;
mod operations;
mod security;
#[cfg(test)]
mod tests;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::{
    sync::{Notify, watch},
    task::spawn_blocking,
    time::{sleep, timeout},
};

use crate::{live::Live, tasks::Tasks};

/// How long a document is given out, if no service is missing in it.
const WHOLE: Duration = Duration::from_secs(30);
/// How long one is given out in which a service is missing: it may be about to start.
const PARTIAL: Duration = Duration::from_secs(3);
/// How long a client waits: the services have [`collect::TIMEOUT`], and the rest is the merge.
const WAIT: Duration = Duration::from_secs(5);

/// The document, made when it is asked for.
#[derive(Debug)]
pub(crate) struct OpenApi {
    asked: Notify,
    held: watch::Sender<Option<Held>>,
    making: Tasks,
}

/// One that was made.
#[derive(Debug, Clone)]
struct Held {
    document: Bytes,
    fresh_until: Instant,
}

impl Held {
    fn is_fresh(held: Option<&Self>) -> bool {
        held.is_some_and(|held| Instant::now() < held.fresh_until)
    }
}

impl OpenApi {
    pub(crate) fn new() -> Self {
        Self { asked: Notify::new(), held: watch::Sender::new(None), making: Tasks::default() }
    }

    /// The document as JSON; none where it cannot be made in time.
    pub(crate) async fn document(&self) -> Option<Bytes> {
        let mut held = self.held.subscribe();
        if !Held::is_fresh(held.borrow().as_ref()) {
            self.asked.notify_one();
            // What is there, though it is old, is better than nothing.
            let _ = timeout(WAIT, held.wait_for(|held| Held::is_fresh(held.as_ref()))).await;
        }
        held.borrow().as_ref().map(|held| held.document.clone())
    }

    /// Makes none any more, once those who have asked already have got theirs.
    pub(crate) fn retire(self: &Arc<Self>) {
        let retired = Arc::clone(self);
        tokio::spawn(async move {
            sleep(WAIT).await;
            retired.making.end();
        });
    }

    /// Makes one whenever somebody asks and the last one is old.
    async fn keep(&self, live: Arc<Live>) {
        loop {
            self.asked.notified().await;
            if Held::is_fresh(self.held.borrow().as_ref()) {
                continue;
            }
            let papers = collect::papers(&live).await;
            let is_whole = papers.iter().all(Result::is_ok);
            let of = Arc::clone(&live);
            // A merge of large documents takes a while, and probes share this runtime.
            let merged = spawn_blocking(move || merge::merge(&of, papers).to_string()).await;
            match merged {
                Ok(text) => {
                    let fresh_until = Instant::now() + if is_whole { WHOLE } else { PARTIAL };
                    self.held.send_replace(Some(Held { document: text.into(), fresh_until }));
                }
                Err(error) => tracing::error!(%error, "the services' OpenAPI documents cannot be merged"),
            }
        }
    }
}

/// Starts to make documents of the services of `live`, on the current runtime.
pub(crate) fn watch(live: &Arc<Live>) {
    if let Some(openapi) = &live.openapi {
        let (making, live) = (Arc::clone(openapi), Arc::clone(live));
        openapi.making.spawn(async move { making.keep(live).await });
    }
}
