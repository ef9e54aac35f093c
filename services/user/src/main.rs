//! The user service as a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    kit::serve(user::ABOUT, user::MIGRATIONS, user::Settings::read, user::build)
}
