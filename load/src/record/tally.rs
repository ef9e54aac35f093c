//! The counts of one endpoint.

use std::{collections::BTreeMap, time::Duration};

use hdrhistogram::Histogram;

use super::{End, Outcome, Series, histogram, microseconds};
use crate::client::Silence;

/// The counts of one endpoint, or of all.
#[derive(Clone, Debug)]
pub struct Tally {
    /// `METHOD /path/{template}`.
    pub name: String,
    /// From due to the whole answer, in microseconds: of answers of any status but 429, and of those waits that ended
    /// by a time-out, which are at least as long.
    pub latencies: Histogram<u64>,
    /// Answers by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Steps without an answer, by reason.
    pub silences: BTreeMap<Silence, u64>,
    /// Answers that the mix expects.
    pub right: u64,
    /// Answers that it does not, 5xx and 429 apart.
    pub unexpected: u64,
    /// Answers of 500 or more.
    pub server_errors: u64,
    /// Answers of the rate limit.
    pub limited: u64,
    /// Steps without an answer.
    pub unanswered: u64,
    /// The same over time.
    pub series: Series,
}

impl Tally {
    pub(super) fn new(name: &str, interval: Duration) -> Self {
        Self {
            name: name.to_owned(),
            latencies: histogram(),
            statuses: BTreeMap::new(),
            silences: BTreeMap::new(),
            right: 0,
            unexpected: 0,
            server_errors: 0,
            limited: 0,
            unanswered: 0,
            series: Series::new(interval),
        }
    }

    /// All that was asked of it.
    pub fn count(&self) -> u64 {
        self.right + self.wrong() + self.limited
    }

    /// All that went wrong, the rate limit's answers apart.
    pub fn wrong(&self) -> u64 {
        self.unexpected + self.server_errors + self.unanswered
    }

    pub(super) fn add(&mut self, outcome: &Outcome) {
        let (status, count) = match &outcome.end {
            End::Right(status) => (*status, &mut self.right),
            End::Unexpected(status, _) => (*status, &mut self.unexpected),
            End::ServerError(status, _) => (*status, &mut self.server_errors),
            End::Limited(_) => (429, &mut self.limited),
            End::Unanswered(silence) => {
                *self.silences.entry(*silence).or_default() += 1;
                (0, &mut self.unanswered)
            }
        };
        *count += 1;
        if status > 0 {
            *self.statuses.entry(status).or_default() += 1;
        }
        let latency = microseconds(outcome.ended.saturating_sub(outcome.due));
        let latency = outcome.end.has_latency().then_some(latency);
        if let Some(latency) = latency {
            self.latencies.saturating_record(latency);
        }
        // All at the run's end: as a rate it would dwarf everything that was measured.
        if outcome.end != End::Unanswered(Silence::Unfinished) {
            self.series.add(outcome.ended, &outcome.end, latency);
        }
    }
}

impl End {
    /// Whether its time says something of the services: a refusal at the door, or a connection that never was, is
    /// fast and would only flatter them.
    fn has_latency(&self) -> bool {
        match self {
            Self::Right(_) | Self::Unexpected(..) | Self::ServerError(..) => true,
            Self::Unanswered(silence) => matches!(silence, Silence::Timeout | Silence::Unfinished),
            Self::Limited(_) => false,
        }
    }
}
