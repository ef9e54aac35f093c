//! The measurements themselves, in the order in which they are taken.

use std::{env, net::SocketAddr, process::Command, time::Duration};

use tempfile::TempDir;
use xtask::{
    interrupt::Interrupt,
    options::{Compare, Workload},
    ports,
};

use super::{CompareError, Outcome, Results, perf};
use crate::{
    load::{self, LoadError, Plan},
    peer::{Peer, PeerError, Place, Running},
    pin,
};

/// Connections of both sides of a proxy with 20,000 idle clients, and some to spare.
const FILES: u64 = 45_000;

/// Files that a proxy with idle clients needs for other things: listeners, its pool, its log.
const IDLE_SPARE: u64 = 500;

/// Passes before each measurement: connections are opened, pools filled, caches warmed.
const WARM_UP: Duration = Duration::from_millis(700);

/// Of each proxy, for its median start.
const STARTS: usize = 10;

const THROUGHPUT: [Workload; 4] = [Workload::Get, Workload::Get64k, Workload::Post10k, Workload::Newconn];
/// The origin, and what every measurement has in common.
pub(super) struct Rounds<'a> {
    options: &'a Compare,
    interrupt: &'a Interrupt,
    directory: TempDir,
    files: u64,
    upstream: SocketAddr,
    /// Ended when the bench is dropped.
    _origin: Running,
}

impl<'a> Rounds<'a> {
    pub(super) fn new(options: &'a Compare, interrupt: &'a Interrupt) -> Result<Self, CompareError> {
        let io = |what| move |source| CompareError::Io { what, source };
        let files = pin::raise_file_limit(FILES).map_err(io("the limit on open files"))?;
        // Tried now, so that a missing core is told before anything is started.
        pin::here(options.core)?;
        pin::here(options.load_core)?;
        let directory = tempfile::tempdir().map_err(io("a temporary directory"))?;
        let upstream = ports::free_address().map_err(io("a free port"))?;
        let program = env::current_exe().map_err(io("the path of this program"))?;
        let mut command = Command::new(program);
        command.args(["origin", "--listen", &upstream.to_string()]);
        let origin = Running::start("origin", &mut command, options.load_core, upstream, interrupt)
            .map_err(CompareError::Origin)?;
        Ok(Self { options, interrupt, directory, files, upstream, _origin: origin })
    }

    fn place(&self) -> Place<'_> {
        let Self { upstream, files, .. } = *self;
        Place { directory: self.directory.path(), upstream, core: self.options.core, files }
    }

    fn plan(&self, running: &Running, workload: Workload) -> Plan {
        Plan {
            connections: self.options.connections as usize,
            warm_up: WARM_UP,
            time: Duration::from_secs_f64(self.options.seconds),
            watch: Some(running.id()),
            ..Plan::new(running.address, workload)
        }
    }

    /// Starts a proxy; `None`, and a word on why, when that fails.
    fn start(&self, peer: &Peer) -> Result<Option<Running>, CompareError> {
        match peer.start(&self.place(), self.interrupt) {
            Ok(running) => Ok(Some(running)),
            Err(PeerError::Interrupted) => Err(CompareError::Interrupted),
            Err(error) => {
                eprintln!("{} is left out: {error}", peer.name());
                Ok(None)
            }
        }
    }

    pub(super) fn throughput(
        &self,
        peers: &[Peer],
        workloads: &[Workload],
        results: &mut Results,
    ) -> Result<(), CompareError> {
        let workloads: Vec<_> = THROUGHPUT.into_iter().filter(|workload| workloads.contains(workload)).collect();
        if workloads.is_empty() {
            return Ok(());
        }
        let mut running = Vec::new();
        for peer in peers {
            running.extend(self.start(peer)?.map(|started| (peer.name(), started)));
        }
        if running.is_empty() {
            return Err(CompareError::NoPeer("none could be started".into()));
        }
        for workload in workloads {
            for round in 1..=self.options.rounds {
                for (name, started) in &running {
                    let outcome = self.measure(started, workload)?;
                    eprintln!("{:8} round {round}/{}  {name:10} {outcome}", workload.name(), self.options.rounds);
                    results.add(workload, name, outcome);
                }
            }
            if self.options.perf {
                self.record(&running, workload)?;
            }
        }
        for (_, started) in running {
            started.stop().map_err(|source| CompareError::Io { what: "the end of a proxy", source })?;
        }
        Ok(())
    }

    fn record(&self, running: &[(&str, Running)], workload: Workload) -> Result<(), CompareError> {
        for (name, started) in running {
            let recording = perf::Recording::start(name, workload.name(), started.id())?;
            let outcome = self.measure(started, workload)?;
            let symbols = recording.finish()?;
            eprintln!("{:8} perf       {name:10} {outcome}\n{symbols}", workload.name());
        }
        Ok(())
    }

    fn measure(&self, running: &Running, workload: Workload) -> Result<Outcome, CompareError> {
        match load::run(&self.plan(running, workload), self.interrupt) {
            Ok(report) => Ok(Outcome::Measured(report)),
            Err(LoadError::Interrupted) => Err(CompareError::Interrupted),
            Err(error) => Ok(Outcome::Failed(error.to_string())),
        }
    }

    pub(super) fn idle(&self, peers: &[Peer], results: &mut Results) -> Result<(), CompareError> {
        let wanted = u64::from(self.options.idle_connections);
        let connections = wanted.min(self.files.saturating_sub(IDLE_SPARE));
        if connections < wanted {
            eprintln!("idle: only {connections} connections, since `ulimit -n` is {}", self.files);
        }
        let connections = usize::try_from(connections).unwrap_or(usize::MAX);
        for peer in peers {
            let Some(running) = self.start(peer)? else {
                continue;
            };
            let plan = Plan { connections, ..self.plan(&running, Workload::Idle) };
            let outcome = match load::hold_idle(&plan, running.id(), self.interrupt) {
                Ok(report) => Outcome::Idle(report),
                Err(LoadError::Interrupted) => return Err(CompareError::Interrupted),
                Err(error) => Outcome::Failed(error.to_string()),
            };
            eprintln!("idle     {:10} {outcome}", peer.name());
            results.add(Workload::Idle, peer.name(), outcome);
            running.stop().map_err(|source| CompareError::Io { what: "the end of a proxy", source })?;
        }
        Ok(())
    }

    pub(super) fn starts(&self, peers: &[Peer], results: &mut Results) -> Result<(), CompareError> {
        for _ in 0..STARTS {
            for peer in peers {
                let Some(running) = self.start(peer)? else {
                    continue;
                };
                results.add(Workload::Start, peer.name(), Outcome::Started(running.start));
                running.stop().map_err(|source| CompareError::Io { what: "the end of a proxy", source })?;
            }
        }
        eprintln!("start    {STARTS} times each");
        Ok(())
    }
}
