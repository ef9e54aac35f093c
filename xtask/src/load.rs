//! `cargo xtask load`: builds, then hands over to the `load` crate.

use std::{
    env,
    process::{Command, ExitCode},
};

use clap::Args;
use xtask::{
    cargo::{Build, BuildError},
    interrupt::Interrupt,
    options::Load,
};

use crate::compare::replace_by;

#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    load: Load,
}

pub(crate) fn main(options: &Options) -> ExitCode {
    // Told before minutes of a build rather than after.
    if let Err(message) = options.load.check() {
        eprintln!("error: {message}");
        return ExitCode::from(2);
    }
    match prepare() {
        Ok(command) => replace_by(command),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn prepare() -> Result<Command, BuildError> {
    let interrupt = Interrupt::install()?;
    let load = Build::new("release", &["load"]).run(&interrupt)?.remove(0);
    let mut command = Command::new(load);
    // The flags are the same for both programs.
    command.args(env::args_os().skip(2));
    Ok(command)
}
