//! How a use case can fail.

use kit::batch::BatchError;
use kit::storage::StorageFault;

use super::ports::StoreError;
use crate::domain::ledger::{OtherQuantity, Overflow};

/// Why a use case did nothing. The API turns each into one answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The reservation id was used for another quantity.
    #[error(transparent)]
    OtherQuantity(#[from] OtherQuantity),
    /// The stock has no room for that many.
    #[error(transparent)]
    Overflow(#[from] Overflow),
    /// The `Idempotency-Key` was used for another body.
    #[error("the key was used for another body")]
    KeyReused,
    /// A bounded wait, for a turn or the store, ended without one.
    #[error("too much to do")]
    Overloaded,
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
            StoreError::Failed(cause) => Self::Internal(format!("store: {cause}")),
        }
    }
}

impl From<BatchError<StoreError>> for Error {
    fn from(error: BatchError<StoreError>) -> Self {
        match error {
            BatchError::Full => Self::Overloaded,
            BatchError::Failed(error) => error.into(),
            BatchError::Broken => Self::Internal(error.to_string()),
        }
    }
}
