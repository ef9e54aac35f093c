//! `request_headers` and `response_headers`.
use std::ops::Range;

use http::{HeaderName, HeaderValue};

use super::Checks;
use crate::config::{
    HeaderRules,
    diagnose::{Code, Finding, is_secret},
    raw::RawHeaderRules,
    read::{At, Entry, Named, Text},
};

/// Fields of one connection or of one message's framing (RFC 9110 §7.6.1, RFC 9112 §6): the gateway writes them, and a
/// rule for one would break messages.
const RESERVED: &[&str] = &[
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// One layer's rules. `remove` is a single setting: a layer that has it, replaces the outer one.
#[derive(Debug, Clone, Default)]
pub(super) struct Rules {
    set: Vec<(HeaderName, HeaderValue)>,
    add: Vec<(HeaderName, HeaderValue)>,
    remove: Option<Vec<HeaderName>>,
}

impl Rules {
    /// These, with what the outer layer does to other names: each name of `set` and `add` is a key of its own. A name
    /// that this layer removes is not set or added by an outer one.
    pub(super) fn over(self, outer: &Self) -> Self {
        let removed = self.remove.clone().unwrap_or_default();
        let inherit = |mine: Vec<(HeaderName, HeaderValue)>, theirs: &[(HeaderName, HeaderValue)]| {
            let kept =
                theirs.iter().filter(|(name, _)| !removed.contains(name) && !mine.iter().any(|(own, _)| own == name));
            kept.cloned().chain(mine.iter().cloned()).collect()
        };
        Self {
            set: inherit(self.set, &outer.set),
            add: inherit(self.add, &outer.add),
            remove: self.remove.or_else(|| outer.remove.clone()),
        }
    }

    pub(super) fn into_rules(self) -> HeaderRules {
        HeaderRules { set: self.set, add: self.add, remove: self.remove.unwrap_or_default() }
    }
}

/// Whether a field is the connection's or the message's: `name` is in lower case.
pub(super) fn is_reserved(name: &str) -> bool {
    name == "host" || RESERVED.contains(&name)
}

/// The rules for requests: none of them speaks of a field that says who calls.
pub(super) fn of_requests(raw: Option<&At<RawHeaderRules>>, checks: &mut Checks) -> Rules {
    if let Some(raw) = raw {
        let entries = [&raw.value.set, &raw.value.add].into_iter().flatten().flat_map(|named| &named.value.entries);
        let named = entries.map(|entry| (entry.name.as_str(), &entry.name_span));
        let removed = raw.value.remove.iter().flat_map(|list| &list.value.list);
        for (name, span) in named.chain(removed.map(|text| (text.value.as_str(), &text.span))) {
            let dashed = name.to_ascii_lowercase().replace('_', "-");
            if checks.identity_headers.iter().any(|header| header.as_str().replace('_', "-") == dashed) {
                let message = "this field says who calls, which is the gateway's to write";
                let finding = Finding::new(Code::ReservedHeader, span, message).label("reserved");
                checks.report(finding.help("remove this rule: the client's own is deleted in any case"));
            }
        }
    }
    check(raw, checks)
}

pub(super) fn check(raw: Option<&At<RawHeaderRules>>, checks: &mut Checks) -> Rules {
    let Some(raw) = raw.map(|raw| &raw.value) else {
        return Rules::default();
    };
    let remove = raw.remove.as_ref().map(|list| {
        let mut seen = Vec::new();
        for text in &list.value.list {
            if let Some(name) = name(text.value.as_str(), text.value.shown(), &text.span, checks) {
                once(&mut seen, name, &text.span, checks);
            }
        }
        seen.into_iter().map(|(name, _)| name).collect()
    });
    Rules { set: fields(raw.set.as_ref(), checks), add: fields(raw.add.as_ref(), checks), remove }
}

fn fields(raw: Option<&At<Named<Text>>>, checks: &mut Checks) -> Vec<(HeaderName, HeaderValue)> {
    let mut seen = Vec::new();
    let mut fields = Vec::new();
    for Entry { name: key, name_span, value: text } in raw.map_or(&[][..], |raw| &raw.value.entries) {
        let name = name(key, key, name_span, checks);
        let value = value(key, text, checks);
        if let (Some(name), Some(value)) = (name, value)
            && once(&mut seen, name.clone(), name_span, checks)
        {
            fields.push((name, value));
        }
    }
    fields
}

/// Notes the name, or reports that it was there before: names compare without case, so TOML does not notice.
fn once(
    seen: &mut Vec<(HeaderName, Range<usize>)>,
    name: HeaderName,
    span: &Range<usize>,
    checks: &mut Checks,
) -> bool {
    if let Some((_, first)) = seen.iter().find(|(other, _)| *other == name) {
        let message = "this header field stands here twice";
        let finding = Finding::new(Code::DuplicateHeader, span, message).label("the second time");
        let help = "names of header fields compare without case: keep one of the two";
        checks.report(finding.related(first, "the first time").help(help));
        return false;
    }
    seen.push((name, span.clone()));
    true
}

fn name(meant: &str, shown: &str, span: &Range<usize>, checks: &mut Checks) -> Option<HeaderName> {
    let Ok(name) = HeaderName::try_from(meant) else {
        let message = format!("`{shown}` is not the name of a header field");
        let finding = Finding::new(Code::BadHeaderName, span, message);
        let help = "a name has letters, digits and `-`, such as `X-Request-Source`";
        checks.report(finding.label("not a name").help(help));
        return None;
    };
    if name == http::header::HOST {
        let message = "`Host` is not a rule's to change";
        let finding = Finding::new(Code::ReservedHeader, span, message).label("reserved");
        checks.report(finding.help("set the service's `host` to what its upstreams should see"));
        return None;
    }
    if RESERVED.contains(&name.as_str()) {
        let message = format!("`{shown}` belongs to the connection, which the gateway manages");
        let finding = Finding::new(Code::ReservedHeader, span, message).label("reserved");
        checks.report(finding.help("remove this rule: the gateway writes the field where it is due"));
        return None;
    }
    Some(name)
}

/// RFC 9110 §5.5 without what it calls obsolete: visible ASCII, spaces and tabs. The value is never quoted, since it may
/// be a secret; one that is, or that came from the environment, is marked as sensitive.
fn value(name: &str, text: &At<Text>, checks: &mut Checks) -> Option<HeaderValue> {
    let meant = text.value.as_str();
    let bad = meant.char_indices().find(|(_, c)| !matches!(c, ' '..='~' | '\t'));
    if let Some((at, character)) = bad {
        let message = format!("the value of `{name}` has a character that a header field cannot hold");
        let span = text.part(&(at..at + character.len_utf8()));
        let finding = Finding::new(Code::BadHeaderValue, &span, message);
        let help = "a value has letters, digits and punctuation of ASCII, spaces and tabs";
        checks.report(finding.label("this character").help(help));
        return None;
    }
    if meant.trim() != meant {
        let message = format!("the value of `{name}` begins or ends with a space, which is lost");
        let finding = Finding::new(Code::BadHeaderValue, &text.span, message);
        checks.report(finding.label("space at an end").help("remove the space"));
        return None;
    }
    let mut value = HeaderValue::from_str(meant).ok()?;
    value.set_sensitive(is_secret(name) || text.value.is_filled());
    Some(value)
}
