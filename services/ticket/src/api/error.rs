//! The one place where a use case's error becomes an answer.

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use kit::{Problem, idempotency};

use crate::application::Error;

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::TicketNotFound => Self::not_found("ticket_not_found", "There is no such ticket."),
            Error::VacancyUnavailable => {
                let detail = "The stock cannot be asked; nothing was sold. Try again in a moment.";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "vacancy_unavailable", detail)
                    .with_header(RETRY_AFTER, HeaderValue::from_static("1"))
            }
            Error::KeyReused => idempotency::reused(),
            Error::InProgress => {
                let detail = "The request with this Idempotency-Key still runs; ask again in a moment.";
                Self::conflict("idempotency_in_progress", detail)
                    .with_header(RETRY_AFTER, HeaderValue::from_static("1"))
            }
            Error::Overloaded => Self::overloaded("Too much to do; try again in a moment."),
            Error::Storage(fault) => fault.into(),
            Error::Internal(cause) => Self::internal(cause),
        }
    }
}
