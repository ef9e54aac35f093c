//! Every error answer: `application/problem+json` (RFC 9457) with a stable `code`.

mod schema;

pub use schema::CONTENT_TYPE;

use std::borrow::Cow;
use std::fmt::Display;

use axum::http::header::{self, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::RequestId;
use crate::storage::Trouble;

/// One field of a request that does not hold what it should.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// The field's path in the body (`email`, `items[0].qty`), or the query parameter's name.
    pub field: String,
    /// What is wrong, as the rest of a sentence that begins with the field: "is required".
    pub message: String,
}

impl FieldError {
    /// An error of `field`; `message` completes the sentence.
    pub fn new(field: impl Into<String>, message: impl Display) -> Self {
        Self { field: field.into(), message: message.to_string() }
    }
}

/// An error as the client sees it. Nothing internal belongs in it: [`Problem::internal`] logs the
/// cause and tells the client none of it.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    /// Boxed, since every handler's result has room for a problem.
    header: Option<Box<(HeaderName, HeaderValue)>>,
    /// What is the matter with the database, if that is the cause.
    trouble: Option<Trouble>,
}

/// What went wrong, and under which id the log has more.
#[derive(Serialize, utoipa::ToSchema)]
struct Document<'a> {
    /// The answer's status.
    status: u16,
    /// The status in words.
    title: &'a str,
    /// What went wrong, for a person.
    detail: &'a str,
    /// What went wrong, for a program: this never changes.
    code: &'a str,
    /// The request's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    /// Every field at fault, if that is what went wrong.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

impl Problem {
    /// A problem of `status`; `code` is stable once published, `detail` is a sentence for a person.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, detail: detail.into(), errors: Vec::new(), header: None, trouble: None }
    }

    /// 400 `bad_request`.
    pub fn bad_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", detail)
    }

    /// 400 `validation_failed`, with every field at fault.
    pub fn validation(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [only] => format!("{} {}.", only.field, only.message),
            many => format!("{} fields are not valid.", many.len()),
        };
        Self { errors, ..Self::new(StatusCode::BAD_REQUEST, "validation_failed", detail) }
    }

    /// 401 with `WWW-Authenticate: Bearer`. `code` is one of the gateway's (`token_missing`,
    /// `token_expired`, …) or the service's own.
    pub fn unauthorized(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        // RFC 6750 section 3.1: a request without any credentials gets no error attribute.
        let challenge = if code.starts_with("token_") && code != "token_missing" {
            "Bearer error=\"invalid_token\""
        } else {
            "Bearer"
        };
        Self::new(StatusCode::UNAUTHORIZED, code, detail)
            .with_header(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
    }

    /// 403.
    pub fn forbidden(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, detail)
    }

    /// 404.
    pub fn not_found(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// 409.
    pub fn conflict(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 503 `overloaded` with `Retry-After: 1`: a bounded wait ended without a turn.
    pub fn overloaded(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", detail)
            .with_header(RETRY_AFTER, HeaderValue::from_static("1"))
    }

    /// 500 `internal`. The one place where `cause` is logged; the client is told nothing of it.
    pub fn internal(cause: impl Display) -> Self {
        tracing::error!(error = %cause, "request failed");
        let detail = "The service failed; its log has the cause under this request_id.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    /// Adds the one header field that the status asks for.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.header = Some(Box::new((name, value)));
        self
    }

    /// Notes that the database is the cause, for `/health` to look into.
    #[must_use]
    pub(crate) fn with_trouble(self, trouble: Trouble) -> Self {
        Self { trouble: Some(trouble), ..self }
    }

    /// What is the matter with the database, if that is the cause.
    pub(crate) fn trouble(&self) -> Option<Trouble> {
        self.trouble
    }

    /// The answer's status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The body, with the request's id when it is known.
    pub(crate) fn document(&self, request_id: Option<&RequestId>) -> Vec<u8> {
        let document = Document {
            status: self.status.as_u16(),
            title: self.status.canonical_reason().unwrap_or("Error"),
            detail: &self.detail,
            code: self.code,
            request_id: request_id.map(RequestId::as_str),
            errors: &self.errors,
        };
        serde_json::to_vec(&document).expect("a document of strings and numbers always serialises")
    }
}

/// The problem travels in the response's extensions too: the outermost layer, which knows the
/// request's id, writes the body anew with it.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.document(None)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
        if let Some(field) = &self.header {
            headers.insert(&field.0, field.1.clone());
        }
        response.extensions_mut().insert(self);
        response
    }
}
