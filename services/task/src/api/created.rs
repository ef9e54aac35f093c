//! What a creation answers: the same to the request that made the thing and to the same one sent again.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use kit::idempotency::{Answer, Done};
use serde::{Deserialize, Serialize};

/// 201 with the thing, as it is kept for the request sent again.
pub(super) fn answer(body: &impl Serialize) -> Answer {
    Answer::json(StatusCode::CREATED, body)
}

/// The answer with its `Location`: the thing's id under `collection`.
pub(super) fn respond<T>(done: Done<T>, render: fn(&T) -> Answer, collection: &str) -> Response {
    let (answer, replayed) = match done {
        Done::Now(made) => (render(&made), false),
        Done::Before(answer) => (answer, true),
    };
    let location = location(collection, &answer.body);
    let mut response = answer.into_response(replayed);
    if let Some(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// The id is read off the body, which is all that is kept of an answer.
fn location(collection: &str, body: &[u8]) -> Option<HeaderValue> {
    #[derive(Deserialize)]
    struct Made {
        id: uuid::Uuid,
    }
    let Made { id } = serde_json::from_slice(body).ok()?;
    HeaderValue::from_str(&format!("{collection}/{id}")).ok()
}
