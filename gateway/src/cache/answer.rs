//! What a client gets: what is stored, or what came.
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::{
    Asked,
    entry::{Entry, is_about_the_body},
};
use crate::body::Body;

/// RFC 9211.
const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// An answer, before its route's rules are applied to it.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) fields: HeaderMap,
    pub(crate) body: Body,
}

impl Answer {
    /// What is stored, or a 304 to a client that has it; `how` it came to that, as `Cache-Status` has it.
    pub(super) fn stored(entry: &Entry, asked: &Asked, now: u64, how: &str) -> Self {
        let mut fields = entry.fields.clone();
        fields.insert(header::AGE, entry.life.age(now).into());
        note(&mut fields, how);
        if entry.is_known_to(&asked.conditions) {
            let gone: Vec<_> = fields.keys().filter(|name| is_about_the_body(name)).cloned().collect();
            for name in gone {
                fields.remove(name);
            }
            return Self { status: StatusCode::NOT_MODIFIED, fields, body: Body::empty() };
        }
        if asked.is_head {
            if !fields.contains_key(header::CONTENT_LENGTH) {
                fields.insert(header::CONTENT_LENGTH, entry.body.len().into());
            }
            return Self { status: entry.status, fields, body: Body::empty() };
        }
        Self { status: entry.status, fields, body: Body::full(entry.body.clone()) }
    }

    /// What came from the service.
    pub(super) fn passed(status: StatusCode, mut fields: HeaderMap, body: Body, how: &str) -> Self {
        note(&mut fields, how);
        Self { status, fields, body }
    }

    /// What is stored, with `how` it came to that and the seconds that it is fresh for.
    pub(super) fn kept(entry: &Entry, asked: &Asked, now: u64, how: &str) -> Self {
        let how = match entry.life.left(now) {
            Some(left) => format!("{how}; ttl={left}"),
            None => format!("{how}; ttl=-{}", entry.life.staleness(now)),
        };
        Self::stored(entry, asked, now, &how)
    }

    /// What is stored, found fresh or `stale`; with the seconds that it is fresh for.
    pub(super) fn hit(entry: &Entry, asked: &Asked, now: u64) -> Self {
        Self::kept(entry, asked, now, "hit")
    }
}

/// Says it behind what caches before this one have said.
pub(crate) fn note(fields: &mut HeaderMap, how: &str) {
    if let Ok(value) = HeaderValue::try_from(format!("gateway; {how}")) {
        fields.append(CACHE_STATUS, value);
    }
}
