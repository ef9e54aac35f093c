//! Stage 9: the one place where a failure becomes an answer: problem+json (RFC 9457) with `Proxy-Status` (RFC 9209).
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use serde::Serialize;

use crate::{
    body::Body,
    exchange::Exchange,
    grpc,
    rejection::{API_KEY_CHALLENGE, BodyFault, Rejection, TokenFault},
};

/// What went wrong on the way, for whoever asks (RFC 9209).
pub(crate) const PROXY_STATUS: http::HeaderName = http::HeaderName::from_static("proxy-status");
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

/// Gives the exchange, whose id whoever writes the answer puts into its head, to the answer: it ends with its body.
pub(crate) fn finish(response: &mut Response<Body>, mut exchange: Box<Exchange>) {
    exchange.status = response.status().as_u16();
    if let Some(rules) = exchange.rules() {
        rules.mark(&exchange, response.headers_mut());
    }
    response.body_mut().carry(exchange);
}

/// What a rejection, by which the exchange ends, looks like to a client.
pub(crate) fn reject(rejection: &Rejection, exchange: &mut Exchange) -> Response<Body> {
    exchange.fail(rejection);
    if exchange.is_grpc {
        return grpc_error(rejection, exchange);
    }
    let status = rejection.status();
    let problem = Problem {
        status: status.as_u16(),
        title: status.canonical_reason().unwrap_or("Error"),
        detail: &rejection.detail(),
        code: rejection.code(),
        request_id: str::from_utf8(&exchange.request_id).unwrap_or_default(),
        errors: if let Rejection::BodyInvalid { faults } = rejection { faults } else { &[] },
    };
    let body = serde_json::to_vec(&problem).expect("strings and numbers are JSON");
    let mut response = Response::new(Body::full(body));
    *response.status_mut() = status;
    let fields = response.headers_mut();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    explain(rejection, exchange, fields);
    response
}

/// What a rejection looks like to a call of gRPC: an answer of trailers alone, which are its head.
fn grpc_error(rejection: &Rejection, exchange: &Exchange) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    let fields = response.headers_mut();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    fields.insert(grpc::STATUS, grpc::status(rejection.status()).into());
    fields.insert(grpc::MESSAGE, grpc::message(&rejection.detail()));
    explain(rejection, exchange, fields);
    response
}

/// RFC 9209 §2.1.
pub(crate) fn proxy_status(rejection: &Rejection) -> HeaderValue {
    let value = format!("gateway; error={}; details=\"{}\"", rejection.proxy_error(), rejection.code());
    HeaderValue::from_str(&value).expect("codes are tokens")
}

/// The fields that a status calls for, and `Proxy-Status`.
fn explain(rejection: &Rejection, exchange: &Exchange, fields: &mut HeaderMap) {
    fields.insert(PROXY_STATUS, proxy_status(rejection));
    match rejection {
        Rejection::MethodNotAllowed { allow } => drop(fields.insert(header::ALLOW, allow.clone())),
        Rejection::NoHealthyUpstream
        | Rejection::Overloaded
        | Rejection::KeysUnavailable
        | Rejection::ForwardAuthUnavailable => {
            fields.insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        Rejection::Unauthorized(TokenFault::ApiKey) => drop(fields.insert(header::WWW_AUTHENTICATE, API_KEY_CHALLENGE)),
        Rejection::Unauthorized(TokenFault::Missing) => {
            let taken = exchange.rules().and_then(|rules| rules.auth.as_ref());
            for challenge in taken.iter().flat_map(|auth| auth.challenges()) {
                fields.append(header::WWW_AUTHENTICATE, challenge);
            }
        }
        Rejection::Unauthorized(fault) => drop(fields.insert(header::WWW_AUTHENTICATE, challenge(*fault))),
        // RFC 6750 §3.1 speaks of tokens; no scheme is registered in which a key could be asked for more.
        Rejection::ScopeMissing { needed } if takes_tokens(exchange) => {
            fields.insert(header::WWW_AUTHENTICATE, scope_challenge(needed));
        }
        Rejection::ContentTypeUnsupported { allowed } => drop(fields.insert(header::ACCEPT, allowed.clone())),
        Rejection::ContentCodingUnsupported => {
            fields.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        Rejection::CircuitOpen { retry_after } => drop(fields.insert(header::RETRY_AFTER, (*retry_after).into())),
        Rejection::RateLimited { retry_after } => drop(fields.insert(header::RETRY_AFTER, (*retry_after).into())),
        _ => {}
    }
}

/// RFC 6750 §3: what is wrong with a token.
fn challenge(fault: TokenFault) -> HeaderValue {
    let value = format!("Bearer realm=\"gateway\", error=\"invalid_token\", error_description=\"{}\"", fault.detail());
    HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static("Bearer realm=\"gateway\""))
}

/// A scope of the file holds no quote.
fn scope_challenge(needed: &str) -> HeaderValue {
    let value = format!("Bearer realm=\"gateway\", error=\"insufficient_scope\", scope=\"{needed}\"");
    HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static("Bearer realm=\"gateway\""))
}

fn takes_tokens(exchange: &Exchange) -> bool {
    exchange.rules().and_then(|rules| rules.auth.as_ref()).is_some_and(|auth| auth.tokens.is_some())
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
