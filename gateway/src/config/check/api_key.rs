//! `[[api_key]]`.
use http::HeaderName;

use super::{Checks, auth, identity};
use crate::config::{
    ApiKey, ApiKeys, KeyHash, KeyPlace,
    api_key::is_key_name,
    diagnose::{Code, Finding},
    raw::{RawApiKey, RawApiKeys, RawConfig},
    read::{At, Text},
};

/// What was met so far, in all blocks: each must be the only one.
#[derive(Default)]
struct Seen<'r> {
    places: Vec<(KeyPlace, &'r At<Text>)>,
    names: Vec<&'r At<Text>>,
    hashes: Vec<(KeyHash, &'r At<Text>)>,
}

/// The names of every block's fields that say who calls.
pub(super) fn claim_headers(raw: &RawConfig) -> Vec<HeaderName> {
    let blocks = raw.api_key.as_ref().map_or(&[][..], |list| &list.value.list);
    let claims = blocks.iter().filter_map(|block| block.value.claims.as_ref());
    let texts = claims.flat_map(|claims| [&claims.value.name, &claims.value.scope]).flatten();
    texts.filter_map(|text| HeaderName::try_from(text.value.as_str()).ok()).collect()
}

/// Every block.
pub(super) fn check_all(raw: &RawConfig, checks: &mut Checks) -> Vec<ApiKeys> {
    let mut seen = Seen::default();
    let blocks = raw.api_key.as_ref().map_or(&[][..], |list| &list.value.list);
    blocks.iter().filter_map(|block| check(block, &mut seen, checks)).collect()
}

fn check<'r>(block: &'r At<RawApiKeys>, seen: &mut Seen<'r>, checks: &mut Checks) -> Option<ApiKeys> {
    let raw = &block.value;
    let place = place(block, seen, checks);
    let written = raw.keys.as_ref();
    if let Some(list) = written.filter(|list| list.value.is_empty) {
        let finding = Finding::new(Code::NoKeys, &list.span, "`api_key` has no key").label("nobody could pass");
        checks.report(finding.help("make one: `gateway api-key NAME`"));
    }
    let keys = written.map_or(&[][..], |list| &list.value.list);
    let keys = keys.iter().filter_map(|key| self::key(&key.value, seen, checks)).collect();
    let claims = raw.claims.as_ref().map(|claims| &claims.value);
    let mut header = |text: Option<&At<Text>>| text.and_then(|text| identity::header(text, checks));
    let name_header = header(claims.and_then(|claims| claims.name.as_ref()));
    let scope_header = header(claims.and_then(|claims| claims.scope.as_ref()));
    if let (Some(name), Some(scope), Some(claims)) = (&name_header, &scope_header, claims)
        && let (Some(first), Some(second)) = (&claims.name, &claims.scope)
        && identity::same(name, scope)
    {
        let message = format!("two claims go into the field `{}`", second.value.shown());
        let finding = Finding::new(Code::DuplicateHeader, &second.span, message);
        let finding = finding.label("the second time").related(&first.span, "the first time");
        checks.report(finding.help("give each claim a field of its own"));
    }
    Some(ApiKeys { place: place?, keys, name_header, scope_header })
}

/// `header` or `query`.
fn place<'r>(block: &'r At<RawApiKeys>, seen: &mut Seen<'r>, checks: &mut Checks) -> Option<KeyPlace> {
    let raw = &block.value;
    let (place, text) = match (&raw.header, &raw.query) {
        (Some(header), Some(query)) => {
            let finding =
                Finding::new(Code::Conflict, &query.span, "`header` and `query` both say where keys are shown");
            let finding = finding.label("one of the two").related(&header.span, "the other");
            checks.report(finding.help("keep one; a second block can have the other"));
            return None;
        }
        (None, None) if raw.unread.iter().any(|key| matches!(*key, "header" | "query")) => return None,
        (None, None) => {
            let finding = Finding::new(Code::MissingKey, &block.span, "`api_key` does not say where keys are shown");
            let finding = finding.label("`header` or `query` is missing");
            checks.report(finding.help("add `header = \"X-Api-Key\"`, or `query = \"api_key\"`"));
            return None;
        }
        (Some(text), None) => (KeyPlace::Header(header(text, checks)?), text),
        (None, Some(text)) => (KeyPlace::Query(parameter(text, checks)?), text),
    };
    if let Some((_, first)) = seen.places.iter().find(|(other, _)| *other == place) {
        let message = format!("two blocks have their keys in `{}`", text.value.shown());
        let finding = Finding::new(Code::DuplicateApiKey, &text.span, message).label("the second time");
        checks.report(finding.related(&first.span, "the first time").help("put all keys into one block"));
    }
    seen.places.push((place.clone(), text));
    Some(place)
}

