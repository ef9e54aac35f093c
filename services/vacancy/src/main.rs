//! The vacancy service as a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    kit::serve(vacancy::ABOUT, vacancy::MIGRATIONS, vacancy::Settings::read, vacancy::build)
}
