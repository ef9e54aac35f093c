//! Rounds over all proxies, interleaved, so that whatever else the machine does meets all of them alike.
//!
//! 1. An origin is started on the load's core, and each proxy on its own.
//! 2. For each workload, round after round, every proxy in turn gets a warm-up and a measurement.
//! 3. Each is started afresh for its idle connections (a heap that has served before shows no growth), and again for
//!    each measurement of its start.
//! 4. Medians over the rounds, and ratios of two proxies within a round, become tables.

mod machine;
mod median;
mod results;
mod table;

use std::{env, io, net::SocketAddr, path::PathBuf, process::Command, time::Duration};

use tempfile::TempDir;
use xtask::{
    child::Child,
    interrupt::Interrupt,
    options::{Compare, Workload},
    ports,
};

use crate::{
    load::{self, LoadError, Plan},
    peer::{self, Peer, PeerError, Place, Running},
    pin::{self, PinError},
};

pub use results::{Outcome, Results, Row};

/// Connections of both sides of a proxy with 20,000 idle clients, and some to spare.
const FILES: u64 = 45_000;

/// Files that a proxy with idle clients needs for other things: listeners, its pool, its log.
const IDLE_SPARE: u64 = 500;

/// Passes before each measurement: connections are opened, pools filled, caches warmed.
const WARM_UP: Duration = Duration::from_millis(700);

/// Of each proxy, for its median start.
const STARTS: usize = 10;

const THROUGHPUT: [Workload; 4] = [
    Workload::Get,
    Workload::Get64k,
    Workload::Post10k,
    Workload::Newconn,
];
const ALL: [Workload; 6] = [
    Workload::Get,
    Workload::Get64k,
    Workload::Post10k,
    Workload::Newconn,
    Workload::Idle,
    Workload::Start,
];

/// Why there is nothing to compare.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// A file, or a process, that the system refused.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// A core that is not there.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// A `--peer` that is none.
    #[error("--peer {text}: {why}")]
    Peer {
        /// As given.
        text: String,
        /// What is wrong with it.
        why: String,
    },
    /// Every proxy is missing or failed to start.
    #[error("no proxy left to measure: {0}")]
    NoPeer(String),
    /// The origin does not answer.
    #[error(transparent)]
    Origin(PeerError),
    /// The user asked for the end.
    #[error("interrupted; nothing was written")]
    Interrupted,
}

/// Measures, prints, and writes `bench/RESULTS.md` when asked to. `shown` is the command as a reader should repeat it.
pub fn run(
    options: &Compare,
    gateway: Option<PathBuf>,
    shown: &str,
    interrupt: &Interrupt,
) -> Result<(), CompareError> {
    let peers = peers(options, gateway)?;
    let bench = Bench::new(options, interrupt)?;
    let mut results = Results::default();
    let workloads = if options.workload.is_empty() {
        ALL.to_vec()
    } else {
        options.workload.clone()
    };

    bench.throughput(&peers, &workloads, &mut results)?;
    for &workload in &workloads {
        match workload {
            Workload::Idle => bench.idle(&peers, &mut results)?,
            Workload::Start => bench.starts(&peers, &mut results)?,
            _ => {}
        }
    }
    let tables = table::all(&results);
    println!("{tables}");
    if options.write {
        let file = xtask::workspace::root().join("bench/RESULTS.md");
        let text = format!("{}\n{tables}", machine::heading(options, &peers, shown));
        std::fs::write(&file, text).map_err(|source| CompareError::Io {
            what: "bench/RESULTS.md",
            source,
        })?;
        eprintln!("written to bench/RESULTS.md");
    }
    Ok(())
}

/// The proxies asked for, as far as they are installed; what is missing is said, with the way to get it.
fn peers(options: &Compare, gateway: Option<PathBuf>) -> Result<Vec<Peer>, CompareError> {
    let mut peers: Vec<Peer> = gateway.map(Peer::Gateway).into_iter().collect();
    let wanted =
        |name: &str| options.only.is_empty() || options.only.iter().any(|only| only == name);
    peers.extend(
        wanted("nginx")
            .then(|| installed("nginx", "nginx-light", Peer::Nginx))
            .flatten(),
    );
    peers.extend(
        wanted("haproxy")
            .then(|| installed("haproxy", "haproxy", Peer::HAProxy))
            .flatten(),
    );
    for text in &options.peer {
        peers.push(Peer::parse(text).map_err(|why| CompareError::Peer {
            text: text.clone(),
            why,
        })?);
    }
    if let Some(unknown) = options
        .only
        .iter()
        .find(|only| !peers.iter().any(|peer| peer.name() == *only))
    {
        eprintln!("--only {unknown}: there is no such proxy here");
    }
    peers.retain(|peer| wanted(peer.name()));
    if peers.is_empty() {
        Err(CompareError::NoPeer("none was found".into()))
    } else {
        Ok(peers)
    }
}

