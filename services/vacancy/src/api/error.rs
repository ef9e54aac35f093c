//! The one place where a use case's error becomes an answer.

use axum::http::StatusCode;
use kit::{Problem, idempotency};

use crate::application::Error;

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::OtherQuantity(_) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "reservation_id_reused",
                "This reservation_id was used for another qty.",
            ),
            Error::Overflow(_) => Self::conflict("stock_overflow", "The stock has no room for so many places."),
            Error::KeyReused => idempotency::reused(),
            Error::Overloaded => Self::overloaded("Too much to do; try again in a moment."),
            Error::Storage(fault) => fault.into(),
            Error::Internal(cause) => Self::internal(cause),
        }
    }
}
