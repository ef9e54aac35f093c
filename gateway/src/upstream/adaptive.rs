//! How many requests an upstream should be at work on at once, found out by how long it takes to answer.
//!
//! An upstream that is asked for more than it can do lets requests wait in line, and answers later. So the limit follows the
//! gradient of its latency: what it takes when it is not busy, by what it takes now (after Netflix' concurrency-limits and
//! Envoy's adaptive concurrency). Above 1 / [`TOLERANCE`] there is room to try more; below, the limit shrinks by as much.
//!
//! Samples are added up by whoever has one; the first to find a window over works the limit out. All of it is atomics.
use std::{
    sync::atomic::{
        AtomicU32, AtomicU64,
        Ordering::{AcqRel, Relaxed},
    },
    time::{Duration, Instant},
};

/// The limit that is begun with.
const FIRST: f64 = 20.0;
/// A window is at least as long, in microseconds, and has at least so many samples.
const WINDOW_MICROS: u64 = 100_000;
const SAMPLES: u64 = 10;
/// How much slower than at its best an upstream may be without being thought busy.
const TOLERANCE: f64 = 1.5;
/// The part by which the best follows what is slower, in each window: an upstream that has become slow for good is not
/// kept small for ever, and one that is overloaded is not taken for such for minutes.
const DRIFT: f64 = 0.002;
/// How far a window moves the limit to where it should be.
const SMOOTHING: f64 = 0.4;

/// What is known of one upstream, by all workers together.
#[derive(Debug)]
pub(crate) struct Adaptive {
    born: Instant,
    /// Of this window: samples, the sum of their microseconds, and the most requests that were at work.
    count: AtomicU64,
    micros: AtomicU64,
    peak: AtomicU32,
    /// When it began, in microseconds since `born`.
    began: AtomicU64,
    /// The limit, and the latency in microseconds of an upstream that is not busy (0 for not known), as bits of an f64.
    limit: AtomicU64,
    best: AtomicU64,
}

impl Adaptive {
    pub(super) fn new() -> Self {
        Self {
            born: Instant::now(),
            count: AtomicU64::new(0),
            micros: AtomicU64::new(0),
            peak: AtomicU32::new(0),
            began: AtomicU64::new(0),
            limit: AtomicU64::new(FIRST.to_bits()),
            best: AtomicU64::new(0),
        }
    }

    /// How many it should be now, within these bounds.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few thousands at most")]
    pub(crate) fn limit(&self, min: u32, max: u32) -> u32 {
        (f64::from_bits(self.limit.load(Relaxed)) as u32).clamp(min, max)
    }

    /// A request has been answered, or has not in this time, while so many were at work.
    pub(crate) fn sample(&self, took: Duration, in_flight: u32, bounds: (u32, u32), now: Instant) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).min(u64::from(u32::MAX));
        self.micros.fetch_add(micros.max(1), Relaxed);
        self.peak.fetch_max(in_flight, Relaxed);
        let count = self.count.fetch_add(1, AcqRel) + 1;
        let since_birth = u64::try_from(now.saturating_duration_since(self.born).as_micros()).unwrap_or(u64::MAX);
        let began = self.began.load(Relaxed);
        if count < SAMPLES || since_birth.saturating_sub(began) < WINDOW_MICROS {
            return;
        }
        // One of those who find it over ends it; a sample that comes in between falls into either, or is lost.
        if self.began.compare_exchange(began, since_birth, AcqRel, Relaxed).is_ok() {
            let (count, micros) = (self.count.swap(0, AcqRel), self.micros.swap(0, Relaxed));
            self.end_window(count, micros, self.peak.swap(0, Relaxed), bounds);
        }
    }

    #[allow(clippy::cast_precision_loss, reason = "a mean of some samples")]
    fn end_window(&self, count: u64, micros: u64, peak: u32, bounds: (u32, u32)) {
        let mean = micros as f64 / count.max(1) as f64;
        let best = follow(f64::from_bits(self.best.load(Relaxed)), mean);
        self.best.store(best.to_bits(), Relaxed);
        let limit = f64::from_bits(self.limit.load(Relaxed));
        self.limit.store(next(limit, best, mean, peak, bounds).to_bits(), Relaxed);
    }
}

/// The latency of one that is not busy, after a window of this mean.
fn follow(best: f64, mean: f64) -> f64 {
    if best == 0.0 || mean < best { mean } else { best + (mean - best) * DRIFT }
}

