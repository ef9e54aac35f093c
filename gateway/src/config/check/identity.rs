//! Names of fields by which a service is told who calls: the gateway writes them, and a client's own are deleted.
use std::ops::Range;

use http::HeaderName;

use super::{Checks, headers::RESERVED};
use crate::config::{
    diagnose::{Code, Finding},
    read::{At, OneOrMany, Text},
};

/// Fields that a request needs, or that the gateway writes for reasons of its own. As an identity field each of them
/// would be deleted from every client's request.
const TAKEN: [&str; 22] = [
    "accept",
    "authorization",
    "cache-control",
    "cookie",
    "date",
    "forwarded",
    "host",
    "max-forwards",
    "origin",
    "proxy-status",
    "range",
    "referer",
    "set-cookie",
    "traceparent",
    "tracestate",
    "user-agent",
    "vary",
    "via",
    "www-authenticate",
    "x-api-key",
    "x-real-ip",
    "x-request-id",
];
const TAKEN_PREFIXES: [&str; 5] = ["accept-", "access-control-", "content-", "if-", "x-forwarded-"];

/// The names of `list`, each once.
pub(super) fn names(list: &At<OneOrMany<Text>>, checks: &mut Checks) -> Vec<HeaderName> {
    let mut found = Vec::new();
    for text in &list.value.list {
        if let Some(name) = name(text.value.as_str(), text.value.shown(), &text.span, checks) {
            once(&mut found, name, &text.span, checks);
        }
    }
    found.into_iter().map(|(name, _)| name).collect()
}

/// The name of an identity field that stands at `span`.
pub(super) fn name(meant: &str, shown: &str, span: &Range<usize>, checks: &mut Checks) -> Option<HeaderName> {
    let name = token(meant, shown, span, checks)?;
    let text = name.as_str();
    if text.contains('_') {
        let message = format!("`{shown}` has a `_`, which servers take for a `-`");
        let finding = Finding::new(Code::BadHeaderName, span, message).label("not a good name");
        checks.report(finding.help("write `-`: a client's field is deleted in both spellings"));
        return None;
    }
    let is_taken = TAKEN.contains(&text)
        || RESERVED.contains(&text)
        || TAKEN_PREFIXES.iter().any(|prefix| text.starts_with(prefix));
    if is_taken {
        let message = format!("`{shown}` cannot say who calls: it has a meaning of its own");
        let finding = Finding::new(Code::ReservedHeader, span, message).label("reserved");
        let help = "take a name that no client needs, such as `X-User-Id`: a client's own is deleted everywhere";
        checks.report(finding.help(help));
        return None;
    }
    Some(name)
}

/// Any name of a field.
pub(super) fn token(meant: &str, shown: &str, span: &Range<usize>, checks: &mut Checks) -> Option<HeaderName> {
    let name = HeaderName::try_from(meant).ok();
    if name.is_none() {
        let message = format!("`{shown}` is not the name of a header field");
        let finding = Finding::new(Code::BadHeaderName, span, message).label("not a name");
        checks.report(finding.help("a name has letters, digits and `-`, such as `X-User-Id`"));
    }
    name
}

/// Notes the name, or reports that it was there before.
pub(super) fn once(
    seen: &mut Vec<(HeaderName, Range<usize>)>,
    name: HeaderName,
    span: &Range<usize>,
    checks: &mut Checks,
) {
    if let Some((_, first)) = seen.iter().find(|(other, _)| *other == name) {
        let message = "this header field stands here twice";
        let finding = Finding::new(Code::DuplicateHeader, span, message).label("the second time");
        checks.report(finding.related(first, "the first time").help("keep one of the two"));
    } else {
        seen.push((name, span.clone()));
    }
}
