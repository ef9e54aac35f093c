//! Why a service could not start, as a sentence that says what to do.

use std::fmt::{self, Display, Write};
use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;

use crate::database::DatabaseError;
use crate::settings::Fault;

/// A start that failed; the exit code is 2.
#[derive(Debug)]
pub enum StartError {
    /// Settings that cannot be used, all of them.
    Settings(Vec<Fault>),
    /// The address cannot be listened on.
    Listen {
        /// `HOST` and `PORT`.
        address: SocketAddr,
        /// What the system said.
        error: io::Error,
    },
    /// The database cannot be opened or migrated.
    Database(DatabaseError),
    /// The system gave no threads, signals or sockets.
    Runtime(io::Error),
    /// Something of the service's own, as a whole sentence.
    Other(String),
}

impl From<DatabaseError> for StartError {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error)
    }
}

impl StartError {
    /// Tells it on stderr, whatever the log level, and gives the exit code.
    pub(super) fn exit(&self, service: &str) -> ExitCode {
        eprintln!("{service}: {self}");
        ExitCode::from(2)
    }
}

/// A sentence.
impl Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence())
    }
}

impl std::error::Error for StartError {}

impl StartError {
    fn sentence(&self) -> String {
        match self {
            Self::Settings(faults) => {
                let mut text = "these settings cannot be used (see --help):".to_owned();
                for fault in faults {
                    // Writing to a String cannot fail.
                    let _ = write!(text, "\n  {fault}");
                }
                text
            }
            Self::Listen { address, error } if error.kind() == io::ErrorKind::AddrInUse => format!(
                "cannot listen on {address}: the port is taken. Stop what listens there, or set \
                 PORT to another one (0 takes any that is free)."
            ),
            Self::Listen { address, error } => {
                format!("cannot listen on {address}: {error}. Check HOST and PORT.")
            }
            Self::Database(error) => format!("{error}. {}", error.advice()),
            Self::Runtime(error) => format!("the system refused what every process needs: {error}"),
            Self::Other(sentence) => sentence.clone(),
        }
    }
}
