//! What was measured, by workload and proxy, in the order of the rounds.

use std::{fmt, time::Duration};

use xtask::options::Workload;

use super::Spread;
use crate::load::{IdleReport, Report};

/// What one measurement has given.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Of a throughput workload.
    Measured(Report),
    /// Of idle connections.
    Idle(IdleReport),
    /// Of a start: until the first forwarded answer.
    Started(Duration),
    /// Nothing, because of this.
    Failed(String),
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Measured(report) => {
                let cpu = report.cpu_us.unwrap_or_default();
                write!(formatter, "{cpu:6.2} µs of CPU a request, {:7.0} a second", report.rate)?;
                match &report.first_error {
                    Some(error) => write!(formatter, ", {} errors: {error}", report.errors),
                    None => Ok(()),
                }
            }
            Self::Idle(report) => write!(formatter, "{:.0} bytes a connection", report.each()),
            Self::Started(time) => write!(formatter, "{time:.1?}"),
            Self::Failed(why) => write!(formatter, "failed: {why}"),
        }
    }
}

/// A proxy's outcomes for one workload, one a round.
#[derive(Clone, Debug)]
pub struct Row {
    /// The proxy.
    pub name: String,
    /// Its outcomes.
    pub rounds: Vec<Outcome>,
}

/// All outcomes.
#[derive(Clone, Debug, Default)]
pub struct Results {
    workloads: Vec<(Workload, Vec<Row>)>,
}

impl Results {
    /// Adds the outcome of the next round.
    pub fn add(&mut self, workload: Workload, name: &str, outcome: Outcome) {
        let place = self.workloads.iter().position(|(known, _)| *known == workload).unwrap_or_else(|| {
            self.workloads.push((workload, Vec::new()));
            self.workloads.len() - 1
        });
        let rows = &mut self.workloads[place].1;
        match rows.iter_mut().find(|row| row.name == name) {
            Some(row) => row.rounds.push(outcome),
            None => rows.push(Row { name: name.to_owned(), rounds: vec![outcome] }),
        }
    }

    /// Whether nothing was measured, only failed to be.
    pub fn is_empty(&self) -> bool {
        let failed = |outcome: &Outcome| matches!(outcome, Outcome::Failed(_));
        self.workloads.iter().flat_map(|(_, rows)| rows).flat_map(|row| &row.rounds).all(failed)
    }

    /// The workloads in the order they were measured in.
    pub fn workloads(&self) -> &[(Workload, Vec<Row>)] {
        &self.workloads
    }
}

impl Row {
    /// Of what `value` takes out of the rounds' reports.
    pub fn spread(&self, value: impl Fn(&Report) -> Option<f64>) -> Option<Spread> {
        Spread::of(self.rounds.iter().filter_map(|round| match round {
            Outcome::Measured(report) => value(report),
            _ => None,
        }))
    }

    /// How much more CPU a request takes here than with `other`: the ratios within each round, so that what the machine
    /// did to both sides, which were measured seconds apart, cancels out.
    pub fn ratio(&self, other: &Self) -> Option<Spread> {
        self.ratio_of(other, |report| report.cpu_us)
    }

    /// The same of what `value` takes out of the reports.
    pub fn ratio_of(&self, other: &Self, value: impl Fn(&Report) -> Option<f64>) -> Option<Spread> {
        let pairs = self.rounds.iter().zip(&other.rounds);
        Spread::of(pairs.filter_map(|pair| match pair {
            (Outcome::Measured(own), Outcome::Measured(other)) => Some(value(own)? / value(other)?),
            _ => None,
        }))
    }

    /// How many requests failed, in all rounds.
    pub fn errors(&self) -> u64 {
        let errors = |round: &Outcome| {
            if let Outcome::Measured(report) = round { report.errors } else { 0 }
        };
        self.rounds.iter().map(errors).sum()
    }

    /// Why a round gave nothing, if one did.
    pub fn failure(&self) -> Option<&str> {
        self.rounds.iter().find_map(|round| match round {
            Outcome::Failed(why) => Some(why.as_str()),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usage::Spent;

    fn report(cpu_us: f64) -> Outcome {
        let spent = Some(Spent::default());
        Outcome::Measured(Report {
            requests: 1,
            errors: 1,
            first_error: None,
            reconnects: 0,
            seconds: 1.0,
            rate: 1.0,
            p50_us: 0.0,
            p99_us: 0.0,
            max_us: 0.0,
            spent,
            cpu_us: Some(cpu_us),
        })
    }

    #[test]
    fn ratios_are_taken_within_a_round() {
        let mut results = Results::default();
        // The machine was twice as slow in the second round, and the third one failed for one of them.
        for (own, other) in [(10.0, 20.0), (20.0, 40.0)] {
            results.add(Workload::Get, "own", report(own));
            results.add(Workload::Get, "other", report(other));
        }
        results.add(Workload::Get, "own", Outcome::Failed("why".into()));
        results.add(Workload::Get, "other", report(1.0));
        let rows = &results.workloads()[0].1;
        assert_eq!(rows[0].ratio(&rows[1]), Some(Spread { median: 0.5, deviation: 0.0 }));
        assert_eq!(rows[0].spread(|report| report.cpu_us), Some(Spread { median: 15.0, deviation: 5.0 }));
        assert_eq!((rows[0].errors(), rows[0].failure()), (2, Some("why")));
        assert!(!results.is_empty());
    }

    #[test]
    fn failures_alone_are_nothing() {
        let mut results = Results::default();
        assert!(results.is_empty());
        results.add(Workload::Get, "own", Outcome::Failed("why".into()));
        assert!(results.is_empty());
    }
}
