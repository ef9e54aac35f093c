//! `cargo xtask up`: the whole system on this machine, and nothing of it left afterwards.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{ExitCode, ExitStatus},
    time::{Duration, Instant},
};

use clap::Args;
use xtask::{
    cargo::{Build, BuildError},
    child::{Child, SpawnError},
    http,
    interrupt::Interrupt,
};

mod logs;
mod ports;
mod services;
mod session;
mod shared;

use logs::Logs;
use services::{BROKER, GATEWAY, MONOLITH, Part, SERVICES};
use shared::{BROKER_VARIABLE, Shared};

/// Above the gateway's own `drain_timeout` of 30 s.
const GRACE: Duration = Duration::from_secs(35);

/// How often the children and /health are looked at.
const LOOK: Duration = Duration::from_millis(50);

/// What one question to /health may take.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Args)]
pub(crate) struct Options {
    /// The same system in one process: the gateway with the services inside, and no broker
    #[arg(long)]
    monolith: bool,

    /// The profile of the build: release, dist, or dev, which is quicker to build and slower to run
    #[arg(long, default_value = "release", value_name = "PROFILE")]
    profile: String,

    /// How long the system may take to become healthy, in seconds
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    wait: u64,
}

#[derive(Debug, thiserror::Error)]
enum UpError {
    #[error(transparent)]
    Ports(#[from] ports::Taken),
    #[error(transparent)]
    Databases(#[from] shared::OneDatabase),
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    #[error("cannot watch the processes, or make a secret for them: {0}")]
    Watch(#[from] io::Error),
    #[error("{name} ended ({status}), so everything else was ended too. Its last lines:\n{tail}")]
    Died { name: String, status: ExitStatus, tail: String },
    #[error(
        "{name} did not become healthy within {seconds} s: {answer}.\n\
         Its last lines:\n{tail}(a slow machine can be given more time: cargo xtask up --wait SECONDS)"
    )]
    Unhealthy { name: &'static str, seconds: u64, answer: String, tail: String },
    #[error("interrupted")]
    Interrupted,
}

pub(crate) fn main(options: &Options) -> ExitCode {
    match run(options) {
        Ok(()) | Err(UpError::Interrupted | UpError::Build(BuildError::Interrupted)) => ExitCode::SUCCESS,
        Err(error @ (UpError::Ports(_) | UpError::Databases(_))) => failed(&error, 2),
        Err(error) => failed(&error, 1),
    }
}

fn failed(error: &UpError, code: u8) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::from(code)
}

fn run(options: &Options) -> Result<(), UpError> {
    let stages = stages(options.monolith, shared::variable(BROKER_VARIABLE).is_some());
    let parts: Vec<&'static Part> = stages.concat();
    ports::check(&parts)?;
    if !options.monolith {
        shared::check_databases()?;
    }
    let interrupt = Interrupt::install()?;
    let packages: Vec<_> = parts.iter().map(|part| part.name).collect();
    eprintln!("Building {} ({}; the first time takes minutes)", packages.join(", "), options.profile);
    let binaries = Build::new(&options.profile, &packages).run(&interrupt)?;
    // A long build leaves time for another process to come.
    ports::check(&parts)?;

    let logs = Logs::new(&packages);
    let mut system = System { running: Vec::new(), logs, interrupt, shared: Shared::new()? };
    let mut binaries = binaries.iter().map(PathBuf::as_path);
    let deadline = Instant::now() + Duration::from_secs(options.wait);
    let up = stages.iter().try_for_each(|stage| {
        let stage: Vec<_> = stage.iter().copied().zip(binaries.by_ref()).collect();
        system.bring_up(&stage, deadline, options.wait)
    });
    let ended = up.and_then(|()| {
        session::print(&parts);
        system.watch()
    });
    system.stop();
    ended
}

/// What is started together, each stage when the ones before it are healthy: the gateway's first probe of a service
/// alone decides its state, so the services stand before the gateway asks.
fn stages(monolith: bool, has_broker: bool) -> Vec<Vec<&'static Part>> {
    let services = SERVICES.iter().collect();
    match (monolith, has_broker) {
        (true, _) => vec![vec![&MONOLITH]],
        (false, true) => vec![services, vec![&GATEWAY]],
        (false, false) => vec![vec![&BROKER], services, vec![&GATEWAY]],
    }
}

/// What runs, in the order it was started in.
struct System {
    running: Vec<Child>,
    logs: Logs,
    interrupt: Interrupt,
    shared: Shared,
}

