//! What can keep the two modes from being measured.

use std::io;

use xtask::child::SpawnError;

use crate::load::LoadError;

/// Why there are no numbers.
#[derive(Debug, thiserror::Error)]
pub enum DualError {
    /// A file, or a process, that the system refused.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// A program that could not be started.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// A part that did not come up, or ended.
    #[error("{name} is not healthy: {last}. Its last lines:\n{tail}")]
    Unhealthy {
        /// The part.
        name: String,
        /// What it answered last.
        last: String,
        /// What it wrote last.
        tail: String,
    },
    /// The shipped gateway.toml has another form than this code knows.
    #[error("gateway.toml: {0}")]
    File(String),
    /// A step of the preparation was answered otherwise.
    #[error("{step}: expected {expected}, got {status}: {body}")]
    Answer {
        /// Which step.
        step: &'static str,
        /// What was expected.
        expected: &'static str,
        /// What came.
        status: u16,
        /// Its body.
        body: String,
    },
    /// What was sold is not what was taken from the stock.
    #[error("{sold} purchases were answered, but the stock fell by {taken}: what was measured did not happen")]
    Stock {
        /// Answers of the load.
        sold: u64,
        /// Places gone.
        taken: u64,
    },
    /// The load failed.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The user asked for the end.
    #[error("interrupted; nothing was written")]
    Interrupted,
}
