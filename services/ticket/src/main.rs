//! The ticket service as a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    kit::serve(ticket::ABOUT, ticket::Settings::read, ticket::build)
}
