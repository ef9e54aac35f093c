//! The user service as a process of its own.

use std::process::ExitCode;

/// Each hash takes 19 MiB for a moment, on a thread of many. glibc's arenas would keep a part of that for each thread.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    kit::serve(user::ABOUT, user::MIGRATIONS, user::Settings::read, user::build)
}
