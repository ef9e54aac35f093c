//! Numbers over reloads: each configuration counts in shards of its own, and a scrape adds up all that there ever were, by
//! their labels. So no counter goes backwards, and a route that is gone keeps what it has counted.
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use super::{
    RouteLabels,
    shard::{BOUNDS_MICROS, Histogram, RouteStats, Shard},
};
use crate::live::Live;

/// The numbers of every configuration since the start.
#[derive(Default)]
pub(crate) struct Generations(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    /// Configurations that are counted under, the last one being the one that serves.
    open: Vec<Generation>,
    /// The sum of all others.
    closed: Totals,
}

/// By labels; those of what no route took are empty.
pub(super) type Totals = BTreeMap<RouteLabels, RouteTotals>;

struct Generation {
    live: Arc<Live>,
    /// One for each worker.
    shards: Vec<Arc<Shard>>,
}

/// What one route has counted.
#[derive(Debug, Clone, Default)]
pub(super) struct RouteTotals {
    /// `status << 8 | code index + 1`, and how often.
    pub(super) answers: BTreeMap<u32, u64>,
    pub(super) request: Sum,
    pub(super) upstream: Sum,
}

/// A histogram's count and sum.
#[derive(Debug, Clone, Default)]
pub(super) struct Sum {
    pub(super) buckets: [u64; BOUNDS_MICROS.len() + 1],
    pub(super) micros: u64,
}

impl Generations {
    /// A new configuration, with a shard for each of its workers.
    pub(crate) fn open(&self, live: &Arc<Live>, shards: Vec<Arc<Shard>>) {
        self.inner().open.push(Generation { live: Arc::clone(live), shards });
    }

    /// Closes the configurations that no worker counts under any more, and lets go of them; whether one is left that
    /// serves no new request. It frees here, and not on a worker, what may take long to free.
    pub(crate) fn close_finished(&self) -> bool {
        let mut inner = self.inner();
        let Inner { open, closed } = &mut *inner;
        let last = open.len().saturating_sub(1);
        let finished: Vec<Generation> = {
            let mut index = 0;
            let is_finished = |generation: &mut Generation| {
                index += 1;
                // The worker's own is gone: nobody can get another.
                index <= last && generation.shards.iter_mut().all(|shard| Arc::get_mut(shard).is_some())
            };
            open.extract_if(.., is_finished).collect()
        };
        for generation in finished {
            generation.add_to(closed);
        }
        open.len() > 1
    }

    /// All of it, at this moment.
    pub(super) fn totals(&self) -> Totals {
        let inner = self.inner();
        let mut totals = inner.closed.clone();
        for generation in &inner.open {
            generation.add_to(&mut totals);
        }
        totals
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().expect("no holder of this lock panics")
    }
}

impl Generation {
    fn add_to(&self, totals: &mut Totals) {
        for shard in &self.shards {
            shard.add_to(self.live.lanes.iter().map(|lane| &lane.labels), totals);
        }
    }
}

impl Shard {
    /// Adds what was counted by routes with these labels.
    pub(super) fn add_to<'l>(&self, labels: impl Iterator<Item = &'l RouteLabels>, totals: &mut Totals) {
        let unrouted = RouteLabels { route: String::new(), service: "".into() };
        for (stats, labels) in self.routes.iter().zip(labels.map(Some).chain([None])) {
            if let Some(stats) = stats.get() {
                stats.add_to(totals.entry(labels.unwrap_or(&unrouted).clone()).or_default());
            }
        }
    }
}

impl RouteStats {
    fn add_to(&self, totals: &mut RouteTotals) {
        for (pair, count) in self.answers() {
            *totals.answers.entry(pair).or_default() += count;
        }
        totals.request.add(&self.request);
        totals.upstream.add(&self.upstream);
    }
}

impl Sum {
    fn add(&mut self, histogram: &Histogram) {
        use std::sync::atomic::Ordering::Relaxed;
        for (sum, bucket) in self.buckets.iter_mut().zip(&histogram.buckets) {
            *sum += bucket.load(Relaxed);
        }
        self.micros += histogram.sum_micros.load(Relaxed);
    }
}