/// The limit after a window in which answers took `mean`, where `best` is the least that they take, and at most `peak`
/// requests were at work.
fn next(limit: f64, best: f64, mean: f64, peak: u32, (min, max): (u32, u32)) -> f64 {
    let limit = limit.clamp(f64::from(min), f64::from(max));
    // Of a limit that nobody comes near nothing is learnt: no more can be asked for, and what is slow is not for a line.
    if f64::from(peak) < limit / 2.0 {
        return limit;
    }
    let gradient = (TOLERANCE * best / mean).clamp(0.5, 1.0);
    // Room to try for more, which is where the limit comes to rest: beside a queue of that length.
    let aim = limit * gradient + limit.sqrt();
    (limit + (aim - limit) * SMOOTHING).clamp(f64::from(min), f64::from(max))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: (u32, u32) = (5, 1000);

    #[test]
    fn the_limit_follows_the_gradient() {
        let check = |limit: f64, mean: f64, peak: u32, expected: f64| {
            let next = next(limit, 100.0, mean, peak, BOUNDS);
            assert!((next - expected).abs() < 0.01, "{limit} {mean} {peak}: {next}");
        };
        check(100.0, 100.0, 100, 104.0);
        check(100.0, 150.0, 100, 104.0);
        check(100.0, 300.0, 100, 84.0);
        check(100.0, 10_000.0, 100, 84.0);
        check(100.0, 100.0, 49, 100.0);
        check(100.0, 100.0, 50, 104.0);
        check(100.0, 10_000.0, 49, 100.0);
        check(100.0, 10_000.0, 50, 84.0);
        check(5.0, 10_000.0, 5, 5.0);
        check(1000.0, 100.0, 1000, 1000.0);
        check(1.0, 100.0, 5, 5.9);
        check(9e9, 100.0, 1000, 1000.0);
    }

    #[test]
    fn the_best_is_found_at_once_and_left_slowly() {
        assert_eq!(follow(0.0, 70.0).to_bits(), 70f64.to_bits());
        assert_eq!(follow(100.0, 70.0).to_bits(), 70f64.to_bits());
        let mut best = 100.0;
        (0..100).for_each(|_| best = follow(best, 1000.0));
        assert!((200.0..400.0).contains(&best), "ten seconds of overload: {best}");
        (0..10_000).for_each(|_| best = follow(best, 1000.0));
        assert!(best > 990.0, "slow for good: {best}");
    }

    /// An upstream that does 50 at once in 10 ms, and lets the others wait in line.
    #[test]
    fn it_comes_to_rest_near_what_the_upstream_can_do() {
        let adaptive = Adaptive::new();
        let mut now = adaptive.born;
        let mut run = |at_once: f64, windows: u32| {
            for _ in 0..windows {
                let in_flight = adaptive.limit(BOUNDS.0, BOUNDS.1);
                let took = Duration::from_millis(10).mul_f64((f64::from(in_flight) / at_once).max(1.0));
                now += Duration::from_millis(101);
                (0..SAMPLES).for_each(|_| adaptive.sample(took, in_flight, BOUNDS, now));
            }
            adaptive.limit(BOUNDS.0, BOUNDS.1)
        };
        let found = run(50.0, 200);
        assert!((50..130).contains(&found), "{found}");
        let busy = run(10.0, 100);
        assert!((8..40).contains(&busy), "{busy}");
        let again = run(50.0, 200);
        assert!((50..130).contains(&again), "{again}");
    }

    #[test]
    fn a_window_has_its_time_and_its_samples() {
        let adaptive = Adaptive::new();
        let limit = || adaptive.limit(1, 1000);
        let at = |millis| adaptive.born + Duration::from_millis(millis);
        for _ in 0..SAMPLES * 3 {
            adaptive.sample(Duration::from_millis(1), 20, (1, 1000), at(99));
        }
        assert_eq!(limit(), 20, "too early");
        adaptive.sample(Duration::from_millis(1), 20, (1, 1000), at(100));
        assert_eq!(limit(), 21);
        (1..SAMPLES).for_each(|_| adaptive.sample(Duration::from_secs(9), 20, (1, 1000), at(900)));
        assert_eq!(limit(), 21, "too few");
        adaptive.sample(Duration::from_secs(9), 20, (1, 1000), at(900));
        assert_eq!(limit(), 19);
        assert_eq!((adaptive.limit(30, 40), adaptive.limit(1, 7)), (30, 7), "other bounds hold at once");
    }
}
