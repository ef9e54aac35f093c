//! Answers compressed on their way to the client: by what it accepts, by type and by size.
//!
//! An answer is passed on as it is where it is encoded already, where somebody forbids to change it (`no-transform`, a
//! digest of its bytes), where it is a part of a whole (206), or where it is too short to gain by it.
mod accept;
mod body;
mod encoder;

use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};

pub(crate) use body::Coded;

use crate::{body::Body, config::Coding, h1::framing, vary};
use encoder::Encoder;

/// The shortest answer that is compressed, where its length is known, in bytes: a shorter one fits a packet as it is.
const MIN_LENGTH: u64 = 1024;
/// Types that compress well, beside `text/*`, `*/*+json` and `*/*+xml`.
const TYPES: [&str; 17] = [
    "application/json",
    "application/x-ndjson",
    "application/javascript",
    "application/x-javascript",
    "application/ecmascript",
    "application/xml",
    "application/wasm",
    "application/graphql",
    "application/yaml",
    "application/toml",
    "application/rtf",
    "application/sql",
    "application/vnd.ms-fontobject",
    "application/x-www-form-urlencoded",
    "font/ttf",
    "font/otf",
    "image/bmp",
];

/// What a client's fields come to under a route's `compress`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Accepted {
    coding: Option<Coding>,
}

impl Accepted {
    /// What a request with these fields is answered in, of `codings`, the first being the best.
    pub(crate) fn of(fields: &HeaderMap, codings: &[Coding]) -> Self {
        Self { coding: accept::choose(fields, codings) }
    }

    /// Compresses the answer to a `method` request, and says so; or says only that it could have been.
    pub(crate) fn apply(self, method: &Method, response: &mut Response<Body>) {
        let (status, fields) = (response.status(), response.headers_mut());
        if status == StatusCode::NOT_MODIFIED {
            // It speaks of the answer that a 200 would have been.
            vary::add(fields, "Accept-Encoding");
            if self.coding.is_some() {
                weaken(fields);
            }
            return;
        }
        let is_whole = status != StatusCode::NO_CONTENT && status != StatusCode::PARTIAL_CONTENT;
        if !is_whole || status.is_informational() || !may_be_changed(fields) || !is_long(fields) {
            return;
        }
        vary::add(fields, "Accept-Encoding");
        let Some((coding, encoder)) = self.coding.and_then(|coding| Some((coding, Encoder::new(coding).ok()?))) else {
            return;
        };
        fields.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
        fields.remove(header::CONTENT_LENGTH);
        // Of the compressed bytes nobody can serve a range.
        fields.remove(header::ACCEPT_RANGES);
        weaken(fields);
        if method != Method::HEAD {
            let inner = std::mem::replace(response.body_mut(), Body::empty());
            *response.body_mut() = Body::coded(Coded::new(inner, encoder));
        }
    }
}

/// Whether it is of a type that gains, and nobody forbids it.
fn may_be_changed(fields: &HeaderMap) -> bool {
    const FIXED: [&str; 6] =
        ["content-encoding", "content-range", "content-digest", "repr-digest", "digest", "content-md5"];
    let kind = fields.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let may_transform = fields.get_all(header::CACHE_CONTROL).iter().all(|value| {
        value.as_bytes().split(|&byte| byte == b',').all(|one| !one.trim_ascii().eq_ignore_ascii_case(b"no-transform"))
    });
    kind.is_some_and(gains) && may_transform && !FIXED.iter().any(|name| fields.contains_key(*name))
}

/// Whether what is of this type compresses well.
fn gains(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    // Its messages are compressed one by one, or not, by its own rules.
    !kind.starts_with("application/grpc")
        && (kind.starts_with("text/")
            || kind.ends_with("+json")
            || kind.ends_with("+xml")
            || TYPES.contains(&kind.as_str()))
}

fn is_long(fields: &HeaderMap) -> bool {
    let length = fields.get(header::CONTENT_LENGTH).and_then(|value| framing::decimal(value.as_bytes()));
    length.is_none_or(|length| length >= MIN_LENGTH)
}

/// The compressed bytes are others, so the tag holds for their meaning alone (RFC 9110 §8.8.1).
fn weaken(fields: &mut HeaderMap) {
    let Some(tag) = fields.get(header::ETAG).filter(|tag| tag.as_bytes().starts_with(b"\"")) else { return };
    let weak = [b"W/", tag.as_bytes()].concat();
    if let Ok(weak) = HeaderValue::from_bytes(&weak) {
        fields.insert(header::ETAG, weak);
    }
}

#[cfg(test)]
mod tests;
