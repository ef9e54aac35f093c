//! What can keep a comparison from its end.

use std::io;

use xtask::child::SpawnError;

use crate::{peer::PeerError, pin::PinError};

/// Why there is nothing to compare.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// A file, or a process, that the system refused.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// A core that is not there.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// A `--peer` that is none.
    #[error("--peer {text}: {why}")]
    Peer {
        /// As given.
        text: String,
        /// What is wrong with it.
        why: String,
    },
    /// No keys to sign tokens with.
    #[error(transparent)]
    Keys(#[from] crate::rules::KeyError),
    /// Every proxy is missing or failed to start.
    #[error("no proxy left to measure: {0}")]
    NoPeer(String),
    /// The origin does not answer.
    #[error(transparent)]
    Origin(PeerError),
    /// `--perf` without perf.
    #[error("{0} (apt-get install linux-perf)")]
    Perf(SpawnError),
    /// The user asked for the end.
    #[error("interrupted; nothing was written")]
    Interrupted,
}
