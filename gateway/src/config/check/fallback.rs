//! `fallback`: what clients get where a service gives no answer.
use bytes::Bytes;
use http::{HeaderValue, StatusCode};

use super::Checks;
use crate::config::{
    Fallback,
    diagnose::{Code, Finding},
    raw::RawFallback,
    read::{At, Text},
};

pub(super) fn check(written: Option<&At<RawFallback>>, checks: &mut Checks) -> Option<Fallback> {
    let At { value: raw, span } = written?;
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
            if !raw.unread.contains(&"body") && !raw.unread.contains(&"file") {
                let finding = Finding::new(Code::MissingKey, span, "this fallback has no body");
                checks.report(finding.label("`body` is missing").help("add `body = \"…\"`, or `file = \"…\"`"));
            }
            return None;
        }
    };
    Some(Fallback { status, content_type: content_type?, body: body?, written: text.value.shown().to_owned(), is_file })
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
