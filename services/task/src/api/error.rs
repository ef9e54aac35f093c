//! The one place where a use case's error becomes an answer.

use std::collections::BTreeMap;

use axum::response::{IntoResponse, Response};
use kit::problem::{CONTENT_TYPE, FieldError};
use kit::{Problem, etag, idempotency};
use utoipa::openapi::{Content, Ref, RefOr, ResponseBuilder, response};
use utoipa::{IntoResponses, ToSchema};

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

/// What every operation may answer besides.
impl IntoResponses for Failure {
    fn responses() -> BTreeMap<String, RefOr<response::Response>> {
        let content = Content::new(Some(Ref::from_schema_name(Problem::name())));
        let response = ResponseBuilder::new()
            .description("It failed; `code` says why, and never changes.")
            .content(CONTENT_TYPE, content);
        BTreeMap::from([("default".to_owned(), response.build().into())])
    }
}
