//! How a use case can fail.

use kit::batch::BatchError;
use kit::storage::StorageFault;

use super::ports::{StoreError, VacancyUnavailable};

/// Why a use case did nothing. The API turns each into one answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such ticket, or it is another's.
    #[error("there is no such ticket")]
    TicketNotFound,
    /// The vacancy service is away, or did not answer in time: nothing was sold.
    #[error("the stock cannot be asked")]
    VacancyUnavailable,
    /// The `Idempotency-Key` was used for another body.
    #[error("the key was used for another body")]
    KeyReused,
    /// The purchase of this key is being done right now.
    #[error("the purchase of this key still runs")]
    InProgress,
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

impl From<VacancyUnavailable> for Error {
    fn from(VacancyUnavailable(cause): VacancyUnavailable) -> Self {
        tracing::warn!(%cause, "the vacancy service cannot be asked");
        Self::VacancyUnavailable
    }
}
