//! `cargo xtask`: the project's own commands.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod compare;
mod db;
mod dlq;
mod instructions;
mod load;
mod pgo;
mod up;

/// The project's own commands.
///
/// Each builds what it needs first (`CARGO_TARGET_DIR` is honoured), hands its environment on to what it starts, and
/// leaves no process behind, however it ends.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run the whole system: release build, a broker, the services, the gateway on :8000; Ctrl-C ends all of it
    ///
    /// With --monolith all of it is one process. The broker is an embedded one, and not started where
    /// `KAFKA_BOOTSTRAP_SERVERS` names another; `GATEWAY_SECRET` is made at random unless it is set. Checks first that every port is free (exit 2 when one is not, and nothing is started), waits until the
    /// gateway's /health says healthy, prints the URLs and a curl session, then streams the logs of all, prefixed by
    /// service. Databases live under data/ at the root of the repository. A process that dies ends the others, exit 1.
    Up(up::Options),
    /// Bring the schema of a service's database up to date, show it, or begin its next migration
    ///
    /// `migrate` and `status` build the service by the release profile, as `up` does, and have it look at the database
    /// that `DATABASE_URL` names, by default data/SERVICE.db at the root of the repository.
    #[command(subcommand)]
    Db(db::Task),
    /// Measure the gateway beside nginx, HAProxy and Envoy: CPU a request, requests a second, latency, memory
    ///
    /// Every proxy has one worker on one core; the load and the origin share another. A round takes each proxy once, in
    /// an order that changes; medians of many short rounds are printed, with their spread, and ratios are taken within a
    /// round, so that a machine that is busy with something else disturbs all alike. The workloads `get-hs256`,
    /// `get-eddsa` and `get-rs256` put rules on every request (token, limit, request id, metrics, log), of the gateway and
    /// of HAProxy; a proxy that lets a forged token pass is not measured. Peers come from Debian's packages
    /// (`apt-get install nginx-light haproxy`); what is missing is left out. A whole run takes eight minutes.
    Bench(compare::Options),
    /// Count the instructions of a request: a plain forward, and each rule by itself
    ///
    /// Runs the gateway under callgrind (`apt-get install valgrind`) twice for each row, and divides the difference by
    /// the requests in between. It strays far less than time does, so it shows what a change costs, and that a rule
    /// which is off costs nothing: give two builds, `--gateway before=OLD --gateway after=NEW`.
    Instructions(instructions::Options),
    /// Load the running system with the newcomer's story, and report latency and throughput over time
    ///
    /// Virtual users register, log in, make and complete tasks, read notifications and buy tickets, through the gateway
    /// that `cargo xtask up` has started. Steps are due by a schedule that no answer moves (open loop), and a latency
    /// counts from when its step was due. Progress is on stderr, the table by endpoint on stdout, the report is one HTML
    /// file. Ctrl-C ends it early, with the report. Exit 0 when every answer was right, 1 when not (see --fail-on), 2 on
    /// bad arguments, a faulty mix, or when nothing answers at the URL.
    Load(load::Options),
    /// Build the gateway optimised for its own profile (PGO) and say where the binary is
    ///
    /// Builds it instrumented, drives the bench workloads through it, merges what was counted with llvm-profdata
    /// (of the same LLVM as rustc's), and builds it again by the profile `dist`.
    Pgo(pgo::Options),
    /// List dead letters, the messages that a service could not apply, or replay them to their topics
    ///
    /// On the broker that --bootstrap or `KAFKA_BOOTSTRAP_SERVERS` names; of the monolith, in the services' databases. A
    /// replayed letter goes to all who consume its topic; those that had applied its event know it.
    Dlq(dlq::Options),
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Task::Up(options) => up::main(&options),
        Task::Db(task) => db::main(&task),
        Task::Bench(options) => compare::main(&options),
        Task::Instructions(options) => instructions::main(&options),
        Task::Load(options) => load::main(&options),
        Task::Pgo(options) => pgo::main(&options),
        Task::Dlq(options) => dlq::main(&options),
    }
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
