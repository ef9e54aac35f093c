//! One workload, round after round, every proxy once in each.

use std::time::Duration;

use xtask::options::Workload;

use super::{
    CompareError, Outcome, Results, entrant,
    order::order,
    perf,
    rounds::{Rounds, stop},
};
use crate::{
    load::{self, LoadError, Plan, Work},
    peer::{Peer, Running, headline},
    rules,
};

/// Passes before each measurement: the load's connections are opened, its requests spread.
const WARM_UP: Duration = Duration::from_millis(150);

/// Passes before a proxy's first measurement: its own pools fill, and its caches.
const FIRST_WARM_UP: Duration = Duration::from_secs(1);

/// A proxy that runs, and what it is asked.
pub(super) struct Entrant {
    pub(super) name: String,
    pub(super) running: Running,
    pub(super) work: Work,
    pub(super) warm: bool,
}

impl Rounds<'_> {
    /// Measures `workload`, one that is counted in requests.
    pub(super) fn contest(
        &self,
        peers: &[Peer],
        workload: Workload,
        results: &mut Results,
    ) -> Result<(), CompareError> {
        let mut entrants = Vec::new();
        for peer in peers.iter().filter(|peer| !workload.is_tls() || peer.speaks_tls()) {
            entrants.extend(self.enter(peer, workload, results)?);
        }
        for round in 0..self.options.rounds {
            for place in order(round as usize, entrants.len()) {
                let entrant = &mut entrants[place];
                let outcome = self.measure(entrant, workload)?;
                let rounds = self.options.rounds;
                eprintln!("{:14} round {:2}/{rounds}  {:16} {outcome}", workload.name(), round + 1, entrant.name);
                results.add(workload, &entrant.name, outcome);
            }
        }
        if self.options.perf {
            for entrant in &mut entrants {
                self.record(entrant, workload)?;
            }
        }
        for entrant in entrants {
            stop(entrant.running)?;
        }
        Ok(())
    }

    /// Starts a proxy, when it keeps the rules; a row of its own says so when it does not.
    pub(super) fn enter(
        &self,
        peer: &Peer,
        workload: Workload,
        results: &mut Results,
    ) -> Result<Option<Entrant>, CompareError> {
        let name = entrant::label(workload, peer);
        let place = self.place_for(workload, entrant::rules(workload, peer, &self.keys));
        if let Err(broken) = rules::prove(peer, &place, self.interrupt) {
            if self.interrupt.raised() {
                return Err(CompareError::Interrupted);
            }
            eprintln!("{name} is left out of {}: {broken}", workload.name());
            results.add(workload, &name, Outcome::Failed(format!("left out, {}", headline(&broken.to_string()))));
            return Ok(None);
        }
        let running = self.start(peer, &place)?;
        if running.is_none() {
            results.add(workload, &name, Outcome::Failed("left out, it could not be started".into()));
        }
        running
            .map(|running| {
                let work = entrant::work(workload, peer, &self.keys, running.address)?;
                Ok(Entrant { name, running, work, warm: false })
            })
            .transpose()
    }

    fn measure(&self, entrant: &mut Entrant, workload: Workload) -> Result<Outcome, CompareError> {
        self.measure_by(entrant, self.plan(&entrant.running, workload)?)
    }

    pub(super) fn measure_by(&self, entrant: &mut Entrant, plan: Plan) -> Result<Outcome, CompareError> {
        let warm_up = if entrant.warm { WARM_UP } else { FIRST_WARM_UP };
        entrant.warm = true;
        let plan = Plan { warm_up, work: entrant.work.clone(), ..plan };
        match load::run(&plan, self.interrupt) {
            Ok(report) => Ok(Outcome::Measured(report)),
            Err(LoadError::Interrupted) => Err(CompareError::Interrupted),
            Err(error) => Ok(Outcome::Failed(error.to_string())),
        }
    }

    fn record(&self, entrant: &mut Entrant, workload: Workload) -> Result<(), CompareError> {
        let recording = perf::Recording::start(&entrant.name, workload.name(), entrant.running.id())?;
        let outcome = self.measure(entrant, workload)?;
        let symbols = recording.finish()?;
        eprintln!("{:14} perf         {:16} {outcome}\n{symbols}", workload.name(), entrant.name);
        Ok(())
    }
}
