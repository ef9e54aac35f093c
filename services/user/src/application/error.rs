//! How a use case can fail.

use kit::storage::StorageFault;

use crate::application::ports::{HashError, StoreError};
use crate::domain::TokenFault;

/// Why a use case did nothing. The API turns each into one answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another user has this e-mail.
    #[error("another user has this e-mail")]
    EmailTaken,
    /// The Idempotency-Key was used for another body.
    #[error("the idempotency key was used for another body")]
    KeyReused,
    /// There is no such user.
    #[error("there is no such user")]
    UserNotFound,
    /// The user has another version than the change is meant for.
    #[error("the user has changed since")]
    OtherVersion,
    /// The caller is neither the user nor an administrator.
    #[error("only the user itself or an administrator may do this")]
    NotYours,
    /// The caller is no administrator.
    #[error("only an administrator may do this")]
    AdminOnly,
    /// E-mail and password do not belong together; which of them is wrong is not said.
    #[error("the e-mail or the password is wrong")]
    Credentials,
    /// The refresh token is unknown, used, expired or revoked; which is not said.
    #[error("the refresh token is not valid")]
    RefreshToken,
    /// The access token is not to be believed.
    #[error(transparent)]
    Token(#[from] TokenFault),
    /// A bounded wait, for the hasher or the store, ended without a turn.
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
            StoreError::EmailTaken => Self::EmailTaken,
            StoreError::Busy => Self::Overloaded,
            StoreError::Storage(fault) => Self::Storage(fault),
            StoreError::Failed(cause) => Self::Internal(format!("store: {cause}")),
        }
    }
}

impl From<HashError> for Error {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy => Self::Overloaded,
            HashError::Failed(cause) => Self::Internal(format!("password hashing: {cause}")),
        }
    }
}
