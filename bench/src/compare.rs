//! Rounds over all proxies, interleaved, so that whatever else the machine does meets all of them alike.
//!
//! 1. An origin is started on the load's core, and each proxy on its own.
//! 2. For each workload, round after round, every proxy in turn gets a warm-up and a measurement.
//! 3. Each is started afresh for its idle connections (a heap that has served before shows no growth), and again for
//!    each measurement of its start.
//! 4. Medians over the rounds, and ratios of two proxies within a round, become tables.

mod choice;
mod error;
mod machine;
mod median;
mod perf;
mod results;
mod rounds;
mod table;

use std::path::PathBuf;

use xtask::{
    interrupt::Interrupt,
    options::{Compare, Workload},
};

use rounds::Rounds;

pub use error::CompareError;
pub use results::{Outcome, Results, Row};

const ALL: [Workload; 6] =
    [Workload::Get, Workload::Get64k, Workload::Post10k, Workload::Newconn, Workload::Idle, Workload::Start];

/// Measures, prints, and writes `bench/RESULTS.md` when asked to. `shown` is the command as a reader should repeat it.
pub fn run(
    options: &Compare,
    gateway: Option<PathBuf>,
    shown: &str,
    interrupt: &Interrupt,
) -> Result<(), CompareError> {
    let peers = choice::peers(options, gateway)?;
    let rounds = Rounds::new(options, interrupt)?;
    let mut results = Results::default();
    let workloads = if options.workload.is_empty() { ALL.to_vec() } else { options.workload.clone() };

    rounds.throughput(&peers, &workloads, &mut results)?;
    for &workload in &workloads {
        match workload {
            Workload::Idle => rounds.idle(&peers, &mut results)?,
            Workload::Start => rounds.starts(&peers, &mut results)?,
            _ => {}
        }
    }
    let tables = table::all(&results);
    println!("{tables}");
    if options.write {
        let file = xtask::workspace::root().join("bench/RESULTS.md");
        let text = format!("{}\n{tables}", machine::heading(options, &peers, shown));
        std::fs::write(&file, text).map_err(|source| CompareError::Io { what: "bench/RESULTS.md", source })?;
        eprintln!("written to bench/RESULTS.md");
    }
    Ok(())
}
