//! A request as its service sees it: what its answer may depend on, whoever wrote it.
use http::{HeaderMap, HeaderName, header};

use super::{control::split, store::Key};
use crate::{exchange::Exchange, h1::client::Head};

const X_FORWARDED_FOR: &[u8] = b"x-forwarded-for";
const X_FORWARDED_PROTO: &[u8] = b"x-forwarded-proto";
const X_FORWARDED_HOST: &[u8] = b"x-forwarded-host";

/// The fields of a request as they go over the wire: the client's, the gateway's own, those of its token, its API key or
/// its authoriser, under the route's rules.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    lines: Box<[u8]>,
    /// What a trusted proxy told of the place where it was asked, and no answer's `Vary` needs to name.
    told: Vec<u8>,
}

/// What chose a stored answer (RFC 9111 §4.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Selection {
    told: Vec<u8>,
    /// The fields that `Vary` names, and what they were.
    fields: Vec<(HeaderName, Vec<u8>)>,
}

impl Seen {
    pub(super) fn of(head: &Head, exchange: &Exchange) -> Self {
        Self::new(head.fields(), exchange.is_trusted)
    }

    /// These lines, in which something was told by a trusted proxy or not.
    pub(super) fn new(lines: &[u8], is_told: bool) -> Self {
        let told = if is_told { told(lines) } else { Vec::new() };
        Self { lines: lines.into(), told }
    }

    /// What chooses the answer of these fields to this request.
    pub(super) fn selection(&self, answer: &HeaderMap) -> Selection {
        let names = answer.get_all(header::VARY).iter().flat_map(|line| split(line.as_bytes()));
        let names = names.filter_map(|name| HeaderName::from_bytes(name).ok());
        let mut fields: Vec<_> = names.map(|name| (name.clone(), combined(&self.lines, name.as_str()))).collect();
        fields.sort_by(|(one, _), (other, _)| one.as_str().cmp(other.as_str()));
        fields.dedup();
        Selection { told: self.told.clone(), fields }
    }
}

impl Selection {
    /// Whether it chooses the same for this request.
    pub(super) fn chooses(&self, seen: &Seen) -> bool {
        let alike = |(name, value): &(HeaderName, Vec<u8>)| combined(&seen.lines, name.as_str()) == *value;
        self.told == seen.told && self.fields.iter().all(alike)
    }

    /// The names of its fields.
    pub(super) fn names(&self) -> impl Iterator<Item = &HeaderName> {
        self.fields.iter().map(|(name, _)| name)
    }

    /// What it takes in memory, about.
    pub(super) fn size(&self) -> usize {
        self.told.len() + self.fields.iter().map(|(_, value)| value.len() + 64).sum::<usize>()
    }
}

/// What a request by `head` for `path` asks for, as one text: the scheme and the host as its service is told of them, the
/// path as the client asked for it, and the query.
pub(crate) fn key(head: &Head, scheme: &str, exchange: &Exchange, path: &str, query: Option<&[u8]>) -> Key {
    let host = exchange.host.as_ref().map(|host| host.as_bytes().to_ascii_lowercase()).unwrap_or_default();
    let (mut told_scheme, mut told_host) = (Vec::new(), Vec::new());
    if exchange.is_trusted {
        told_scheme = first(head.fields(), X_FORWARDED_PROTO);
        told_host = first(head.fields(), X_FORWARDED_HOST);
    }
    let scheme = if told_scheme.is_empty() { scheme.as_bytes() } else { &told_scheme };
    let told_host = if told_host == host { &[][..] } else { &told_host };
    // No part but the query, which is the last one, may hold the byte between them.
    let mut key = [scheme, &host, told_host, path.as_bytes()].join(&0);
    if let Some(query) = query {
        key.push(b'?');
        key.extend_from_slice(query);
    }
    key.into()
}

/// The field of this name, in small letters.
fn first(lines: &[u8], name: &[u8]) -> Vec<u8> {
    let value = each(lines).find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    value.unwrap_or_default().to_ascii_lowercase()
}

/// `X-Forwarded-*` and the places in `Forwarded`, without the addresses, and without what the key has.
fn told(lines: &[u8]) -> Vec<u8> {
    let mut told = Vec::new();
    for (name, value) in each(lines) {
        let name = name.to_ascii_lowercase();
        if name == b"forwarded" {
            let pairs = split(value).flat_map(|element| element.split(|&byte| byte == b';'));
            for pair in pairs.map(<[u8]>::trim_ascii).map(<[u8]>::to_ascii_lowercase) {
                if pair.starts_with(b"host=") || pair.starts_with(b"proto=") {
                    told.extend_from_slice(&pair);
                    told.push(b'\n');
                }
            }
        } else if name.starts_with(b"x-forwarded-")
            && ![X_FORWARDED_FOR, X_FORWARDED_PROTO, X_FORWARDED_HOST].contains(&&*name)
        {
            told.extend_from_slice(&[&name, &b": "[..], value, b"\n"].concat());
        }
    }
    told
}

/// What a field says, all of its lines as one.
fn combined(lines: &[u8], name: &str) -> Vec<u8> {
    let lines = each(lines).filter(|(known, _)| known.eq_ignore_ascii_case(name.as_bytes()));
    lines.map(|(_, value)| value).collect::<Vec<_>>().join(&b", "[..])
}

/// Each field: name and value.
fn each(lines: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    lines.split(|&byte| byte == b'\n').filter_map(|line| {
        let colon = line.iter().position(|&byte| byte == b':')?;
        Some((&line[..colon], line[colon + 1..].trim_ascii()))
    })
}

#[cfg(test)]
mod tests;
