//! Numbers of a route's extras, kept over reloads: a route that is gone keeps what it has counted, and one that comes back
//! counts on.
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use crate::{cache, cluster::hedge, mirror, telemetry::metrics::RouteLabels};

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Tallies {
    mirrors: Mutex<BTreeMap<RouteLabels, Arc<mirror::Counts>>>,
    caches: Mutex<BTreeMap<RouteLabels, Arc<cache::Counts>>>,
    hedges: Mutex<BTreeMap<RouteLabels, Arc<hedge::Counts>>>,
}

impl Tallies {
    /// Those of the copies of a route, for a service.
    pub(crate) fn mirror(&self, labels: RouteLabels) -> Arc<mirror::Counts> {
        Arc::clone(self.mirrors().entry(labels).or_default())
    }

    /// Those of the hedges of a route.
    pub(crate) fn hedge(&self, labels: RouteLabels) -> Arc<hedge::Counts> {
        Arc::clone(self.hedges().entry(labels).or_default())
    }

    /// Those of a route whose answers are stored.
    pub(crate) fn cache(&self, labels: RouteLabels) -> Arc<cache::Counts> {
        Arc::clone(self.caches().entry(labels).or_default())
    }

    /// Those of all routes whose answers are, or were, stored.
    pub(crate) fn caches(&self) -> MutexGuard<'_, BTreeMap<RouteLabels, Arc<cache::Counts>>> {
        self.caches.lock().expect("no holder of this lock panics")
    }

    /// Those of all routes that are, or were, hedged.
    pub(crate) fn hedges(&self) -> MutexGuard<'_, BTreeMap<RouteLabels, Arc<hedge::Counts>>> {
        self.hedges.lock().expect("no holder of this lock panics")
    }

    /// Those of all routes that have, or had, a mirror.
    pub(crate) fn mirrors(&self) -> MutexGuard<'_, BTreeMap<RouteLabels, Arc<mirror::Counts>>> {
        self.mirrors.lock().expect("no holder of this lock panics")
    }
}
