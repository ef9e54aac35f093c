//! Latency at a rate that every proxy can keep up with: the same for all, a part of what nginx can do at most.

use xtask::options::Workload;

use super::{
    CompareError, Outcome, Results,
    contest::Entrant,
    order::order,
    rounds::{Rounds, stop},
};
use crate::{load::Plan, peer::Peer};

/// How many clients send and read slowly.
const SLOW: usize = 1000;

impl Rounds<'_> {
    /// Measures `workload` at its rate, round after round; the slow clients take part in every second measurement.
    pub(super) fn paced(&self, peers: &[Peer], workload: Workload, results: &mut Results) -> Result<(), CompareError> {
        let mut entrants = Vec::new();
        for peer in peers {
            entrants.extend(self.enter(peer, workload, results)?);
        }
        let (part, slow): (f64, &[usize]) =
            if workload == Workload::GetPaced { (0.7, &[0]) } else { (0.3, &[0, SLOW]) };
        let Some(rate) = self.most(&mut entrants)?.map(|most| part * most) else { return Ok(()) };
        eprintln!("{:14} {rate:.0} requests a second", workload.name());
        for round in 0..self.options.rounds {
            for place in order(round as usize, entrants.len()) {
                for &slow in slow {
                    let entrant = &mut entrants[place];
                    let plan = self.plan(&entrant.running, workload)?;
                    let outcome = self.measure_by(entrant, Plan { rate: Some(rate), slow, ..plan })?;
                    let name = name(&entrant.name, slow);
                    let rounds = self.options.rounds;
                    eprintln!("{:14} round {:2}/{rounds}  {name:30} {outcome}", workload.name(), round + 1);
                    results.add(workload, &name, outcome);
                }
            }
        }
        entrants.into_iter().try_for_each(|entrant| stop(entrant.running))
    }

    /// Requests a second that nginx answers when it is asked for as many as it can; where it is not here, the first one.
    fn most(&self, entrants: &mut [Entrant]) -> Result<Option<f64>, CompareError> {
        let place = entrants.iter().position(|entrant| entrant.name == "nginx").unwrap_or_default();
        let Some(entrant) = entrants.get_mut(place) else { return Ok(None) };
        let mut rates = Vec::new();
        for _ in 0..3 {
            match self.measure_by(entrant, self.plan(&entrant.running, Workload::Get)?)? {
                Outcome::Measured(report) => rates.push(report.rate),
                other => eprintln!("{}: {other}", entrant.name),
            }
        }
        Ok(super::Spread::of(rates).map(|rate| rate.median))
    }
}

/// What a row is called.
fn name(proxy: &str, slow: usize) -> String {
    if slow == 0 { proxy.to_owned() } else { format!("{proxy}, {slow} slow clients") }
}
