//! `bench compare`, which `cargo xtask bench` starts, and its two halves by themselves.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, time::Duration};

use bench::{compare, dual, instructions, load, origin, rules::Rules};
use clap::{Args, Parser, Subcommand};
use xtask::{
    interrupt::Interrupt,
    options::{Compare, Dual, Instructions, Workload},
};

/// Load, origin, and the comparison of proxies between them.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Serve GET /small, GET /64k, POST /upload and GET /health, on one thread
    Origin {
        /// The address to listen on
        #[arg(long, default_value = "127.0.0.1:9000")]
        listen: SocketAddr,
    },
    /// Load one server, check every answer, and print the numbers as JSON
    Load(Load),
    /// Count the instructions of a request under valgrind: a plain forward, and each rule by itself
    Instructions(Instructions),
    /// Measure the system in one process beside the system in many (`cargo xtask bench dual` builds it first)
    Dual {
        /// The directory of the programs
        #[arg(long)]
        programs: PathBuf,
        #[command(flatten)]
        options: Dual,
    },
    /// Measure proxies beside each other (`cargo xtask bench` builds the gateway and then does this)
    Compare {
        /// The gateway's binary; without it only the peers are measured
        #[arg(long)]
        gateway: Option<PathBuf>,
        /// The command to name in RESULTS.md
        #[arg(long, hide = true, default_value = "cargo xtask bench")]
        shown: String,
        #[command(flatten)]
        options: Compare,
    },
}

#[derive(Args)]
struct Load {
    /// The server: an address of the loopback interface
    #[arg(long, value_parser = loopback)]
    address: SocketAddr,
    /// What to ask
    #[arg(long, default_value = "get")]
    workload: Workload,
    /// A bearer token that every request carries; the workloads with tokens of their own are for `compare`
    #[arg(long, value_name = "TOKEN")]
    bearer: Option<String>,
    /// Clients at once
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    connections: u32,
    /// The measured time, in seconds
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// End after so many measured requests
    #[arg(long)]
    requests: Option<u64>,
    /// A process whose CPU time and memory are read, with all that it started
    #[arg(long, value_name = "PID")]
    watch: Option<u32>,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Task::Origin { listen } => serve(listen),
        Task::Load(options) => drive(&options),
        Task::Instructions(options) => Interrupt::install()
            .map_err(|error| error.to_string())
            .and_then(|interrupt| instructions::run(&options, &interrupt).map_err(|error| error.to_string())),
        Task::Dual { programs, options } => {
            Interrupt::install().map_err(|error| error.to_string()).and_then(|interrupt| {
                dual::run(&options, &dual::Programs(programs), &interrupt).map_err(|e| e.to_string())
            })
        }
        Task::Compare { gateway, shown, options } => {
            Interrupt::install().map_err(|error| error.to_string()).and_then(|interrupt| {
                compare::run(&options, gateway, &shown, &interrupt).map_err(|error| error.to_string())
            })
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(listen: SocketAddr) -> Result<(), String> {
    let listener = origin::listen(listen).map_err(|error| format!("cannot listen on {listen}: {error}"))?;
    origin::serve(listener).map_err(|error| format!("the origin cannot go on: {error}"))
}

fn drive(options: &Load) -> Result<(), String> {
    let interrupt = Interrupt::install().map_err(|error| error.to_string())?;
    let mut plan = load::Plan::new(options.address, options.workload);
    if let Some(token) = &options.bearer {
        plan.work = load::Work::with_fields(options.workload, options.address, &[Rules::field(token)]);
    }
    plan.connections = options.connections as usize;
    plan.time = Duration::from_secs(options.seconds);
    plan.watch = options.watch;
    plan.max_requests = options.requests.unwrap_or(plan.max_requests);
    let files = u64::from(options.connections) + 100;
    bench::pin::raise_file_limit(files).map_err(|error| format!("the limit on open files: {error}"))?;
    let json = if options.workload == Workload::Idle {
        let watch = options.watch.ok_or("idle connections need --watch PID: their memory is what is measured")?;
        load::hold_idle(&plan, watch, &interrupt).map(|report| serde_json::to_string(&report))
    } else {
        load::run(&plan, &interrupt).map(|report| serde_json::to_string(&report))
    };
    println!("{}", json.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?);
    Ok(())
}

/// The load is for measuring one's own machine, and for nobody else's.
fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text.parse().map_err(|error| format!("{error}"))?;
    if address.ip().is_loopback() { Ok(address) } else { Err("expected a loopback address, as 127.0.0.1:8000".into()) }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }
}
