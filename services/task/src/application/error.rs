//! How a use case can fail.

use kit::storage::StorageFault;

use crate::application::ports::StoreError;

/// Why a use case did nothing. The API turns each into one answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller has no such task.
    #[error("there is no such task")]
    TaskNotFound,
    /// The caller has no such category.
    #[error("there is no such category")]
    CategoryNotFound,
    /// The task names a category that the caller has not.
    #[error("the task's category is none of the caller's")]
    CategoryUnknown,
    /// The caller has a category of this name.
    #[error("there is a category of this name")]
    CategoryNameTaken,
    /// The task has another version than the caller expects.
    #[error("the task has changed meanwhile")]
    VersionMismatch,
    /// The idempotency key was used for something else.
    #[error("the idempotency key was used for another body")]
    KeyReused,
    /// The wait for the store ended without a turn.
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
            StoreError::CategoryNameTaken => Self::CategoryNameTaken,
            StoreError::Busy => Self::Overloaded,
            StoreError::Storage(fault) => Self::Storage(fault),
            StoreError::Failed(cause) => Self::Internal(format!("store: {cause}")),
        }
    }
}
