//! Query: how many places are left.

use std::sync::{Arc, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};
use kit::Clock;

use super::{Application, Error};

impl Application {
    /// The places that are left: right after each write of this process, and at most the set time old
    /// when another one writes. [`Error::Overloaded`].
    pub async fn available(&self) -> Result<i64, Error> {
        if let Some(qty) = self.cache.fresh() {
            return Ok(qty);
        }
        let generation = self.cache.generation();
        let qty = self.store.available().await?;
        self.cache.store_unless_newer(qty, generation);
        Ok(qty)
    }
}

/// The last known number of places.
pub(super) struct Cache {
    clock: Arc<dyn Clock>,
    ttl: SignedDuration,
    entry: RwLock<Entry>,
}

#[derive(Default)]
struct Entry {
    known: Option<(i64, Timestamp)>,
    /// Counts the writes: what was read before one of them is old.
    generation: u64,
}

impl Cache {
    pub(super) fn new(clock: Arc<dyn Clock>, ttl: SignedDuration) -> Self {
        Self { clock, ttl, entry: RwLock::default() }
    }

    /// After a commit that left so many.
    pub(super) fn store(&self, qty: i64) {
        self.write(Some((qty, self.clock.now())));
    }

    /// After a commit that may have happened.
    pub(super) fn forget(&self) {
        self.write(None);
    }

    fn fresh(&self) -> Option<i64> {
        let entry = self.entry.read().unwrap_or_else(PoisonError::into_inner);
        let (qty, at) = entry.known?;
        let age = self.clock.now().duration_since(at);
        // A clock that was set back tells nothing of the age.
        (SignedDuration::ZERO..self.ttl).contains(&age).then_some(qty)
    }

    fn generation(&self) -> u64 {
        self.entry.read().unwrap_or_else(PoisonError::into_inner).generation
    }

    /// After a read that began at `generation`; a commit since then knows better.
    fn store_unless_newer(&self, qty: i64, generation: u64) {
        let now = self.clock.now();
        let mut entry = self.entry.write().unwrap_or_else(PoisonError::into_inner);
        if entry.generation == generation {
            entry.known = Some((qty, now));
        }
    }

    fn write(&self, known: Option<(i64, Timestamp)>) {
        let mut entry = self.entry.write().unwrap_or_else(PoisonError::into_inner);
        *entry = Entry { known, generation: entry.generation + 1 };
    }
}
