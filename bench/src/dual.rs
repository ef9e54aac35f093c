//! The system in one process beside the system in many: what a purchase takes, how many fit into a second, and
//! what either holds in memory.
//!
//! Both run the shipped `gateway.toml` but for its rate limit (a benchmark is one client that asks often) and its
//! addresses, on SQLite files that survive a power cut (`synchronous=FULL`), beside this process on the same cores.
//! The two take turns, a round each, so that a machine that is busy with something else disturbs both.

mod client;
mod disk;
mod error;
mod measure;
mod system;
mod table;

pub use error::DualError;

use std::path::PathBuf;

use xtask::{interrupt::Interrupt, options::Dual, workspace};

use measure::{Numbers, measure};
use system::System;

/// How the system runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// All of it in one process, events in memory.
    Monolith,
    /// Each service a process, events by a broker.
    Microservices,
}

/// The programs, in one directory.
#[derive(Clone, Debug)]
pub struct Programs(pub PathBuf);

impl Mode {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Monolith => "monolith",
            Self::Microservices => "microservices",
        }
    }
}

/// Measures both modes, prints the tables, and writes them to `bench/DUAL.md` when that is asked for.
pub fn run(options: &Dual, programs: &Programs, interrupt: &Interrupt) -> Result<(), DualError> {
    let commit = disk::commit(&programs.0)?;
    let mut rounds: Vec<[Numbers; 2]> = Vec::new();
    for round in 0..options.rounds {
        let one = |mode: Mode| -> Result<Numbers, DualError> {
            eprintln!("round {} of {}: {}", round + 1, options.rounds, mode.name());
            let system = System::start(mode, programs, interrupt)?;
            let numbers = measure(&system, options, interrupt)?;
            system.stop()?;
            Ok(numbers)
        };
        // The first of a round finds a machine that has just rested: each mode is it in turn.
        let both = if round % 2 == 0 {
            let monolith = one(Mode::Monolith)?;
            [monolith, one(Mode::Microservices)?]
        } else {
            let microservices = one(Mode::Microservices)?;
            [one(Mode::Monolith)?, microservices]
        };
        rounds.push(both);
    }
    let text = table::text(options, &rounds, commit);
    println!("{text}");
    if options.write {
        let path = workspace::root().join("bench/DUAL.md");
        std::fs::write(&path, text).map_err(|source| DualError::Io { what: "bench/DUAL.md", source })?;
    }
    Ok(())
}