fn installed(program: &str, package: &str, peer: fn(PathBuf) -> Peer) -> Option<Peer> {
    let found = peer::find(program);
    if found.is_none() {
        eprintln!("{program} is left out: it is not installed (apt-get install {package})");
    }
    found.map(peer)
}

struct Bench<'a> {
    options: &'a Compare,
    interrupt: &'a Interrupt,
    directory: TempDir,
    files: u64,
    upstream: SocketAddr,
    /// Ended when the bench is dropped.
    _origin: Child,
}

impl<'a> Bench<'a> {
    fn new(options: &'a Compare, interrupt: &'a Interrupt) -> Result<Self, CompareError> {
        let io = |what| move |source| CompareError::Io { what, source };
        let files = pin::raise_file_limit(FILES).map_err(io("the limit on open files"))?;
        // Not that a proxy's core is missing only after the load's has been measured.
        pin::here(options.core)?;
        pin::here(options.load_core)?;
        let directory = tempfile::tempdir().map_err(io("a temporary directory"))?;
        let upstream = ports::free_address().map_err(io("a free port"))?;
        let program = env::current_exe().map_err(io("the path of this program"))?;
        let mut command = Command::new(program);
        command.args(["origin", "--listen", &upstream.to_string()]);
        let mut origin = pin::spawn(options.load_core, "origin", &mut command)?;
        peer::await_answer(&mut origin, upstream, std::time::Instant::now(), interrupt)
            .map_err(CompareError::Origin)?;
        Ok(Self {
            options,
            interrupt,
            directory,
            files,
            upstream,
            _origin: origin,
        })
    }

    fn place(&self) -> Place<'_> {
        let Self {
            upstream, files, ..
        } = *self;
        Place {
            directory: self.directory.path(),
            upstream,
            core: self.options.core,
            files,
        }
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

    fn throughput(
        &self,
        peers: &[Peer],
        workloads: &[Workload],
        results: &mut Results,
    ) -> Result<(), CompareError> {
        let workloads: Vec<_> = THROUGHPUT
            .into_iter()
            .filter(|workload| workloads.contains(workload))
            .collect();
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
                    eprintln!(
                        "{:8} round {round}/{}  {name:10} {outcome}",
                        workload.name(),
                        self.options.rounds
                    );
                    results.add(workload, name, outcome);
                }
            }
        }
        for (_, started) in running {
            started.stop().map_err(|source| CompareError::Io {
                what: "the end of a proxy",
                source,
            })?;
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

    fn idle(&self, peers: &[Peer], results: &mut Results) -> Result<(), CompareError> {
        let wanted = u64::from(self.options.idle_connections);
        let connections = wanted.min(self.files.saturating_sub(IDLE_SPARE));
        if connections < wanted {
            eprintln!(
                "idle: only {connections} connections, since `ulimit -n` is {}",
                self.files
            );
        }
        let connections = usize::try_from(connections).unwrap_or(usize::MAX);
        for peer in peers {
            let Some(running) = self.start(peer)? else {
                continue;
            };
            let plan = Plan {
                connections,
                ..self.plan(&running, Workload::Idle)
            };
            let outcome = match load::hold_idle(&plan, running.id(), self.interrupt) {
                Ok(report) => Outcome::Idle(report),
                Err(LoadError::Interrupted) => return Err(CompareError::Interrupted),
                Err(error) => Outcome::Failed(error.to_string()),
            };
            eprintln!("idle     {:10} {outcome}", peer.name());
            results.add(Workload::Idle, peer.name(), outcome);
            running.stop().map_err(|source| CompareError::Io {
                what: "the end of a proxy",
                source,
            })?;
        }
        Ok(())
    }

    fn starts(&self, peers: &[Peer], results: &mut Results) -> Result<(), CompareError> {
        for _ in 0..STARTS {
            for peer in peers {
                let Some(running) = self.start(peer)? else {
                    continue;
                };
                results.add(
                    Workload::Start,
                    peer.name(),
                    Outcome::Started(running.start),
                );
                running.stop().map_err(|source| CompareError::Io {
                    what: "the end of a proxy",
                    source,
                })?;
            }
        }
        eprintln!("start    {STARTS} times each");
        Ok(())
    }
}
