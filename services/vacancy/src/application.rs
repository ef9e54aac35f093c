//! The use cases, a file each. Commands are queued and done in batches (see `apply`), since a durable
//! commit costs the same for one and for many; the events that tell of them are in the same transaction.

pub mod error;
pub mod ports;

mod apply;
mod available;
mod forget;
mod release;
mod reserve;
mod restock;

pub use error::Error;

use std::sync::Arc;

use jiff::SignedDuration;
use kit::Clock;
use kit::batch::{Batcher, Limits};
use kit::idempotency::Done;

use crate::domain::Outcome;
use apply::{Command, Reply};
use available::Cache;
use ports::{Store, StoreError};

/// Some seconds of work at the pace of a slow disk: whoever comes then is told to come later.
const LIMITS: Limits = Limits { waiting: 10_000, at_once: 500 };

/// The use cases over their ports. In the process that mounts this service it is also how others call
/// it.
pub struct Application {
    store: Arc<dyn Store>,
    batcher: Batcher<Command, Reply, StoreError>,
    cache: Arc<Cache>,
}

impl Application {
    /// Over these ports; `available` is remembered for `cache_ttl`.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, cache_ttl: SignedDuration) -> Self {
        let cache = Arc::new(Cache::new(clock, cache_ttl));
        let batcher = Batcher::new(LIMITS, {
            let (store, cache) = (Arc::clone(&store), Arc::clone(&cache));
            move |commands| apply::apply(Arc::clone(&store), Arc::clone(&cache), commands)
        });
        Self { store, batcher, cache }
    }

    /// Has a command done that has no `Idempotency-Key`.
    async fn done(&self, command: Command) -> Result<Outcome, Error> {
        match self.batcher.submit(command).await?? {
            Done::Now(outcome) => Ok(outcome),
            Done::Before(_) => Err(Error::Internal("a command without a key was answered by one".to_owned())),
        }
    }
}
