//! Rounds over all proxies, interleaved, so that whatever else the machine does meets all of them alike.
//!
//! 1. An origin is started on the load's core.
//! 2. For each workload every proxy is started on the other core, with the workload's rules; one that does not keep
//!    them is left out. Then, round after round, each gets a warm-up and a measurement, in an order that changes.
//! 3. Each is started afresh for its idle connections (a heap that has served before shows no growth), and again for
//!    each measurement of its start.
//! 4. Medians over the rounds, and ratios of two proxies within a round, become tables.

mod choice;
mod contest;
mod entrant;
mod error;
pub(crate) mod machine;
mod order;
mod paced;
mod perf;
mod results;
mod rounds;
mod spread;
mod table;

use std::path::PathBuf;

use clap::ValueEnum;
use xtask::{
    interrupt::Interrupt,
    options::{Compare, Workload},
};

use rounds::Rounds;

pub use error::CompareError;
pub use results::{Outcome, Results, Row};
pub use spread::Spread;

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
    let wanted = |workload: &&Workload| options.workload.is_empty() || options.workload.contains(workload);
    for &workload in Workload::value_variants().iter().filter(wanted) {
        match workload {
            Workload::Idle => rounds.idle(&peers, &mut results)?,
            Workload::Start => rounds.starts(&peers, &mut results)?,
            Workload::GetPaced | Workload::GetSlowClients => rounds.paced(&peers, workload, &mut results)?,
            _ => rounds.contest(&peers, workload, &mut results)?,
        }
    }
    if results.is_empty() {
        return Err(CompareError::NoPeer("none could be started".into()));
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
