//! The request's id: the gateway's when it sends one, else a new one.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");
const MAX_LEN: usize = 128;

/// The id under which a request is logged everywhere. A handler finds it in the request's
/// extensions.
#[derive(Debug, Clone)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// Continues `x-request-id`, unless it could not stand in a log line as it is.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let sent = headers.get(HEADER).and_then(|value| value.to_str().ok());
        match sent.filter(|value| is_plain(value)) {
            Some(value) => Self(value.into()),
            None => Self(Uuid::now_v7().to_string().into()),
        }
    }

    /// The id as text: 1 to 128 characters of `A-Za-z0-9._:-`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn header(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).expect("an id holds only plain ASCII")
    }
}

fn is_plain(value: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
    (1..=MAX_LEN).contains(&value.len()) && value.bytes().all(plain)
}
