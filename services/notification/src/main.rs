//! The notification service as a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    kit::serve(notification::ABOUT, notification::Settings::read, notification::build)
}
