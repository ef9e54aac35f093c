//! Optimistic concurrency (RFC 9110, sections 8.8.3 and 13.1.1): what is read bears its version as `ETag`,
//! and a change that names the version in `If-Match` is made only if nobody was faster.

use axum::extract::FromRequestParts;
use axum::http::header::{ETAG, IF_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponseParts, ResponseParts};

use crate::Problem;

/// The version of what an answer shows, as its field `ETag: "7"`: a part of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ETag(pub i64);

/// The `If-Match` of a request. As an extractor it answers 400 to a field that is no list of entity tags.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IfMatch(pub Option<Condition>);

/// What `If-Match` asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// `*`: any version, as long as there is one.
    Any,
    /// One of these, without their quotes.
    OneOf(Vec<String>),
}

impl IfMatch {
    /// Whether what has the version `version` may be changed; always where nothing was asked for.
    pub fn holds(&self, version: i64) -> bool {
        match &self.0 {
            None | Some(Condition::Any) => true,
            Some(Condition::OneOf(tags)) => tags.iter().any(|tag| *tag == version.to_string()),
        }
    }

    fn of(headers: &HeaderMap) -> Option<Self> {
        let mut tags = Vec::new();
        let mut any = false;
        for value in headers.get_all(IF_MATCH) {
            let value = value.to_str().ok()?.trim();
            if value == "*" {
                any = true;
            } else {
                parse(value, &mut tags)?;
            }
        }
        match (any, headers.contains_key(IF_MATCH)) {
            (_, false) => Some(Self(None)),
            (true, true) => tags.is_empty().then_some(Self(Some(Condition::Any))),
            (false, true) => Some(Self(Some(Condition::OneOf(tags)))),
        }
    }
}

/// 412 `precondition_failed`: it has another version than `If-Match` says.
pub fn precondition_failed() -> Problem {
    let detail = "It has changed since: read it again, and send If-Match with the ETag that it has now.";
    Problem::new(StatusCode::PRECONDITION_FAILED, "precondition_failed", detail)
}

impl From<ETag> for HeaderValue {
    fn from(ETag(version): ETag) -> Self {
        Self::from_str(&format!("\"{version}\"")).expect("digits and quotes are visible ASCII")
    }
}

impl IntoResponseParts for ETag {
    type Error = std::convert::Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Self::Error> {
        parts.headers_mut().insert(ETAG, self.into());
        Ok(parts)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let expected = "If-Match must be * or a list of entity tags such as \"7\".";
        Self::of(&parts.headers).ok_or_else(|| Problem::bad_request(expected))
    }
}

/// Adds the tags of `"1", W/"2"` to `tags`, but for weak ones: those never match here (section 13.1.1
/// compares strongly). `None` for anything else.
fn parse(list: &str, tags: &mut Vec<String>) -> Option<()> {
    let mut rest = list;
    loop {
        let (weak, tag) = match rest.strip_prefix("W/") {
            Some(tag) => (true, tag),
            None => (false, rest),
        };
        let (tag, after) = tag.strip_prefix('"')?.split_once('"')?;
        if !tag.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        if !weak {
            tags.push(tag.to_owned());
        }
        let after = after.trim_start();
        if after.is_empty() {
            return Some(());
        }
        rest = after.strip_prefix(',')?.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_holds_for_its_versions() {
        /// Whether it holds for version 7; `None` for what is no condition.
        fn check(fields: &[&'static str], expected: Option<bool>) {
            let pairs = fields.iter().map(|value| (IF_MATCH, HeaderValue::from_static(value)));
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.append(name, value);
            }
            assert_eq!(IfMatch::of(&headers).map(|condition| condition.holds(7)), expected, "{fields:?}");
        }
        check(&[], Some(true));
        check(&["*"], Some(true));
        check(&["\"7\""], Some(true));
        check(&["\"6\""], Some(false));
        check(&["\"6\", \"7\""], Some(true));
        check(&["\"6\"", "\"7\""], Some(true));
        check(&["\"a,b\" ,\"7\""], Some(true));
        check(&["W/\"7\""], Some(false));
        check(&["\"07\""], Some(false));
        check(&["\"\""], Some(false));
        for bad in ["", "7", "\"7", "\"7\" \"8\"", "\"7\",", "*, \"7\"", "w/\"7\"", "\"7 8\"", "\"7\"\"8\""] {
            check(&[bad], None);
        }
        check(&["*", "\"7\""], None);
    }

    #[test]
    fn a_version_is_a_strong_tag() {
        assert_eq!(HeaderValue::from(ETag(7)), "\"7\"");
        assert_eq!(HeaderValue::from(ETag(i64::MAX)), "\"9223372036854775807\"");
    }
}
