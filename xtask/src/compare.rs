//! `cargo xtask bench`: builds, then hands over to the `bench` crate.

use std::{
    env,
    ffi::OsString,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Command, ExitCode},
};

use clap::{Args, Subcommand};
use xtask::{
    cargo::{Build, BuildError},
    interrupt::Interrupt,
    options::{Compare, Dual},
};

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Options {
    #[command(subcommand)]
    other: Option<Other>,

    /// The profile that the gateway is built by
    #[arg(long, default_value = "dist", value_parser = ["release", "dist"])]
    profile: String,

    /// Measure this gateway binary rather than build one (what `cargo xtask pgo` made, or an older one)
    #[arg(long, value_name = "FILE")]
    gateway: Option<PathBuf>,

    #[command(flatten)]
    compare: Compare,
}

#[derive(Subcommand)]
enum Other {
    /// Measure the system in one process (`up --monolith`) beside the system in many (`up`)
    ///
    /// Latency of a purchase, durable purchases and reads of the stock a second, and memory; through the gateway, with
    /// the shipped gateway.toml but for its rate limit, on databases and ports of their own.
    Dual(Dual),
}

/// What `bench dual` starts.
const SYSTEM: [&str; 8] = ["gateway", "monolith", "broker", "user", "task", "notification", "vacancy", "ticket"];

pub(crate) fn main(options: &Options) -> ExitCode {
    let prepared = match &options.other {
        Some(Other::Dual(_)) => prepare_dual(),
        None => prepare(options),
    };
    let command = match prepared {
        Ok(command) => command,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    replace_by(command)
}

/// Becomes `command`: no process of ours remains between the user's Ctrl-C and the measurement.
pub(crate) fn replace_by(mut command: Command) -> ExitCode {
    let error = command.exec();
    eprintln!("error: cannot start {}: {error}", command.get_program().to_string_lossy());
    ExitCode::FAILURE
}

fn prepare(options: &Options) -> Result<Command, BuildError> {
    let interrupt = Interrupt::install()?;
    let bench = Build::new("release", &["bench"]).run(&interrupt)?.remove(0);
    let mut command = Command::new(bench);
    command.arg("compare");
    if let Some(gateway) = gateway(options, &interrupt)? {
        command.arg("--gateway").arg(gateway);
    }
    command.arg("--shown").arg(shown(env::args().skip(2)));
    command.args(shared_arguments(env::args_os().skip(2)));
    Ok(command)
}

fn prepare_dual() -> Result<Command, BuildError> {
    let interrupt = Interrupt::install()?;
    let bench = Build::new("release", &["bench"]).run(&interrupt)?.remove(0);
    let system = Build::new("release", &SYSTEM).run(&interrupt)?;
    let mut command = Command::new(bench);
    command.arg("dual");
    if let Some(directory) = system.first().and_then(|program| program.parent()) {
        command.arg("--programs").arg(directory);
    }
    // Of `cargo xtask bench dual FLAGS…`, the flags.
    command.args(env::args_os().skip(3));
    Ok(command)
}

fn gateway(options: &Options, interrupt: &Interrupt) -> Result<Option<PathBuf>, BuildError> {
    let only = &options.compare.only;
    if options.gateway.is_some() || !(only.is_empty() || only.iter().any(|name| name == "gateway")) {
        return Ok(options.gateway.clone());
    }
    Ok(Build::new(&options.profile, &["gateway"]).run(interrupt)?.pop())
}

/// The command for RESULTS.md. Programs that are only on this machine, of `--gateway` and `--peer`, are left out.
fn shown(arguments: impl Iterator<Item = String>) -> String {
    let mut words = vec!["cargo xtask bench".to_owned()];
    let mut flag = String::new();
    for word in arguments {
        let joined = word.split_once('=').filter(|(name, _)| name.starts_with("--"));
        let (name, value) = joined.unwrap_or((&flag, &word));
        let value = match name {
            "--gateway" => "…".to_owned(),
            "--peer" => format!("'{}=…'", value.split('=').next().unwrap_or_default()),
            _ => value.to_owned(),
        };
        words.push(if joined.is_some() { format!("{name}={value}") } else { value });
        flag = if joined.is_some() { String::new() } else { word.clone() };
    }
    words.join(" ")
}

/// The user's own arguments without the two that are for building; clap has checked them all before.
fn shared_arguments(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut shared = Vec::new();
    let mut arguments = arguments;
    while let Some(argument) = arguments.next() {
        let text = argument.to_string_lossy();
        if text == "--profile" || text == "--gateway" {
            arguments.next();
        } else if !text.starts_with("--profile=") && !text.starts_with("--gateway=") {
            shared.push(argument);
        }
    }
    shared
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_names_no_program_of_this_machine() {
        let check = |given: &[&str], expected: &str| {
            assert_eq!(shown(given.iter().map(|&word| word.to_owned())), format!("cargo xtask bench{expected}"));
        };
        check(&[], "");
        check(&["--rounds", "3", "--write"], " --rounds 3 --write");
        check(&["--gateway", "/home/me/g", "--only=nginx"], " --gateway … --only=nginx");
        check(&["--peer", "old=/home/me/g {listen}", "--peer=b=/x"], " --peer 'old=…' --peer='b=…'");
    }

    #[test]
    fn only_the_measurements_flags_are_handed_on() {
        let check = |given: &[&str], expected: &[&str]| {
            let arguments = shared_arguments(given.iter().map(OsString::from));
            assert_eq!(arguments, expected.iter().map(OsString::from).collect::<Vec<_>>());
        };
        check(&["--rounds", "3", "--profile", "dist", "--write"], &["--rounds", "3", "--write"]);
        check(&["--gateway=/g", "--profile=dist", "--only=nginx"], &["--only=nginx"]);
        check(&[], &[]);
    }
}
