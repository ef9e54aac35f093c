//! The one place where a use case's error becomes an answer.

use kit::Problem;

use crate::application::Error;
use crate::domain::TokenFault;

/// What handlers return.
pub(super) type Answer<T> = Result<T, Failure>;

/// A failure on its way to a [`Problem`].
pub(super) struct Failure(Problem);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(match error {
            Error::EmailTaken => Problem::conflict("email_taken", "Another user has this e-mail address."),
            Error::UserNotFound => Problem::not_found("user_not_found", "There is no such user."),
            Error::KeyReused => kit::idempotency::reused(),
            Error::OtherVersion => kit::etag::precondition_failed(),
            Error::NotYours => Problem::forbidden("not_yours", "Only the user itself or an administrator may do this."),
            Error::AdminOnly => Problem::forbidden("scope_missing", "This needs the scope admin."),
            Error::Credentials => {
                Problem::unauthorized("credentials_invalid", "The e-mail address or the password is wrong.")
            }
            Error::RefreshToken => Problem::unauthorized(
                "refresh_token_invalid",
                "The refresh token is unknown, used, expired or revoked: log in again.",
            ),
            Error::Token(fault) => Problem::unauthorized(code(fault), fault.to_string()),
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

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        failure.0
    }
}

impl axum::response::IntoResponse for Failure {
    fn into_response(self) -> axum::response::Response {
        self.0.into_response()
    }
}

/// The gateway's names for the same.
fn code(fault: TokenFault) -> &'static str {
    match fault {
        TokenFault::Malformed => "token_malformed",
        TokenFault::Algorithm => "token_algorithm",
        TokenFault::UnknownKey => "token_key_unknown",
        TokenFault::Signature => "token_signature",
        TokenFault::Expired => "token_expired",
        TokenFault::Issuer => "token_issuer",
        TokenFault::Audience => "token_audience",
    }
}
