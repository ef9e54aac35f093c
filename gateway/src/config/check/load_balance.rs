//! `load_balance`.
use http::HeaderName;

use super::Checks;
use crate::config::{
    HashKey, LoadBalance,
    diagnose::{Code, Finding},
    raw::{RawAffinity, RawLoadBalance},
    read::{At, Text},
};

const HELP: &str =
    "expected \"round_robin\", \"least_requests\", \"p2c\", { hash = \"ip\" } or { sticky = \"cookie:NAME\" }";

/// What is written, if it is sound.
pub(super) fn check(written: &At<RawLoadBalance>, checks: &mut Checks) -> Option<LoadBalance> {
    let name = match &written.value {
        RawLoadBalance::Named(name) => name,
        RawLoadBalance::Affinity(raw) => return affinity(raw, checks),
    };
    let known = match name.value.as_str() {
        "round_robin" => Some(LoadBalance::RoundRobin),
        "least_requests" => Some(LoadBalance::LeastRequests),
        "p2c" => Some(LoadBalance::PowerOfTwo),
        _ => None,
    };
    if known.is_none() {
        let message = format!("`{}` is no way to balance", name.value.shown());
        let finding = Finding::new(Code::BadLoadBalance, &name.span, message);
        checks.report(finding.label("not a way to balance").help(HELP));
    }
    known
}

/// By what a request keeps its upstream.
fn affinity(At { value: raw, span }: &At<RawAffinity>, checks: &mut Checks) -> Option<LoadBalance> {
    match (&raw.hash, &raw.sticky) {
        (Some(text), None) => key(text, Code::BadLoadBalance, checks).map(LoadBalance::Hash),
        (None, Some(text)) => match key(text, Code::BadLoadBalance, checks)? {
            HashKey::Cookie(name) => Some(LoadBalance::Sticky(name)),
            HashKey::Address | HashKey::Header(_) => {
                let message =
                    format!("`{}` is no cookie, by which the gateway could know a client", text.value.shown());
                let finding = Finding::new(Code::BadLoadBalance, &text.span, message).label("not a cookie");
                checks.report(finding.help("write \"cookie:NAME\", or `hash` in the place of `sticky`"));
                None
            }
        },
        (Some(hash), Some(sticky)) => {
            let message = "`hash` and `sticky` both say which upstream a request goes to";
            let finding = Finding::new(Code::Conflict, &sticky.span, message).label("one of the two");
            checks.report(finding.related(&hash.span, "the other").help("keep one of them"));
            None
        }
        (None, None) => {
            if !raw.unread.contains(&"hash") && !raw.unread.contains(&"sticky") {
                let finding = Finding::new(Code::MissingKey, span, "nothing says by what a request keeps its upstream");
                let help = "add `hash = \"ip\"`, or `sticky = \"cookie:NAME\"`";
                checks.report(finding.label("`hash` is missing").help(help));
            }
            None
        }
    }
}

/// What a request could be hashed by, if it is sound; else it is this fault.
pub(super) fn key(text: &At<Text>, code: Code, checks: &mut Checks) -> Option<HashKey> {
    let written = text.value.as_str();
    let key = match written.split_once(':') {
        None if written == "ip" => Some(HashKey::Address),
        Some(("header", name)) => HeaderName::try_from(name).ok().map(HashKey::Header),
        Some(("cookie", name)) => HeaderName::try_from(name).ok().map(|_| HashKey::Cookie(name.into())),
        _ => None,
    };
    if key.is_none() {
        let message = format!("`{}` is nothing that a request could be hashed by", text.value.shown());
        let finding = Finding::new(code, &text.span, message).label("not a key");
        checks.report(finding.help("expected \"ip\", \"header:NAME\" or \"cookie:NAME\""));
    }
    if let Some(HashKey::Header(name)) = &key {
        checks.report_deleted(name, &text.span);
    }
    key
}
