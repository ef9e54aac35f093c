//! Why instructions cannot be counted, in words that say what to do.

use std::io;

use crate::{load::LoadError, peer::PeerError, pin::PinError, rules::KeyError};

/// Why there is no number.
#[derive(Debug, thiserror::Error)]
pub enum CountError {
    /// The one tool that counts.
    #[error("valgrind is not installed (apt-get install valgrind)")]
    NoValgrind,
    /// Nothing to count.
    #[error("no gateway to count: --gateway PATH, or cargo xtask instructions, which builds one")]
    NoGateway,
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
    /// No keys to sign tokens with.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The gateway, or the origin, does not start.
    #[error(transparent)]
    Start(PeerError),
    /// The load cannot go on.
    #[error(transparent)]
    Load(LoadError),
    /// Requests were refused, so what was counted is something else.
    #[error("{count} requests failed, the first because: {first}")]
    Failing {
        /// How many failed.
        count: u64,
        /// What went wrong with the first one.
        first: String,
    },
    /// The metrics know of no requests.
    #[error("the gateway's metrics count no requests")]
    Nothing,
    /// The gateway did not end by itself, or valgrind is another than was thought.
    #[error("callgrind's file has no total")]
    NoTotals,
    /// The user asked for the end.
    #[error("interrupted")]
    Interrupted,
}

impl From<PeerError> for CountError {
    fn from(error: PeerError) -> Self {
        if matches!(error, PeerError::Interrupted) { Self::Interrupted } else { Self::Start(error) }
    }
}

impl From<LoadError> for CountError {
    fn from(error: LoadError) -> Self {
        if matches!(error, LoadError::Interrupted) { Self::Interrupted } else { Self::Load(error) }
    }
}
