//! Counts and percentiles of one interval after the other. Only the open one has a histogram, so that an hour of many
//! endpoints stays small.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::{End, histogram};

/// No plot has more points than this.
const MOST_POINTS: f64 = 120.0;

/// Where answers are few, a plot still has so many points.
const FEWEST_POINTS: f64 = 20.0;

/// An interval should see so many answers at least, of all endpoints, or its rates are noise.
const ENOUGH_ANSWERS: f64 = 40.0;

/// The lengths that intervals have, in milliseconds: people read them off an axis.
const LENGTHS: [u32; 8] = [250, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000];

/// What came back in one interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Point {
    /// Answers that the mix expects.
    pub right: u64,
    /// Answers of the rate limit.
    pub limited: u64,
    /// All else, also what was not answered.
    pub wrong: u64,
    /// The latencies; `None` where nothing was answered.
    pub latencies: Option<Percentiles>,
}

/// Latencies in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Percentiles {
    /// Half took no longer.
    pub p50: u64,
    /// Nine of ten took no longer.
    pub p90: u64,
    /// All but one of a hundred took no longer.
    pub p99: u64,
    /// The longest.
    pub max: u64,
}

/// Points at equal distances, by when answers came.
#[derive(Clone, Debug)]
pub struct Series {
    interval: Duration,
    points: Vec<Point>,
    open: Point,
    latencies: Histogram<u64>,
}

impl Series {
    pub(super) fn new(interval: Duration) -> Self {
        Self { interval, points: Vec::new(), open: Point::default(), latencies: histogram() }
    }

    /// The intervals that are over.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    pub(super) fn add(&mut self, ended: Duration, end: &End, latency: Option<u64>) {
        // What arrives here late by a moment counts for the open interval.
        while self.points.len() < place(ended, self.interval) {
            self.close();
        }
        match end {
            End::Right(_) => self.open.right += 1,
            End::Limited(_) => self.open.limited += 1,
            End::Unexpected(..) | End::ServerError(..) | End::Unanswered(_) => self.open.wrong += 1,
        }
        if let Some(latency) = latency {
            self.latencies.saturating_record(latency);
        }
    }

    /// Closes all intervals up to `end`.
    pub(super) fn finish(&mut self, end: Duration) {
        while self.points.len() <= place(end.saturating_sub(Duration::from_nanos(1)), self.interval) {
            self.close();
        }
    }

    fn close(&mut self) {
        let latencies = &self.latencies;
        let at = |quantile| latencies.value_at_quantile(quantile).min(latencies.max());
        self.open.latencies = (!latencies.is_empty()).then(|| Percentiles {
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            max: latencies.max(),
        });
        self.points.push(std::mem::take(&mut self.open));
        self.latencies.reset();
    }
}

/// The length of an interval for a run of `duration` with `rate` steps a second.
pub fn interval(duration: Duration, rate: f64) -> Duration {
    let seconds = duration.as_secs_f64();
    let fine = |length: f64| seconds / length <= MOST_POINTS && rate * length >= ENOUGH_ANSWERS;
    let lengths = LENGTHS.map(|milliseconds| f64::from(milliseconds) / 1000.0);
    let fitting = lengths.into_iter().find(|length| fine(*length) || length * FEWEST_POINTS >= seconds);
    Duration::from_secs_f64(fitting.unwrap_or(30.0))
}

pub(super) fn place(at: Duration, interval: Duration) -> usize {
    usize::try_from(at.as_nanos() / interval.as_nanos()).unwrap_or(usize::MAX)
}
