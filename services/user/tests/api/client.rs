//! Requests.

use axum::body::Body;
use axum::http::{Method, Request};
use kit::testing::http::{request, with};
use serde_json::Value;

pub(crate) use kit::testing::http::{Answer, send};

pub(crate) fn post(path: &str, body: &Value) -> Request<Body> {
    request(Method::POST, path, Some(body))
}

pub(crate) fn put(path: &str, token: &str, version: Option<&str>, body: &Value) -> Request<Body> {
    let request = with(request(Method::PUT, path, Some(body)), "authorization", &format!("Bearer {token}"));
    match version {
        Some(version) => with(request, "if-match", version),
        None => request,
    }
}

/// `request` with an `Idempotency-Key`.
pub(crate) fn keyed(request: Request<Body>, key: &str) -> Request<Body> {
    with(request, "idempotency-key", key)
}
