//! The one place where a use case's error becomes an answer.

use axum::http::StatusCode;
use kit::Problem;
use kit::idempotency::reused;
use kit::problem::FieldError;

use crate::application::Error;
use crate::application::ports::Unsuitable;

/// What handlers return.
pub(super) type Answer<T> = Result<T, Failure>;

/// A failure on its way to a [`Problem`].
pub(super) struct Failure(Problem);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(match error {
            Error::NotFound => Problem::not_found("notification_not_found", "There is no such notification."),
            Error::Unsuitable(Unsuitable::Channel(channel)) => {
                let detail = format!("The channel {} is not set up here: use another.", channel.as_str());
                Problem::new(StatusCode::BAD_REQUEST, "channel_unavailable", detail)
            }
            Error::Unsuitable(Unsuitable::Address) => {
                Problem::validation(vec![FieldError::new("recipient", "must be of the public Internet")])
            }
            Error::KeyReused => reused(),
            Error::Overloaded => Problem::overloaded("Too much to do; try again in a moment."),
            Error::Storage(fault) => fault.into(),
            Error::Unstorable(cause) | Error::Internal(cause) => Problem::internal(cause),
        })
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl axum::response::IntoResponse for Failure {
    fn into_response(self) -> axum::response::Response {
        self.0.into_response()
    }
}
