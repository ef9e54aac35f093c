//! The vacancy service as a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    kit::serve(vacancy::ABOUT, vacancy::Settings::read, vacancy::build)
}
