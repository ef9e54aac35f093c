//! A stored answer, and whom it is for.
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::{
    control::split,
    policy::{Life, date},
    seen::{Seen, Selection},
};

/// An answer to GET, without what was about its connection.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// Which route with which rules it came by.
    pub(super) route: u64,
    pub(crate) status: StatusCode,
    pub(crate) fields: HeaderMap,
    pub(crate) body: Bytes,
    pub(super) life: Life,
    /// For which requests it was chosen.
    pub(super) chosen_by: Selection,
}

impl Entry {
    /// Whether it is the answer to a request that its service sees so, by this route.
    pub(super) fn fits(&self, route: u64, seen: &Seen) -> bool {
        self.route == route && self.chosen_by.chooses(seen)
    }

    /// Whether it is the answer to the same requests as another.
    pub(super) fn is_in_place_of(&self, other: &Self) -> bool {
        self.route == other.route && self.chosen_by == other.chosen_by
    }

    /// Whether both are of use, since they are told apart by the same fields.
    pub(super) fn is_beside(&self, other: &Self) -> bool {
        self.route == other.route
            && self.chosen_by != other.chosen_by
            && self.chosen_by.names().eq(other.chosen_by.names())
    }

    /// Whether a 304 with these fields is about this answer (RFC 9111 §4.3.4), and not about one of another validator.
    pub(super) fn is_meant_by(&self, answer: &HeaderMap) -> bool {
        let of = |name| (self.fields.get(&name), answer.get(&name));
        match (of(header::ETAG), of(header::LAST_MODIFIED)) {
            // It is for who asked with that tag: only the date was told.
            ((None, Some(_)), (ours, theirs)) => theirs.is_none() || ours == theirs,
            ((Some(ours), Some(theirs)), _) => opaque(ours.as_bytes()) == opaque(theirs.as_bytes()),
            ((_, None), (Some(ours), Some(theirs))) => ours == theirs,
            ((_, None), _) => true,
        }
    }

    /// What it takes in memory, about.
    pub(super) fn size(&self) -> usize {
        let fields: usize = self.fields.iter().map(|(name, value)| name.as_str().len() + value.len() + 64).sum();
        self.body.len() + fields + self.chosen_by.size() + 256
    }

    /// Whether a client that has what its fields say has this one (RFC 9110 §13.1.2, §13.1.3).
    pub(super) fn is_known_to(&self, request: &HeaderMap) -> bool {
        if self.status != StatusCode::OK {
            return false;
        }
        if request.contains_key(header::IF_NONE_MATCH) {
            let Some(ours) = self.fields.get(header::ETAG).map(|tag| opaque(tag.as_bytes())) else { return false };
            let theirs = request.get_all(header::IF_NONE_MATCH).iter().flat_map(|line| split(line.as_bytes()));
            return theirs.into_iter().any(|tag| tag == b"*" || opaque(tag) == ours);
        }
        let (since, modified) = (date(request, &header::IF_MODIFIED_SINCE), date(&self.fields, &header::LAST_MODIFIED));
        since.zip(modified).is_some_and(|(since, modified)| modified <= since)
    }

    /// The fields by which its upstream can say that it still holds.
    pub(super) fn validators(&self) -> impl Iterator<Item = (HeaderName, &HeaderValue)> {
        let tag = self.fields.get(header::ETAG).map(|tag| (header::IF_NONE_MATCH, tag));
        let date = self.fields.get(header::LAST_MODIFIED).map(|date| (header::IF_MODIFIED_SINCE, date));
        tag.into_iter().chain(date)
    }

    /// The same with what a 304 says of it (RFC 9111 §3.2), to a request that its service sees so.
    pub(super) fn freshened(&self, answer: &HeaderMap, seen: &Seen) -> Self {
        let mut fields = self.fields.clone();
        for name in answer.keys().filter(|name| !is_about_the_body(name)) {
            fields.remove(name);
        }
        for (name, value) in answer.iter().filter(|(name, _)| !is_about_the_body(name)) {
            fields.append(name, value.clone());
        }
        Self { chosen_by: seen.selection(&fields), fields, ..self.clone() }
    }
}

/// What a 304 leaves out, or has no say in.
pub(super) fn is_about_the_body(name: &HeaderName) -> bool {
    [header::CONTENT_LENGTH, header::CONTENT_ENCODING, header::CONTENT_TYPE, header::CONTENT_RANGE].contains(name)
}

fn opaque(tag: &[u8]) -> &[u8] {
    tag.strip_prefix(b"W/").unwrap_or(tag)
}
