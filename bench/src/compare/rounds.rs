//! What all measurements have in common, and those that take a fresh process each: idle connections, and the start.

use std::{env, net::SocketAddr, process::Command, time::Duration};

use tempfile::TempDir;
use xtask::{
    interrupt::Interrupt,
    options::{Compare, Workload},
    ports,
};

use super::{CompareError, Outcome, Results, order::order};
use crate::{
    load::{self, LoadError, Plan},
    peer::{Peer, PeerError, Place, Running},
    pin,
    rules::{Keys, Rules},
    tls::Certificate,
};

/// Connections of both sides of a proxy with 20,000 idle clients, and some to spare.
const FILES: u64 = 45_000;

/// Files that a proxy with idle clients needs for other things: listeners, its pool, its log.
const IDLE_SPARE: u64 = 500;

/// Of each proxy, for its median start.
const STARTS: usize = 10;

/// The origin, and what every measurement has in common.
pub(super) struct Rounds<'a> {
    pub(super) options: &'a Compare,
    pub(super) interrupt: &'a Interrupt,
    pub(super) keys: Keys,
    certificate: Certificate,
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
        let keys = Keys::generate()?;
        let directory = tempfile::tempdir().map_err(io("a temporary directory"))?;
        let certificate = Certificate::generate(directory.path()).map_err(io("a certificate"))?;
        let upstream = ports::free_address().map_err(io("a free port"))?;
        let program = env::current_exe().map_err(io("the path of this program"))?;
        let mut command = Command::new(program);
        command.args(["origin", "--listen", &upstream.to_string()]);
        let origin = Running::start("origin", &mut command, options.load_core, upstream, "", interrupt)
            .map_err(CompareError::Origin)?;
        Ok(Self { options, interrupt, keys, certificate, directory, files, upstream, _origin: origin })
    }

    pub(super) fn place<'b>(&'b self, rules: Option<Rules<'b>>) -> Place<'b> {
        let Self { upstream, files, .. } = *self;
        let directory = self.directory.path();
        Place { directory, upstream, core: self.options.core, files, rules, certificate: None }
    }

    /// The same, with what `workload` needs beside.
    pub(super) fn place_for<'b>(&'b self, workload: Workload, rules: Option<Rules<'b>>) -> Place<'b> {
        Place { certificate: workload.is_tls().then_some(&self.certificate), ..self.place(rules) }
    }

    pub(super) fn plan(&self, running: &Running, workload: Workload) -> Result<Plan, CompareError> {
        let client = self.certificate.client(workload);
        let client = client.map_err(|source| CompareError::Io { what: "the load's side of TLS", source })?;
        let connections = self.options.connections as usize;
        let at_once = if workload == Workload::GetH2 { load::STREAMS } else { 1 };
        Ok(Plan {
            connections: (connections / at_once).max(1),
            time: Duration::from_secs_f64(self.options.seconds),
            watch: Some(running.id()),
            tls: client,
            ..Plan::new(running.tls.unwrap_or(running.address), workload)
        })
    }

    /// Starts a proxy; `None`, and a word on why, when that fails.
    pub(super) fn start(&self, peer: &Peer, place: &Place<'_>) -> Result<Option<Running>, CompareError> {
        match peer.start(place, self.interrupt) {
            Ok(running) => Ok(Some(running)),
            Err(PeerError::Interrupted) => Err(CompareError::Interrupted),
            Err(error) => {
                eprintln!("{} is left out: {error}", peer.name());
                Ok(None)
            }
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
            let Some(running) = self.start(peer, &self.place(None))? else {
                continue;
            };
            let plan = Plan { connections, ..self.plan(&running, Workload::Idle)? };
            let outcome = match load::hold_idle(&plan, running.id(), self.interrupt) {
                Ok(report) => Outcome::Idle(report),
                Err(LoadError::Interrupted) => return Err(CompareError::Interrupted),
                Err(error) => Outcome::Failed(error.to_string()),
            };
            eprintln!("idle           {:16} {outcome}", peer.name());
            results.add(Workload::Idle, peer.name(), outcome);
            stop(running)?;
        }
        Ok(())
    }

    pub(super) fn starts(&self, peers: &[Peer], results: &mut Results) -> Result<(), CompareError> {
        for round in 0..STARTS {
            for place in order(round, peers.len()) {
                let peer = &peers[place];
                let Some(running) = self.start(peer, &self.place(None))? else {
                    continue;
                };
                results.add(Workload::Start, peer.name(), Outcome::Started(running.start));
                stop(running)?;
            }
        }
        eprintln!("start          {STARTS} times each");
        Ok(())
    }
}

pub(super) fn stop(running: Running) -> Result<(), CompareError> {
    running.stop().map_err(|source| CompareError::Io { what: "the end of a proxy", source })
}
