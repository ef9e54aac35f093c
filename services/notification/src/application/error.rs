//! How a use case can fail.

use kit::storage::StorageFault;

use crate::application::ports::{StoreError, Unsuitable};

/// Why a use case did nothing. The API turns each into one answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such notification, or it is another's.
    #[error("there is no such notification")]
    NotFound,
    /// The channel does not take such a notification here.
    #[error(transparent)]
    Unsuitable(#[from] Unsuitable),
    /// The idempotency key was used for another body.
    #[error("the idempotency key was used for another body")]
    KeyReused,
    /// It was not this use case's turn in time.
    #[error("too much to do")]
    Overloaded,
    /// What was to be stored is nothing that the store can hold.
    #[error("{0}")]
    Unstorable(String),
    /// The store cannot keep or give what it should, until somebody sees to it.
    #[error(transparent)]
    Storage(StorageFault),
    /// What no client can do anything about; the text is for the log.
    #[error("{0}")]
    Internal(String),
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => Self::Overloaded,
            StoreError::Storage(fault) => Self::Storage(fault),
            StoreError::Refused(cause) => Self::Unstorable(format!("store: {cause}")),
            StoreError::Failed(cause) => Self::Internal(format!("store: {cause}")),
        }
    }
}
