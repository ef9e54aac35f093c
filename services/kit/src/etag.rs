//! Optimistic concurrency: a thing's version is its `ETag`, and a change that says in `If-Match` which
//! version it was made from is refused when the thing is another by now (RFC 9110, sections 8.8.3 and
//! 13.1.1).

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header::{self, HeaderValue};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponseParts, ResponseParts};

use crate::Problem;

/// The version of what an answer shows; as a part of the answer it is the field `ETag: "7"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ETag(pub i64);

impl From<ETag> for HeaderValue {
    fn from(ETag(version): ETag) -> Self {
        Self::from_str(&format!("\"{version}\"")).expect("digits in quotes are a field's value")
    }
}

impl IntoResponseParts for ETag {
    type Error = Infallible;

    fn into_response_parts(self, mut response: ResponseParts) -> Result<ResponseParts, Infallible> {
        response.headers_mut().insert(header::ETAG, self.into());
        Ok(response)
    }
}

/// The versions that a request expects; `None` without `If-Match`, when any will do. One that cannot be
/// read is 400: taken for none it would overwrite what it was meant to spare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfMatch(pub Option<Expected>);

/// What `If-Match` holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// `*`: whatever is there.
    Any,
    /// One of these. A tag that is weak or none of ours is no version, and so never the right one.
    Versions(Vec<i64>),
}

impl IfMatch {
    /// Whether a thing of this version is what the request expects.
    pub fn holds(&self, version: i64) -> bool {
        match &self.0 {
            None | Some(Expected::Any) => true,
            Some(Expected::Versions(versions)) => versions.contains(&version),
        }
    }

    fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let values: Vec<&HeaderValue> = headers.get_all(header::IF_MATCH).iter().collect();
        if values.is_empty() {
            return Ok(Self(None));
        }
        let texts: Option<Vec<&str>> = values.iter().map(|value| value.to_str().ok()).collect();
        let expected = texts.and_then(|texts| parse(&texts.join(",")));
        let fault = || Problem::bad_request("If-Match must be *, or the ETag of an earlier answer with its quotes.");
        expected.map(|expected| Self(Some(expected))).ok_or_else(fault)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::of(&parts.headers)
    }
}

/// 412 `precondition_failed`: [`IfMatch::holds`] was false.
pub fn precondition_failed() -> Problem {
    let detail = "It has changed since the version that If-Match names: read it again.";
    Problem::new(StatusCode::PRECONDITION_FAILED, "precondition_failed", detail)
}

/// `*`, or entity tags with commas between them.
fn parse(text: &str) -> Option<Expected> {
    let mut rest = text.trim();
    if rest == "*" {
        return Some(Expected::Any);
    }
    let mut versions = Vec::new();
    loop {
        let strong = !rest.starts_with("W/");
        let quoted = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"')?;
        let (tag, after) = quoted.split_once('"')?;
        versions.extend(tag.parse::<i64>().ok().filter(|version| strong && version.to_string() == tag));
        match after.trim_start().strip_prefix(',') {
            Some(next) => rest = next.trim_start(),
            None if after.trim().is_empty() => return Some(Expected::Versions(versions)),
            None => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&'static str]) -> Result<IfMatch, Problem> {
        let fields = values.iter().map(|value| (header::IF_MATCH, HeaderValue::from_static(value)));
        let mut headers = HeaderMap::new();
        fields.for_each(|(name, value)| {
            headers.append(name, value);
        });
        IfMatch::of(&headers)
    }

    #[test]
    fn an_etag_is_what_if_match_takes() {
        let value = HeaderValue::from(ETag(7));
        assert_eq!(value, "\"7\"");
        let headers = HeaderMap::from_iter([(header::IF_MATCH, value)]);
        let expected = IfMatch::of(&headers).unwrap();
        assert!(expected.holds(7) && !expected.holds(8));
    }

    #[test]
    fn a_version_is_expected_or_not() {
        fn check(values: &[&'static str], seven: bool) {
            assert_eq!(of(values).unwrap().holds(7), seven, "{values:?}");
        }
        check(&[], true);
        check(&["*"], true);
        check(&["\"7\""], true);
        check(&["\"6\", \"7\""], true);
        check(&["\"6\"", "\"7\""], true);
        check(&["\"6\""], false);
        // The comparison is strong.
        check(&["W/\"7\""], false);
        check(&["\"a,7\""], false);
        check(&["\"07\""], false);
        check(&["\"+7\""], false);
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for bad in ["", "7", "\"7", "7\"", "\"7\" \"8\"", "\"7\",", "*, \"7\"", "w/\"7\""] {
            assert_eq!(of(&[bad]).unwrap_err().status(), 400, "{bad}");
        }
    }
}
