//! Stage 9: the one place where a failure becomes an answer: problem+json (RFC 9457) with `Proxy-Status` (RFC 9209).
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use serde::Serialize;

use crate::{
    body::Body,
    exchange::{Exchange, X_REQUEST_ID},
    rejection::{BodyFault, Rejection},
};

const PROXY_STATUS: http::HeaderName = http::HeaderName::from_static("proxy-status");
/// How long a client should wait for an upstream to come back, in seconds.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

#[derive(Serialize)]
struct Problem<'a> {
    status: u16,
    title: &'a str,
    detail: &'a str,
    code: &'a str,
    request_id: &'a str,
    /// Where a body is at fault.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [BodyFault],
}

/// The answer to a request: the upstream's, or what a rejection looks like. The exchange ends with its body.
pub(crate) fn finish(outcome: Result<Response<Body>, Rejection>, mut exchange: Box<Exchange>) -> Response<Body> {
    let mut response = outcome.unwrap_or_else(|rejection| {
        exchange.fail(&rejection);
        problem(&rejection, &exchange.request_id)
    });
    exchange.status = response.status().as_u16();
    let fields = response.headers_mut();
    fields.insert(X_REQUEST_ID, exchange.request_id.clone());
    if let Some(rules) = exchange.rules() {
        rules.mark(&exchange, fields);
    }
    response.body_mut().carry(exchange);
    response
}

/// What a rejection looks like to a client.
fn problem(rejection: &Rejection, request_id: &HeaderValue) -> Response<Body> {
    let status = rejection.status();
    let problem = Problem {
        status: status.as_u16(),
        title: status.canonical_reason().unwrap_or("Error"),
        detail: &rejection.detail(),
        code: rejection.code(),
        request_id: request_id.to_str().unwrap_or_default(),
        errors: if let Rejection::BodyInvalid { faults } = rejection { faults } else { &[] },
    };
    let body = serde_json::to_vec(&problem).expect("strings and numbers are JSON");
    let mut response = Response::new(Body::full(body));
    *response.status_mut() = status;
    let fields = response.headers_mut();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    let proxy_status = format!("gateway; error={}; details=\"{}\"", rejection.proxy_error(), rejection.code());
    fields.insert(PROXY_STATUS, HeaderValue::from_str(&proxy_status).expect("codes are tokens"));
    explain(rejection, fields);
    response
}

/// The fields that a status calls for.
fn explain(rejection: &Rejection, fields: &mut HeaderMap) {
    match rejection {
        Rejection::MethodNotAllowed { allow } => drop(fields.insert(header::ALLOW, allow.clone())),
        Rejection::NoHealthyUpstream | Rejection::KeysUnavailable | Rejection::ForwardAuthUnavailable => {
            fields.insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        Rejection::ContentTypeUnsupported { allowed } => drop(fields.insert(header::ACCEPT, allowed.clone())),
        Rejection::ContentCodingUnsupported => {
            fields.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        Rejection::RateLimited { retry_after } => drop(fields.insert(header::RETRY_AFTER, (*retry_after).into())),
        _ => {}
    }
    let now = jiff::Timestamp::now();
    if let Ok(date) = HeaderValue::from_str(&now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()) {
        fields.insert(header::DATE, date);
    }
}

/// An answer of the gateway's own that is JSON.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Response<Body> {
    let mut body = serde_json::to_vec(value).expect("the gateway's own documents are JSON");
    body.push(b'\n');
    let mut response = Response::new(Body::full(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
