//! What came back: histograms and counts by endpoint, in whole and over time.

mod series;
mod tally;

use std::{collections::BTreeMap, time::Duration};

use hdrhistogram::Histogram;

use crate::client::Silence;

pub use series::{Percentiles, Point, Series, interval};
pub use tally::Tally;

/// So many different complaints are kept; a broken system has one at every answer.
const MAX_COMPLAINTS: usize = 12;

/// The longest latency that is told apart: an hour, in microseconds.
const LONGEST: u64 = 3_600_000_000;

/// What became of one step. Times are from the start of the run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its endpoint; `None` for a step that no user came to.
    pub endpoint: Option<usize>,
    /// When it was due.
    pub due: Duration,
    /// How long it waited for its user's earlier answer.
    pub waited: Duration,
    /// When its answer was whole, or the wait for it ended.
    pub ended: Duration,
    /// How it ended.
    pub end: End,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// By an answer that the mix expects.
    Right(u16),
    /// By one that it does not expect, and why.
    Unexpected(u16, String),
    /// By a status of 500 or more, expected or not, and what the answer says of it.
    ServerError(u16, String),
    /// By a 429 of the rate limit, with its policy where the answer has it.
    Limited(Option<String>),
    /// By no answer.
    Unanswered(Silence),
}

/// Everything that a run has seen.
#[derive(Clone, Debug)]
pub struct Record {
    /// All endpoints together.
    pub total: Tally,
    /// Each endpoint, in the order of the story.
    pub endpoints: Vec<Tally>,
    /// How many steps fell due in each interval.
    pub due: Vec<u64>,
    /// How late steps were handed to their users, in microseconds: the load's own fault.
    pub lateness: Histogram<u64>,
    /// How long steps waited for their user's earlier answer, in microseconds.
    pub waits: Histogram<u64>,
    /// The policy that the rate limit's answers have named last.
    pub policy: Option<String>,
    /// What was wrong, and how often: the endpoint's name and the reason.
    pub complaints: BTreeMap<(String, String), u64>,
    /// From the start to the last answer, or to the end of the schedule if that is later.
    pub elapsed: Duration,
    /// Whether the user ended it before its time.
    pub interrupted: bool,
    interval: Duration,
}

impl Record {
    /// An empty record of a run with these endpoints, in intervals of `interval`.
    pub fn new(endpoints: &[String], interval: Duration) -> Self {
        let tally = |name: &str| Tally::new(name, interval);
        Self {
            total: tally("all"),
            endpoints: endpoints.iter().map(|name| tally(name)).collect(),
            due: Vec::new(),
            lateness: histogram(),
            waits: histogram(),
            policy: None,
            complaints: BTreeMap::new(),
            elapsed: Duration::ZERO,
            interrupted: false,
            interval,
        }
    }

    /// The length of an interval.
    pub fn interval(&self) -> Duration {
        self.interval
    }

    /// How many steps have fallen due.
    pub fn all_due(&self) -> u64 {
        self.due.iter().sum()
    }

    /// Notes that a step was due, and when it was handed over.
    pub fn due(&mut self, due: Duration, handed: Duration) {
        let place = series::place(due, self.interval);
        if self.due.len() <= place {
            self.due.resize(place + 1, 0);
        }
        self.due[place] += 1;
        self.lateness.saturating_record(microseconds(handed.saturating_sub(due)));
    }

    /// Notes what became of a step.
    pub fn add(&mut self, outcome: Outcome) {
        self.elapsed = self.elapsed.max(outcome.ended);
        self.waits.saturating_record(microseconds(outcome.waited));
        self.total.add(&outcome);
        let tally = outcome.endpoint.and_then(|place| self.endpoints.get_mut(place));
        let name = tally.as_ref().map_or("not begun", |tally| &tally.name).to_owned();
        if let Some(tally) = tally {
            tally.add(&outcome);
        }
        let complaint = match outcome.end {
            End::Unexpected(_, why) | End::ServerError(_, why) => why,
            End::Unanswered(silence) => silence.text().to_owned(),
            End::Limited(policy) => return self.policy = policy.or(self.policy.take()),
            End::Right(_) => return,
        };
        let key = (name, complaint);
        if self.complaints.len() < MAX_COMPLAINTS || self.complaints.contains_key(&key) {
            *self.complaints.entry(key).or_default() += 1;
        }
    }

    /// Ends the record at `elapsed`, or at the last answer if that is later.
    pub fn finish(&mut self, elapsed: Duration) {
        self.elapsed = self.elapsed.max(elapsed);
        let end = self.elapsed;
        for tally in self.endpoints.iter_mut().chain([&mut self.total]) {
            tally.series.finish(end);
        }
        self.due.resize(self.total.series.points().len(), 0);
    }
}

/// To three digits, from a microsecond on.
fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST, 3).expect("the bounds are those of a histogram")
}

fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
