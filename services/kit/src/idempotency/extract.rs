//! A JSON body together with the request's key.

use axum::extract::{FromRequest, MatchedPath, Request};
use axum::http::HeaderMap;
use serde::de::DeserializeOwned;

use super::{HEADER, IdempotencyKey};
use crate::Problem;
use crate::json;

/// The longest key.
const MAX_LEN: usize = 255;

/// A JSON body, rejected as [`json::Json`] rejects, and the `Idempotency-Key`, if there is one: 1 to 255
/// visible ASCII characters, once; anything else is 400.
#[derive(Debug)]
pub struct Keyed<T> {
    /// The body.
    pub body: T,
    /// The key, which is bound to its caller by [`UnboundKey::of`].
    pub key: UnboundKey,
}

/// A request's key, if it has one, before its caller is known.
#[derive(Debug)]
pub struct UnboundKey {
    key: Option<String>,
    route: String,
    body: axum::body::Bytes,
}

impl UnboundKey {
    /// The key of `caller`: a user's id, or what else tells callers apart.
    pub fn of(&self, caller: &str) -> Option<IdempotencyKey> {
        self.key.as_ref().map(|key| IdempotencyKey::new(caller, &self.route, key, &self.body))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Keyed<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let key = key(request.headers())?;
        let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let route = format!("{} {path}", request.method());
        let bytes = json::read(request, state).await?;
        Ok(Self { body: json::parse(&bytes)?, key: UnboundKey { key, route, body: bytes } })
    }
}

fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(HEADER).iter();
    let (first, second) = (values.next(), values.next());
    let Some(value) = first else {
        return Ok(None);
    };
    let plain = |text: &&str| (1..=MAX_LEN).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    match value.to_str().ok().filter(plain) {
        Some(text) if second.is_none() => Ok(Some(text.to_owned())),
        _ => Err(Problem::bad_request("Idempotency-Key must be there once, with 1 to 255 visible ASCII characters.")),
    }
}
