//! `claims`: which claim goes on under which name.
use http::HeaderName;

use super::super::{Checks, headers};
use crate::config::{
    diagnose::{Code, Finding},
    raw::RawConfig,
    read::{At, Named, Text},
};

/// Fields that the gateway writes itself.
const OWN: &[&str] = &[
    "forwarded",
    "traceparent",
    "tracestate",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-real-ip",
    "x-request-id",
];

/// Fields that mean something else to an upstream. A field that names the caller is deleted from every request, and no
/// service could do without these.
const MEANT_OTHERWISE: &[&str] = &[
    "accept",
    "accept-encoding",
    "authorization",
    "cache-control",
    "content-encoding",
    "content-range",
    "content-type",
    "cookie",
    "date",
    "origin",
    "range",
    "user-agent",
];

/// The names of every block's fields, in lower case: what a client may never say of itself.
pub(in super::super) fn names(raw: &RawConfig) -> Vec<HeaderName> {
    let blocks = raw.jwt.as_ref().map_or(&[][..], |list| &list.value.list);
    let claims = blocks.iter().filter_map(|block| block.value.claims.as_ref());
    let texts = claims.flat_map(|claims| &claims.value.entries);
    texts.filter_map(|entry| HeaderName::try_from(entry.value.value.as_str()).ok()).collect()
}

/// Claims and the fields that carry them, in the file's order.
pub(super) fn check(raw: Option<&At<Named<Text>>>, checks: &mut Checks) -> Vec<(String, HeaderName)> {
    let mut claims: Vec<(String, HeaderName, &At<Text>)> = Vec::new();
    for entry in raw.map_or(&[][..], |raw| &raw.value.entries) {
        if entry.name.is_empty() {
            let finding = Finding::new(Code::BadClaim, &entry.name_span, "a claim has no empty name");
            checks.report(finding.label("not a name").help("write the claim's name: `sub = \"X-User-Id\"`"));
        }
        let text = &entry.value;
        let Some(name) = header(text, checks) else { continue };
        if let Some((.., first)) = claims.iter().find(|(_, other, _)| same(other, &name)) {
            let message = format!("two claims go into the field `{}`", text.value.shown());
            let finding = Finding::new(Code::DuplicateHeader, &text.span, message);
            let finding = finding.label("the second time").related(&first.span, "the first time");
            checks.report(finding.help("give each claim a field of its own"));
            continue;
        }
        claims.push((entry.name.clone(), name, text));
    }
    claims.into_iter().map(|(claim, name, _)| (claim, name)).collect()
}

pub(in super::super) fn header(text: &At<Text>, checks: &mut Checks) -> Option<HeaderName> {
    let shown = text.value.shown();
    let Ok(name) = HeaderName::try_from(text.value.as_str()) else {
        let message = format!("`{shown}` is not the name of a header field");
        let finding = Finding::new(Code::BadHeaderName, &text.span, message);
        let help = "a name has letters, digits and `-`, such as `X-User-Id`";
        checks.report(finding.label("not a name").help(help));
        return None;
    };
    let dashed = name.as_str().replace('_', "-");
    let why = if headers::is_reserved(&dashed) {
        "belongs to the connection, which the gateway manages"
    } else if OWN.contains(&&*dashed) {
        "is written by the gateway itself"
    } else if MEANT_OTHERWISE.contains(&&*dashed) {
        "means something else to an upstream"
    } else {
        return Some(name);
    };
    let finding = Finding::new(Code::ReservedHeader, &text.span, format!("`{shown}` {why}")).label("reserved");
    checks.report(finding.help("take a field that nothing else uses, such as `X-User-Id`"));
    None
}

/// A server that hands fields on as variables can't tell `-` from `_`.
pub(in super::super) fn same(one: &HeaderName, other: &HeaderName) -> bool {
    let dashed = |name: &HeaderName| name.as_str().replace('_', "-");
    dashed(one) == dashed(other)
}
