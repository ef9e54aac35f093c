//! `Idempotency-Key` (the IETF draft of that name): a request that is sent again has its effect once and
//! gets the first answer again.
//!
//! A key belongs to its caller, method and route. The answer is stored in the transaction of the effect:
//! a crash leaves both or neither, and so no retry is ever told that the first one still runs. Of two
//! that come at once the second waits for the first one's transaction.

mod extract;
mod many;

pub use extract::{Keyed, UnboundKey};
pub use many::{earlier_all, remember_all};

use aws_lc_rs::digest::{SHA256, digest};
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sqlx::Row as _;

use crate::Problem;
use crate::database::{Row, Transaction};
use crate::etag::ETag;

/// The request's field.
pub const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
/// Set on an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// A caller's key on a route, with what was sent under it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey {
    id: String,
    fingerprint: String,
}

/// An answer as it is stored: JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its body.
    pub body: Vec<u8>,
    /// Its `Location`: the path of what was made.
    pub location: Option<String>,
    /// Its `ETag`: the version of what was made.
    pub etag: Option<ETag>,
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Earlier {
    /// The same request was answered so.
    Answered(Answer),
    /// It was used for another body.
    OtherBody,
}

/// How a use case does something once: under which key, and how its result is answered, which has to
/// be known before the commit.
#[derive(Debug, Clone)]
pub struct Once<T> {
    /// `None` when the request has no key: it is done each time.
    pub key: Option<IdempotencyKey>,
    /// The answer to a result.
    pub render: fn(&T) -> Answer,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done<T> {
    /// It was done by this request.
    Now(T),
    /// It was done by an earlier one, with this answer.
    Before(Answer),
}

impl<T> Once<T> {
    /// Done each time.
    pub fn unkeyed(render: fn(&T) -> Answer) -> Self {
        Self { key: None, render }
    }
}

impl<T> Done<T> {
    /// The response: of what was done now as `render` says, of what was done before as it was then.
    pub fn into_response(self, render: fn(&T) -> Answer) -> Response {
        match self {
            Self::Now(made) => render(&made).into_response(false),
            Self::Before(answer) => answer.into_response(true),
        }
    }
}

impl Answer {
    /// `status` with `body` as JSON.
    pub fn json(status: StatusCode, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("a body of strings and numbers always serialises");
        Self { status: status.as_u16(), body, location: None, etag: None }
    }

    /// 201 with what was made, whose path is `location`.
    pub fn created(location: String, body: &impl Serialize) -> Self {
        Self { location: Some(location), ..Self::json(StatusCode::CREATED, body) }
    }

    /// With the version of what was made.
    #[must_use]
    pub fn with_etag(self, etag: ETag) -> Self {
        Self { etag: Some(etag), ..self }
    }

    /// As a response; `replayed` says so in `Idempotency-Replayed: true`.
    pub fn into_response(self, replayed: bool) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let form = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        let mut response = (status, form, self.etag, self.body).into_response();
        // What a service renders is a path of its own, which is always a value.
        let location = self.location.and_then(|path| HeaderValue::from_str(&path).ok());
        response.headers_mut().extend(location.map(|path| (LOCATION, path)));
        if replayed {
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}

impl IdempotencyKey {
    /// The key `key` of `caller` on `route`, sent with `body`.
    pub fn new(caller: &str, route: &str, key: &str, body: &[u8]) -> Self {
        // Each part's length keeps two different triples from being one text.
        let whole = format!("{}:{caller}{}:{route}{key}", caller.len(), route.len());
        // With the key, which is not stored: a body may hold a password, whose hash alone could be guessed at.
        let sent = [format!("{}:{key}", key.len()).as_bytes(), body].concat();
        Self { id: hashed(whole.as_bytes()), fingerprint: hashed(&sent) }
    }

    /// Caller, route and key, hashed: for a service that keeps what it began under the key.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The body, hashed: another one under the same key is refused.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

/// What is known of `key`; what is found, or not, stays true until the transaction ends.
pub async fn earlier(transaction: &mut Transaction, key: &IdempotencyKey) -> Result<Option<Earlier>, sqlx::Error> {
    transaction.lock(&key.id).await?;
    let query = sqlx::query("SELECT fingerprint, status, body, location, version FROM idempotency_keys WHERE id = $1");
    let Some(row) = query.bind(key.id.clone()).fetch_optional(&mut **transaction).await? else {
        return Ok(None);
    };
    if row.try_get::<String, _>("fingerprint")? != key.fingerprint {
        return Ok(Some(Earlier::OtherBody));
    }
    Ok(Some(Earlier::Answered(answer(&row)?)))
}

/// Stores the answer to `key` with this transaction.
pub async fn remember(transaction: &mut Transaction, key: &IdempotencyKey, answer: &Answer) -> Result<(), sqlx::Error> {
    remember_all(transaction, &[(key.clone(), answer.clone())]).await
}

/// Forgets up to `limit` keys from before `instant` (milliseconds since 1970); gives how many.
pub async fn purge(transaction: &mut Transaction, instant: i64, limit: i64) -> Result<u64, sqlx::Error> {
    let query = sqlx::query(
        "DELETE FROM idempotency_keys WHERE id IN
            (SELECT id FROM idempotency_keys WHERE created_at < $1 ORDER BY created_at LIMIT $2)",
    );
    Ok(query.bind(instant).bind(limit).execute(&mut **transaction).await?.rows_affected())
}

/// 422 `idempotency_key_reused`: the key was used for another body.
pub fn reused() -> Problem {
    let detail = "This Idempotency-Key was used for another body. Send a new key with a new request.";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail)
}

/// The answer of a row that has its columns.
fn answer(row: &Row) -> Result<Answer, sqlx::Error> {
    Ok(Answer {
        status: u16::try_from(row.try_get::<i64, _>("status")?).unwrap_or(500),
        body: row.try_get("body")?,
        location: row.try_get("location")?,
        etag: row.try_get::<Option<i64>, _>("version")?.map(ETag),
    })
}

fn hashed(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, bytes))
}

#[cfg(test)]
mod tests;
