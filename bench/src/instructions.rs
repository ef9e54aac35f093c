//! What a request costs in instructions: a plain forward, and each rule by itself.
//!
//! Microseconds on a shared machine stray by a tenth from run to run, instructions by less than a hundredth, so that
//! this shows what a rule costs, and that one which is off costs nothing: two builds stand side by side.
//!
//! Each number is a difference. The gateway runs under valgrind's callgrind twice, the second time for three times as
//! many requests; what the start, the end, the first connections and the first sight of a token cost is in both runs,
//! and what is left belongs to the requests in between, as the gateway itself has counted them.

mod callgrind;
mod case;
mod error;
mod table;

use std::{env, net::SocketAddr, path::PathBuf, process::Command};

use tempfile::TempDir;
use xtask::{interrupt::Interrupt, options::Instructions, ports};

use crate::{
    peer::{self, Running, headline},
    pin,
    rules::Keys,
};
use case::Case;

pub use error::CountError;

/// A gateway to be counted.
struct Build {
    name: String,
    program: PathBuf,
}

/// What every count has in common.
struct Bench<'a> {
    options: &'a Instructions,
    interrupt: &'a Interrupt,
    valgrind: PathBuf,
    keys: Keys,
    directory: TempDir,
    upstream: SocketAddr,
    /// Ended when the bench is dropped.
    _origin: Running,
}

/// Counts every case of every build, and prints the table. A build that does not know a rule has no number for it.
pub fn run(options: &Instructions, interrupt: &Interrupt) -> Result<(), CountError> {
    let builds: Vec<Build> = options.gateway.iter().map(|text| build(text)).collect();
    if builds.is_empty() {
        return Err(CountError::NoGateway);
    }
    let bench = Bench::new(options, interrupt)?;
    let mut rows = Vec::new();
    for case in Case::ALL {
        let mut counts = Vec::new();
        for build in &builds {
            let count = match bench.instructions_of_a_request(build, case) {
                Err(CountError::Interrupted) => return Err(CountError::Interrupted),
                counted => counted.map_err(|error| error.to_string()),
            };
            match &count {
                Ok(count) => eprintln!("{:20} {:20} {count:8.0}", case.name(), build.name),
                Err(why) => eprintln!("{:20} {:20} no number: {}", case.name(), build.name, headline(why)),
            }
            counts.push(count.ok());
        }
        rows.push((case, counts));
    }
    let names: Vec<_> = builds.iter().map(|build| build.name.as_str()).collect();
    println!("{}", table::text(&names, &rows));
    Ok(())
}

/// Of `PATH` or `NAME=PATH`.
fn build(text: &str) -> Build {
    let (name, path) = text.split_once('=').unwrap_or((text, text));
    Build { name: name.to_owned(), program: PathBuf::from(path) }
}

impl<'a> Bench<'a> {
    fn new(options: &'a Instructions, interrupt: &'a Interrupt) -> Result<Self, CountError> {
        let io = |what| move |source| CountError::Io { what, source };
        let valgrind = peer::find("valgrind").ok_or(CountError::NoValgrind)?;
        pin::here(options.core)?;
        pin::here(options.load_core)?;
        let directory = tempfile::tempdir().map_err(io("a temporary directory"))?;
        let upstream = ports::free_address().map_err(io("a free port"))?;
        let program = env::current_exe().map_err(io("the path of this program"))?;
        let mut command = Command::new(program);
        command.args(["origin", "--listen", &upstream.to_string()]);
        let origin = Running::start("origin", &mut command, options.load_core, upstream, "", interrupt)?;
        let keys = Keys::generate()?;
        Ok(Self { options, interrupt, valgrind, keys, directory, upstream, _origin: origin })
    }

    #[expect(clippy::cast_precision_loss, reason = "instructions of one run are far below 2^52")]
    fn instructions_of_a_request(&self, build: &Build, case: Case) -> Result<f64, CountError> {
        let short = self.pass(build, case, self.options.requests)?;
        let long = self.pass(build, case, self.options.requests * 3)?;
        let requests = long.requests.checked_sub(short.requests).filter(|&requests| requests > 0);
        let requests = requests.ok_or(CountError::Nothing)?;
        Ok(long.instructions.saturating_sub(short.instructions) as f64 / requests as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_may_have_a_name() {
        let check = |text: &str, name: &str, path: &str| {
            let build = build(text);
            assert_eq!((build.name.as_str(), build.program.to_str()), (name, Some(path)));
        };
        check("target/release/gateway", "target/release/gateway", "target/release/gateway");
        check("before=old/gateway", "before", "old/gateway");
    }
}
