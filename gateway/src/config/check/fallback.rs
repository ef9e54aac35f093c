//! `fallback`: what clients get where a service gives no answer.
use std::{ops::Range, sync::Arc};

use bytes::Bytes;
use http::{HeaderValue, StatusCode};

use super::{Checks, traffic};
use crate::config::{
    Fallback, FallbackAnswer,
    diagnose::{Code, Finding},
    raw::{RawFallback, RawRoute},
    read::{At, Text},
};

pub(super) fn check(written: Option<&At<RawFallback>>, checks: &mut Checks) -> Option<Fallback> {
    let At { value: raw, span } = written?;
    match &raw.service {
        None => answer(raw, span, checks).map(Fallback::Answer),
        Some(name) => by_service(raw, name, checks).map(Fallback::Service),
    }
}

/// The service that is asked instead: what it answers is the answer, so that nothing else is said of that.
fn by_service(raw: &RawFallback, name: &At<Text>, checks: &mut Checks) -> Option<Arc<str>> {
    let others = [
        ("status", raw.status.as_ref().map(|at| &at.span)),
        ("content_type", raw.content_type.as_ref().map(|at| &at.span)),
        ("body", raw.body.as_ref().map(|at| &at.span)),
        ("file", raw.file.as_ref().map(|at| &at.span)),
    ];
    for (key, span) in others.into_iter().filter_map(|(key, span)| Some((key, span?))) {
        let message = format!("`{key}` does nothing where a service answers");
        let finding = Finding::new(Code::Conflict, span, message).label("one of the two");
        checks.report(finding.related(&name.span, "the other").help("keep `service`, or say the answer here"));
    }
    traffic::service(name, checks)
}

/// A service that would stand in for itself.
pub(super) fn report_self(raw: &RawRoute, service: &str, checks: &mut Checks) {
    let Some(text) = raw.fallback.as_ref().and_then(|at| at.value.service.as_ref()) else { return };
    if text.value.as_str() == service && raw.split.is_none() {
        let finding = Finding::new(Code::Conflict, &text.span, format!("`{service}` cannot stand in for itself"));
        checks.report(finding.label("the route's own service").help("name another service"));
    }
}

fn answer(raw: &RawFallback, span: &Range<usize>, checks: &mut Checks) -> Option<FallbackAnswer> {
    let status = raw.status.as_ref().and_then(|at| {
        let status = u16::try_from(checks.count("status", at, 200..=599)?).ok()?;
        StatusCode::from_u16(status).ok()
    });
    let content_type = raw.content_type.as_ref().map(|text| content_type(text, checks));
    let content_type = content_type.unwrap_or(Some(HeaderValue::from_static("application/json")));
    let (text, body, is_file) = match (&raw.body, &raw.file) {
        (Some(body), None) => (body, Some(Bytes::copy_from_slice(body.value.as_str().as_bytes())), false),
        (None, Some(file)) => (file, checks.file(file).map(|(_, bytes)| Bytes::from(bytes)), true),
        (Some(body), Some(file)) => {
            let finding = Finding::new(Code::Conflict, &file.span, "`body` and `file` both say what the answer is");
            let finding = finding.label("one of the two").related(&body.span, "the other");
            checks.report(finding.help("keep one of them"));
            return None;
        }
        (None, None) => {
            if !["body", "file", "service"].iter().any(|key| raw.unread.contains(key)) {
                let finding = Finding::new(Code::MissingKey, span, "this fallback has no body");
                let help = "add `body = \"…\"`, `file = \"…\"` or `service = \"…\"`";
                checks.report(finding.label("`body` is missing").help(help));
            }
            return None;
        }
    };
    Some(FallbackAnswer {
        status,
        content_type: content_type?,
        body: body?,
        written: text.value.shown().to_owned(),
        is_file,
    })
}

fn content_type(text: &At<Text>, checks: &mut Checks) -> Option<HeaderValue> {
    let value = HeaderValue::from_str(text.value.as_str()).ok();
    if value.is_none() {
        let message = format!("`{}` is no content type", text.value.shown());
        let finding = Finding::new(Code::BadContentType, &text.span, message).label("not a content type");
        checks.report(finding.help("write it as a header field has it: \"text/html; charset=utf-8\""));
    }
    value
}
