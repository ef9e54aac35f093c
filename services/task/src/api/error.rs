//! The one place where a use case's error becomes an answer.

use axum::response::{IntoResponse, Response};
use kit::problem::FieldError;
use kit::{Problem, etag, idempotency};

use crate::application::Error;

/// What handlers return.
pub(super) type Answer<T> = Result<T, Failure>;

/// A failure on its way to a [`Problem`].
pub(super) struct Failure(Problem);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(match error {
            Error::TaskNotFound => Problem::not_found("task_not_found", "There is no such task."),
            Error::CategoryNotFound => Problem::not_found("category_not_found", "There is no such category."),
            Error::CategoryUnknown => {
                let fault = FieldError::new("category_id", "must be the id of one of your categories, or null");
                Problem::validation(vec![fault])
            }
            Error::CategoryNameTaken => {
                Problem::conflict("category_name_taken", "You have a category of this name already.")
            }
            Error::VersionMismatch => etag::precondition_failed(),
            Error::KeyReused => idempotency::reused(),
            Error::Overloaded => Problem::overloaded("Too much to do; try again in a moment."),
            Error::Storage(fault) => fault.into(),
            Error::Internal(cause) => Problem::internal(cause),
        })
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}