impl System {
    /// Starts the parts, and waits until all of them are healthy.
    fn bring_up(&mut self, stage: &[(&'static Part, &Path)], deadline: Instant, wait: u64) -> Result<(), UpError> {
        let first = self.running.len();
        for (part, binary) in stage {
            eprintln!("Starting {}", part.name);
            let mut child = Child::spawn(part.name, &mut part.command(binary, &self.shared))?;
            child.follow(self.logs.sink(part.name));
            self.running.push(child);
        }
        for (index, (part, _)) in stage.iter().enumerate() {
            while let Err(answer) = self.well(part, first + index) {
                self.look()?;
                if Instant::now() > deadline {
                    let tail = self.running[first + index].tail();
                    return Err(UpError::Unhealthy { name: part.name, seconds: wait, answer, tail });
                }
            }
            eprintln!("{} is healthy", part.name);
        }
        Ok(())
    }

    /// Whether a part that was started serves; `Err` says what is in the way.
    fn well(&mut self, part: &'static Part, child: usize) -> Result<(), String> {
        if part.name != BROKER.name {
            return healthy(part);
        }
        let said = self.running[child].tail();
        let address = listening(&said).ok_or("it has not said where it listens")?;
        self.shared.broker = Some(address.to_owned());
        Ok(())
    }

    /// Returns when the user has asked for the end, or when a part has ended by itself.
    fn watch(&mut self) -> Result<(), UpError> {
        loop {
            self.look()?;
        }
    }

    fn look(&mut self) -> Result<(), UpError> {
        if self.interrupt.wait(LOOK) {
            return Err(UpError::Interrupted);
        }
        for child in &mut self.running {
            if let Some(status) = child.exited()? {
                return Err(UpError::Died { name: child.name().to_owned(), status, tail: child.last_words() });
            }
        }
        Ok(())
    }

    /// Ends the parts, the gateway first, so that what it still forwards while it drains has its services.
    fn stop(&mut self) {
        let asked = self.interrupt.count();
        while let Some(mut child) = self.running.pop() {
            if matches!(child.exited(), Ok(Some(_))) {
                continue;
            }
            eprintln!("Ending {} (once more Ctrl-C: at once)", child.name());
            let interrupt = &self.interrupt;
            if let Err(error) = child.stop(GRACE, || interrupt.count() > asked.max(1)) {
                eprintln!("warning: cannot wait for {}: {error}", child.name());
            }
        }
    }
}

/// Where the broker says that it listens: `said` is what was kept of its lines, which are indented.
fn listening(said: &str) -> Option<&str> {
    said.lines().find_map(|line| line.trim().strip_prefix("broker listening on "))
}

/// `Err` says what came instead, for the message that gives up.
fn healthy(part: &Part) -> Result<(), String> {
    let url = part.health_url().ok_or("it has no port")?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, part.ports[0]));
    let answer = http::get(address, "/health", PATIENCE).map_err(|error| format!("{url} failed: {error}"))?;
    if answer.status == 200 && says_healthy(&answer.body) {
        return Ok(());
    }
    Err(format!("{url} answers {}: {}", answer.status, answer.body.trim()))
}

/// Whether the top-level status is `healthy`. No other field of the answer is called `status`.
fn says_healthy(body: &str) -> bool {
    let compact: String = body.chars().filter(|character| !character.is_whitespace()).collect();
    compact.contains(r#""status":"healthy""#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_broker_says_where_it_listens() {
        assert_eq!(listening("    a line\n    broker listening on 127.0.0.1:4711\n"), Some("127.0.0.1:4711"));
        assert_eq!(listening("broker: cannot listen"), None);
    }

    #[test]
    fn only_what_is_needed_is_started() {
        let names = |monolith, has_broker| {
            let stages = stages(monolith, has_broker);
            stages.concat().iter().map(|part| part.name).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(names(true, false), "monolith");
        assert_eq!(names(false, true), "user task notification vacancy ticket gateway");
        assert_eq!(names(false, false), "broker user task notification vacancy ticket gateway");
    }

    #[test]
    fn health() {
        assert!(says_healthy(r#"{"status":"healthy","services":{"user":"healthy"}}"#));
        assert!(says_healthy("{\n  \"status\" : \"healthy\"\n}"));
        assert!(!says_healthy(r#"{"status":"unhealthy","services":{"user":"unhealthy"}}"#));
        assert!(!says_healthy(r#"{"status":"degraded","services":{"user":"healthy"}}"#));
        assert!(!says_healthy(""));
    }
}