/// The field is deleted from every request, so it must be nobody else's.
fn header(text: &At<Text>, checks: &mut Checks) -> Option<HeaderName> {
    let name = identity::header(text, checks)?;
    if checks.identity_headers.iter().any(|other| identity::same(other, &name)) {
        let message = format!("`{}` says who calls, which no client may say", text.value.shown());
        let finding = Finding::new(Code::ReservedHeader, &text.span, message).label("reserved");
        checks.report(finding.help("show keys in a field of their own, such as `X-Api-Key`"));
    }
    Some(name)
}

/// A name that needs no escape in a query (RFC 3986 §2.3).
fn parameter(text: &At<Text>, checks: &mut Checks) -> Option<Box<str>> {
    let meant = text.value.as_str();
    if !meant.is_empty() && meant.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b)) {
        return Some(meant.into());
    }
    let message = format!("`{}` is not the name of a query parameter", text.value.shown());
    let finding = Finding::new(Code::BadApiKey, &text.span, message).label("not a name");
    checks.report(finding.help("a name has letters, digits, `-`, `.`, `_` and `~`, such as `api_key`"));
    None
}

fn key<'r>(raw: &'r RawApiKey, seen: &mut Seen<'r>, checks: &mut Checks) -> Option<ApiKey> {
    let name = raw.name.as_ref().and_then(|text| name(text, seen, checks));
    let sha256 = raw.sha256.as_ref().and_then(|text| hash(text, seen, checks));
    let scopes = raw.scopes.as_ref().map_or(&[][..], |list| &list.value.list);
    let scopes = scopes.iter().filter_map(|text| auth::scope(text, checks)).collect();
    Some(ApiKey { name: name?.into(), sha256: sha256?, scopes })
}

fn name<'r>(text: &'r At<Text>, seen: &mut Seen<'r>, checks: &mut Checks) -> Option<&'r str> {
    let meant = text.value.as_str();
    if !is_key_name(meant) {
        let message = format!("`{}` is not a name for a key", text.value.shown());
        let finding = Finding::new(Code::BadApiKey, &text.span, message).label("not a name");
        checks.report(finding.help("a name has 1 to 64 visible characters of ASCII, no quote and no backslash"));
        return None;
    }
    if let Some(first) = seen.names.iter().find(|other| other.value.as_str() == meant) {
        let message = format!("two keys are named `{}`", text.value.shown());
        let finding = Finding::new(Code::DuplicateApiKey, &text.span, message).label("the second time");
        checks.report(finding.related(&first.span, "the first time").help("give each key a name of its own"));
    }
    seen.names.push(text);
    Some(meant)
}

/// What stands there may be the key itself, by mistake: it is never quoted.
fn hash<'r>(text: &'r At<Text>, seen: &mut Seen<'r>, checks: &mut Checks) -> Option<KeyHash> {
    let Some(hash) = KeyHash::parse(text.value.as_str()) else {
        let finding = Finding::new(Code::BadApiKey, &text.span, "a key's `sha256` has 64 hexadecimal digits");
        let finding = finding.label("not a hash");
        checks
            .report(finding.help("`gateway api-key NAME` prints it, `printf %s KEY | sha256sum` that of your own key"));
        return None;
    };
    if let Some((_, first)) = seen.hashes.iter().find(|(other, _)| *other == hash) {
        let finding = Finding::new(Code::DuplicateApiKey, &text.span, "this key stands in the file twice");
        let finding = finding.label("the second time").related(&first.span, "the first time");
        checks.report(finding.help("keep one: a key has one name, and `scopes` is a list"));
    }
    seen.hashes.push((hash, text));
    Some(hash)
}
