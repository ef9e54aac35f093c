//! `cargo xtask instructions`: builds, then hands over to the `bench` crate.

use std::{
    env,
    process::{Command, ExitCode},
};

use clap::Args;
use xtask::{
    cargo::{Build, BuildError},
    interrupt::Interrupt,
    options::Instructions,
};

use crate::compare::replace_by;

#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    count: Instructions,
}

pub(crate) fn main(options: &Options) -> ExitCode {
    match prepare(options) {
        Ok(command) => replace_by(command),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn prepare(options: &Options) -> Result<Command, BuildError> {
    let interrupt = Interrupt::install()?;
    let bench = Build::new("release", &["bench"]).run(&interrupt)?.remove(0);
    let mut command = Command::new(bench);
    // The flags are the same for both programs.
    command.arg("instructions").args(env::args_os().skip(2));
    if options.count.gateway.is_empty()
        && let Some(gateway) = Build::new("dist", &["gateway"]).run(&interrupt)?.pop()
    {
        command.arg("--gateway").arg(gateway);
    }
    Ok(command)
}
