//! The task service as a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    kit::serve(task::ABOUT, task::Settings::read, task::build)
}
