//! `cargo xtask pgo`: the gateway, optimised for what the benchmarks make it do.

use std::process::ExitCode;

#[derive(clap::Args)]
pub(crate) struct Options {}

pub(crate) fn main(_: &Options) -> ExitCode {
    ExitCode::FAILURE
}
