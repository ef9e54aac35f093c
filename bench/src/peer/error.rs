//! Why a proxy cannot be measured, in words that say what to do.

use std::{io, process::ExitStatus};

use super::running::DEADLINE;
use crate::pin::PinError;

/// Why a proxy cannot be measured.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// Its files could not be written, or its end not be waited for.
    #[error("{name}: {source}")]
    Io {
        /// The proxy.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// It could not be started on its core.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// It ended before it answered.
    #[error("{name} ended before its first answer ({status}). Its last lines:\n{tail}")]
    Ended {
        /// The proxy.
        name: String,
        /// How it ended.
        status: ExitStatus,
        /// What it wrote last.
        tail: String,
    },
    /// It runs, but forwards nothing.
    #[error("{name} forwarded no request within {DEADLINE:?}: {last}. Its last lines:\n{tail}")]
    Silent {
        /// The proxy.
        name: String,
        /// What the last attempt met.
        last: String,
        /// What it wrote last.
        tail: String,
    },
    /// The user asked for the end.
    #[error("interrupted")]
    Interrupted,
}

/// What a table has room for: an error without the last lines that a program wrote.
pub fn headline(error: &str) -> &str {
    let line = error.lines().next().unwrap_or_default();
    line.strip_suffix(" Its last lines:").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headlines() {
        assert_eq!(headline("it ended (exit status: 2). Its last lines:\nunknown key"), "it ended (exit status: 2).");
        assert_eq!(headline("an expired token was answered 200"), "an expired token was answered 200");
        assert_eq!(headline(""), "");
    }
}
