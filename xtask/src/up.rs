//! `cargo xtask up`: the whole system on this machine, and nothing of it left afterwards.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
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

use logs::Logs;
use services::{GATEWAY, Part, SERVICES};

/// Above the gateway's own `drain_timeout` of 30 s.
const GRACE: Duration = Duration::from_secs(35);

/// How often the children and /health are looked at.
const LOOK: Duration = Duration::from_millis(50);

/// What one question to /health may take.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Args)]
pub(crate) struct Options {
    /// How long the system may take to become healthy, in seconds
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    wait: u64,
}

#[derive(Debug, thiserror::Error)]
enum UpError {
    #[error(transparent)]
    Ports(#[from] ports::Taken),
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    #[error("cannot watch the processes: {0}")]
    Watch(#[from] io::Error),
    #[error("{name} ended ({status}), so everything else was ended too. Its last lines:\n{tail}")]
    Died { name: String, status: ExitStatus, tail: String },
    #[error(
        "{name} did not become healthy within {seconds} s: {url} {answer}.\n\
         Its last lines:\n{tail}(a slow machine can be given more time: cargo xtask up --wait SECONDS)"
    )]
    Unhealthy { name: &'static str, url: String, seconds: u64, answer: String, tail: String },
    #[error("interrupted")]
    Interrupted,
}

pub(crate) fn main(options: &Options) -> ExitCode {
    match run(options) {
        Ok(()) | Err(UpError::Interrupted | UpError::Build(BuildError::Interrupted)) => ExitCode::SUCCESS,
        Err(error @ UpError::Ports(_)) => failed(&error, 2),
        Err(error) => failed(&error, 1),
    }
}

fn failed(error: &UpError, code: u8) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::from(code)
}

fn run(options: &Options) -> Result<(), UpError> {
    let parts: Vec<&'static Part> = SERVICES.iter().chain([&GATEWAY]).collect();
    ports::check(&parts)?;
    let interrupt = Interrupt::install()?;
    let packages: Vec<_> = parts.iter().map(|part| part.name).collect();
    eprintln!("Building {} (release; the first time takes minutes)", packages.join(", "));
    let binaries = Build::new("release", &packages).run(&interrupt)?;
    // A long build leaves time for another process to come.
    ports::check(&parts)?;

    let mut system = System { running: Vec::new(), logs: Logs::new(&packages), interrupt };
    let ended = system.bring_up(&parts, &binaries, options.wait).and_then(|()| {
        session::print(&parts);
        system.watch()
    });
    system.stop();
    ended
}

/// What runs, in the order it was started in.
struct System {
    running: Vec<Child>,
    logs: Logs,
    interrupt: Interrupt,
}

impl System {
    /// Starts the parts, each when the ones before it are healthy: the gateway's first probe of a service alone
    /// decides its state, so the services stand before the gateway asks.
    fn bring_up(&mut self, parts: &[&'static Part], binaries: &[std::path::PathBuf], wait: u64) -> Result<(), UpError> {
        let deadline = Instant::now() + Duration::from_secs(wait);
        for (part, binary) in parts.iter().zip(binaries) {
            eprintln!("Starting {} on port {}", part.name, part.ports[0]);
            let mut child = Child::spawn(part.name, &mut part.command(binary))?;
            child.follow(self.logs.sink(part.name));
            self.running.push(child);
            while let Err(answer) = healthy(part) {
                self.look()?;
                if Instant::now() > deadline {
                    let tail = self.running.last().map(Child::tail).unwrap_or_default();
                    let url = part.health_url();
                    return Err(UpError::Unhealthy { name: part.name, url, seconds: wait, answer, tail });
                }
            }
            eprintln!("{} is healthy", part.name);
        }
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

/// `Err` says what came instead, for the message that gives up.
fn healthy(part: &Part) -> Result<(), String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, part.ports[0]));
    let answer = http::get(address, "/health", PATIENCE).map_err(|error| format!("failed: {error}"))?;
    if answer.status == 200 && says_healthy(&answer.body) {
        return Ok(());
    }
    Err(format!("answers {}: {}", answer.status, answer.body.trim()))
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
    fn health() {
        assert!(says_healthy(r#"{"status":"healthy","services":{"user":"healthy"}}"#));
        assert!(says_healthy("{\n  \"status\" : \"healthy\"\n}"));
        assert!(!says_healthy(r#"{"status":"unhealthy","services":{"user":"unhealthy"}}"#));
        assert!(!says_healthy(r#"{"status":"degraded","services":{"user":"healthy"}}"#));
        assert!(!says_healthy(""));
    }
}
