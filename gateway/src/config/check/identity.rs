//! Names of fields by which a service is told who calls: the gateway writes them, and a client's own are deleted.
use std::ops::Range;

use http::HeaderName;

use super::{Checks, api_key, jwt};
use crate::{
    config::{
        diagnose::{Code, Finding},
        raw::{RawConfig, RawForwardAuth},
        read::{At, Brief, OneOrMany, OrOff, Text},
    },
    reserved,
};

pub(super) use jwt::{header, same};

/// Every one that the file has, sound or not.
pub(super) fn all(raw: &RawConfig) -> Vec<HeaderName> {
    let mut names = of_credentials(raw);
    for layer in authorisers(raw) {
        let list = layer.headers.as_ref().map_or(&[][..], |list| &list.value.list);
        names.extend(list.iter().filter_map(|text| HeaderName::try_from(text.value.as_str()).ok()));
    }
    names
}

/// Those that are written from a caller's credential.
pub(super) fn of_credentials(raw: &RawConfig) -> Vec<HeaderName> {
    let mut names = jwt::claim_headers(raw);
    names.extend(api_key::claim_headers(raw));
    names
}

/// Every `forward_auth` of the file.
fn authorisers(raw: &RawConfig) -> impl Iterator<Item = &RawForwardAuth> {
    fn on(written: &At<OrOff<Brief<RawForwardAuth>>>) -> Option<&RawForwardAuth> {
        match &written.value {
            OrOff::On(Brief(raw)) => Some(raw),
            OrOff::Off => None,
        }
    }
    let defaults = raw.defaults.as_ref().and_then(|defaults| defaults.value.forward_auth.as_ref());
    let services = raw.services.iter().flat_map(|services| &services.value.entries).map(|entry| &entry.value.value);
    let inner = services.flat_map(|service| {
        let routes = service.routes.iter().flat_map(|routes| &routes.value.list);
        service.forward_auth.iter().chain(routes.filter_map(|route| route.value.0.forward_auth.as_ref()))
    });
    defaults.map(|written| &written.value.0).into_iter().chain(inner.filter_map(on))
}

impl Checks {
    /// Reports a rule that looks for a field by which a service is told who calls, and says whether it did: of a client's
    /// request that field is deleted before anything looks.
    pub(super) fn report_deleted(&mut self, name: &HeaderName, span: &Range<usize>) -> bool {
        let is_deleted =
            reserved::says_who_calls(name) || self.identity_headers.iter().any(|header| same(header, name));
        if is_deleted {
            let message = "this field says who calls, and is deleted from every request before this rule looks for it";
            let finding = Finding::new(Code::ReservedHeader, span, message).label("never there");
            self.report(finding.help("ask with `auth` and `scopes`, and count by \"claim:NAME\""));
        }
        is_deleted
    }
}

/// The names of `list`, each once.
pub(super) fn names(list: &At<OneOrMany<Text>>, checks: &mut Checks) -> Vec<HeaderName> {
    let mut found = Vec::new();
    for text in &list.value.list {
        if let Some(name) = header(text, checks) {
            once(&mut found, name, &text.span, checks);
        }
    }
    found.into_iter().map(|(name, _)| name).collect()
}

/// Notes the name, or reports that it was there before.
pub(super) fn once(
    seen: &mut Vec<(HeaderName, Range<usize>)>,
    name: HeaderName,
    span: &Range<usize>,
    checks: &mut Checks,
) {
    if let Some((_, first)) = seen.iter().find(|(other, _)| same(other, &name)) {
        let message = "this header field stands here twice";
        let finding = Finding::new(Code::DuplicateHeader, span, message).label("the second time");
        checks.report(finding.related(first, "the first time").help("keep one of the two"));
    } else {
        seen.push((name, span.clone()));
    }
}
