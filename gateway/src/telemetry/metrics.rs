//! What is counted, in shards: each worker writes its own, without a lock and without sharing a cache line, and a scrape
//! adds them up.
//!
//! `shard` is a worker's side of it, `generations` the sum over workers and reloads, `encode` what a scrape shows: each
//! metric's name, help and labels.
mod encode;
mod gauges;
mod generations;
mod shard;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, atomic::AtomicU64},
};

use arc_swap::ArcSwap;

use crate::live::Live;

pub(crate) use encode::Shared;
pub(crate) use gauges::{Connecting, Gauges};
pub(crate) use generations::Generations;
pub(crate) use shard::Shard;

/// What a scrape reads.
pub(crate) struct Metrics {
    /// The configuration that serves.
    pub(crate) live: ArcSwap<Live>,
    pub(crate) generations: Generations,
    /// One for each worker.
    pub(crate) gauges: Mutex<Vec<Arc<Gauges>>>,
    pub(crate) connecting: Arc<Connecting>,
    pub(crate) reloads: Reloads,
    pub(crate) log_lines_dropped: Arc<AtomicU64>,
}

/// How often the file was read again, by what came of it.
#[derive(Debug, Default)]
pub(crate) struct Reloads {
    /// It serves now.
    pub(crate) applied: AtomicU64,
    /// Something was wrong with it, and nothing changed.
    pub(crate) rejected: AtomicU64,
    /// It said what it had said before.
    pub(crate) unchanged: AtomicU64,
}

/// The labels of one route.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RouteLabels {
    pub(crate) route: String,
    pub(crate) service: Arc<str>,
}

impl Metrics {
    /// What each worker has open.
    pub(crate) fn gauges(&self) -> MutexGuard<'_, Vec<Arc<Gauges>>> {
        self.gauges.lock().expect("no holder of this lock panics")
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Metrics of {} workers", self.gauges().len())
    }
}
