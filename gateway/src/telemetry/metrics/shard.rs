//! A worker's side: it counts what it has done, without a lock.
use std::{
    collections::BTreeMap,
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

/// Upper bounds of the histograms, in microseconds; what is slower falls into `+Inf`.
pub(super) const BOUNDS_MICROS: [u64; 14] = [
    250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 10_000_000,
];
/// Different (status, code) pairs that one route counts without a lock; the rare rest goes to a map.
const PAIRS: usize = 16;

/// One worker's numbers. Written by that worker only: an addition needs no atomic read-modify-write.
#[derive(Debug)]
pub(crate) struct Shard {
    /// By route index; the last one is for what no route took.
    pub(super) routes: Box<[OnceLock<Box<RouteStats>>]>,
}

/// What one route has counted.
#[derive(Debug, Default)]
pub(super) struct RouteStats {
    /// `status << 8 | code index + 1`, 0 where free, and its count.
    answers: [(AtomicU32, AtomicU64); PAIRS],
    rare_answers: Mutex<BTreeMap<u32, u64>>,
    pub(super) request: Histogram,
    pub(super) upstream: Histogram,
}

/// Durations.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    pub(super) buckets: [AtomicU64; BOUNDS_MICROS.len() + 1],
    pub(super) sum_micros: AtomicU64,
}

impl Shard {
    pub(crate) fn new(routes: usize) -> Self {
        Self { routes: (0..=routes).map(|_| OnceLock::new()).collect() }
    }

    /// Counts one finished request: its route, if any took it, its status, the code of its failure, its durations.
    pub(crate) fn record(
        &self,
        route: Option<usize>,
        status: u16,
        code: Option<usize>,
        duration: Duration,
        upstream: Option<Duration>,
    ) {
        let numbers = self.routes[route.unwrap_or(self.routes.len() - 1)].get_or_init(Box::default);
        let code = code.map_or(0, |code| u32::try_from(code).expect("the codes are few") + 1);
        numbers.count(u32::from(status) << 8 | code);
        numbers.request.observe(duration);
        if let Some(upstream) = upstream {
            numbers.upstream.observe(upstream);
        }
    }
}

impl RouteStats {
    fn count(&self, pair: u32) {
        for (key, count) in &self.answers {
            let known = key.load(Relaxed);
            if known == 0 {
                key.store(pair, Relaxed);
            }
            if known == pair || known == 0 {
                return bump(count, 1);
            }
        }
        let mut rare = self.rare_answers.lock().expect("no holder of this lock panics");
        *rare.entry(pair).or_default() += 1;
    }

    /// Each pair that was answered, as in `answers`, and how often.
    pub(super) fn answers(&self) -> Vec<(u32, u64)> {
        let rare = self.rare_answers.lock().expect("no holder of this lock panics");
        let common = self.answers.iter().map(|(key, count)| (key.load(Relaxed), count.load(Relaxed)));
        common.filter(|&(key, _)| key != 0).chain(rare.iter().map(|(&key, &count)| (key, count))).collect()
    }
}

impl Histogram {
    fn observe(&self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS_MICROS.iter().position(|&bound| micros <= bound).unwrap_or(BOUNDS_MICROS.len());
        bump(&self.buckets[bucket], 1);
        bump(&self.sum_micros, micros);
    }
}

/// An addition by the only writer.
fn bump(counter: &AtomicU64, by: u64) {
    counter.store(counter.load(Relaxed) + by, Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_statuses_than_there_are_slots_are_all_counted() {
        let shard = Shard::new(0);
        for status in 200..300 {
            shard.record(None, status, None, Duration::ZERO, None);
            shard.record(None, status, None, Duration::ZERO, None);
        }
        let answers = shard.routes[0].get().unwrap().answers();
        assert_eq!(answers.len(), 100);
        assert!(answers.iter().all(|&(_, count)| count == 2));
    }
}
