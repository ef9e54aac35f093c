//! What docker-compose.yml, the Dockerfiles and `deploy/` promise, beside what the binaries say of themselves. No engine
//! is needed: the files are read as an engine would read them, and the binaries and scripts run as they are.
#![expect(clippy::unwrap_used, reason = "a helper of tests, like a test, says what it means by panicking")]

mod compose;
mod dockerfile;
mod images;
mod known;
mod scripts;
mod secrets;
mod start;
mod variables;

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The repository's root.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The text of a file there.
fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}
