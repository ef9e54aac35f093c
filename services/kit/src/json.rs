//! JSON bodies: an extractor that answers problems, and says which field is at fault.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use crate::Problem;
use crate::problem::FieldError;

/// How long a body may take to arrive: less than a request as a whole, so that a slow client is
/// told that it is slow.
const READ_TIMEOUT: Duration = Duration::from_secs(20);

/// A request body of JSON. Rejections: 415 `content_type_unsupported`, 408 `request_timeout`,
/// 413 `body_too_large`,
/// 400 `json_invalid` for what is no JSON, 400 `validation_failed` for JSON of another shape.
/// The body is an object. Unknown fields are ignored; nesting deeper than 128 is no JSON to us.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        parse(&read(request, state).await?).map(Self)
    }
}

/// The whole body of a request that says that it is JSON.
pub(crate) async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    if !is_json(request.headers()) {
        let detail = "Send the body as content-type: application/json.";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_type_unsupported", detail));
    }
    let read = tokio::time::timeout(READ_TIMEOUT, Bytes::from_request(request, state)).await;
    read.map_err(|_| too_slow())?.map_err(|error| unread(&error))
}

fn too_slow() -> Problem {
    let detail = "The body did not arrive within 20 s.";
    Problem::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", detail)
}

/// `application/json` and `application/*+json`, with or without parameters.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn unread(rejection: &BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        let detail = "The body is larger than 1 MiB.";
        return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail);
    }
    Problem::bad_request("The body could not be read to its end.")
}

/// The JSON object that `bytes` are.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // Serde would take an array for a struct, its items for the fields in order.
    if bytes.trim_ascii_start().starts_with(b"[") {
        return Err(Problem::validation(vec![FieldError::new("body", "must be an object")]));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        described(&path, error.inner())
    })?;
    deserializer.end().map_err(|error| described("", &error))?;
    Ok(value)
}

/// Serde's message may quote the value, and the value may be a password: only what was expected
/// is told.
fn described(path: &str, error: &serde_json::Error) -> Problem {
    if !error.is_data() {
        let place = format!("line {} column {}", error.line(), error.column());
        let detail = format!("The body is not valid JSON (at {place}).");
        return Problem::new(StatusCode::BAD_REQUEST, "json_invalid", detail);
    }
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
    let message = if let Some(field) = text.strip_prefix("missing field `") {
        return Problem::validation(vec![FieldError::new(field.trim_end_matches('`'), "is required")]);
    } else if text.starts_with("duplicate field ") {
        "names a field twice".to_owned()
    } else if let Some((_, expected)) = text.rsplit_once(", expected ") {
        // The name of a Rust type ("struct RegisterBody") means nothing to a client.
        let expected = match expected {
            "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number",
            "f32" | "f64" => "a number",
            _ if expected.starts_with("struct ") => "an object",
            _ => expected,
        };
        format!("must be {expected}")
    } else {
        "has an unusable value".to_owned()
    };
    let field = if path == "." { "body" } else { path };
    Problem::validation(vec![FieldError::new(field, message)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the errors are looked at")]
    struct Body {
        name: String,
        inner: Option<Vec<u8>>,
    }

    fn check(body: &str, code: &str, mention: &str) {
        let problem = parse::<Body>(body.as_bytes()).unwrap_err();
        let document = String::from_utf8(problem.document(None)).unwrap();
        assert_eq!(problem.code(), code, "{body}");
        assert!(document.contains(mention), "{body}: {document}");
    }

    #[test]
    fn errors_name_the_field_and_never_its_value() {
        check("", "json_invalid", "line 1");
        check("{", "json_invalid", "line 1");
        check("{\"name\":\"a\"} x", "json_invalid", "line 1");
        check("{}", "validation_failed", "\"field\":\"name\",\"message\":\"is required\"");
        check("{\"name\":12345678}", "validation_failed", "name must be a string");
        check("{\"name\":\"a\",\"name\":\"b\"}", "validation_failed", "twice");
        check("[]", "validation_failed", "body must be an object");
        check(" [\"a\",null]", "validation_failed", "body must be an object");
        check("7", "validation_failed", "body must be an object");
        check("{\"name\":\"a\",\"inner\":[300]}", "validation_failed", "inner[0] must be a whole number");
        check("{\"name\":\"a\",\"inner\":[\"3\"]}", "validation_failed", "inner[0] must be a whole number");
        let deep = "[".repeat(100_000);
        check(&format!("{{\"x\":{deep}"), "json_invalid", "line 1");
        let problem = parse::<Body>(b"{\"name\":12345678}").unwrap_err();
        assert!(!String::from_utf8(problem.document(None)).unwrap().contains("12345678"));
    }

    #[test]
    fn only_json_is_json() {
        fn check(value: &str, expected: bool) {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, value.parse().unwrap())]);
            assert_eq!(is_json(&headers), expected, "{value}");
        }
        check("application/json", true);
        check("Application/JSON; charset=utf-8", true);
        check("application/merge-patch+json", true);
        check("text/plain", false);
        check("application/jsonx", false);
        assert!(!is_json(&HeaderMap::new()));
    }
}
