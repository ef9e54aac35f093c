//! Where a client is sent, made from what a pattern took.
use http::uri::Authority;

use super::{
    Params, PathPattern, PatternFault, Rewrite,
    rewrite::{Part, parse_part},
};

#[cfg(test)]
mod tests;

/// `/v2/{id}`, `https://new.example.com/$1?from=old`.
///
/// What a client sent fills places in the path and in the query alone: it never becomes an authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectTarget {
    /// `https://new.example.com`, or empty.
    origin: Box<str>,
    path: Rewrite,
    /// In place of the client's own.
    query: Option<Vec<Part>>,
}

impl RedirectTarget {
    /// Reads a template for what `pattern` matches; ranges of faults are into `template`.
    ///
    /// The path is as [`Rewrite::parse`] has it; one that is left out is `/`. A query may name the same places; an empty
    /// one drops the client's.
    pub fn parse(template: &str, pattern: &PathPattern) -> Result<Self, PatternFault> {
        let origin = origin(template)?;
        let rest = &template[origin.len()..];
        let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
        let path_text = if path.is_empty() { "/" } else { path };
        let moved = |fault: PatternFault| fault.moved(origin.len());
        let query_at = origin.len() + path.len() + 1;
        Ok(Self {
            origin: origin.into(),
            path: Rewrite::parse(path_text, pattern).map_err(moved)?,
            query: query.map(|query| parse_query(query, pattern).map_err(|fault| fault.moved(query_at))).transpose()?,
        })
    }

    /// The address for a client that asked for `path`, which the pattern matched, with this query; and what the pattern
    /// `found` there. It replaces what the pattern covers, as a [`Rewrite`] does.
    pub fn apply(&self, path: &str, found: &Params, query: Option<&[u8]>) -> Vec<u8> {
        let new = self.path.apply(path, found);
        let mut address = Vec::with_capacity(self.origin.len() + new.len() + query.map_or(0, <[u8]>::len) + 2);
        address.extend_from_slice(self.origin.as_bytes());
        // Two slashes would begin an authority (RFC 3986 §4.2).
        address.push(b'/');
        address.extend_from_slice(new.trim_start_matches('/').as_bytes());
        match (&self.query, query) {
            (None, None) => {}
            (None, Some(query)) => {
                address.push(b'?');
                address.extend_from_slice(query);
            }
            (Some(parts), _) if parts.is_empty() => {}
            (Some(parts), _) => {
                address.push(b'?');
                for part in parts {
                    fill(part, path, found, &mut address);
                }
            }
        }
        address
    }
}

/// A part of a query: what a client sent separates no parameters.
fn fill(part: &Part, path: &str, found: &Params, out: &mut Vec<u8>) {
    let index = match part {
        Part::Text(text) => return out.extend_from_slice(text.as_bytes()),
        Part::Param(index) => *index,
    };
    for byte in found.get(index, path).bytes() {
        match byte {
            b'&' => out.extend_from_slice(b"%26"),
            b'=' => out.extend_from_slice(b"%3D"),
            b'+' => out.extend_from_slice(b"%2B"),
            b';' => out.extend_from_slice(b"%3B"),
            _ => out.push(byte),
        }
    }
}

/// The scheme and the authority that `template` begins with, if it does.
fn origin(template: &str) -> Result<&str, PatternFault> {
    if template.starts_with('/') {
        return Ok("");
    }
    let Some(scheme) = ["https://", "http://"].into_iter().find(|scheme| template.starts_with(scheme)) else {
        let fault = PatternFault::new(0..template.len(), "an address begins with `/`, `http://` or `https://`");
        return Err(fault.help("write a path such as `/new/{id}`, or an address such as `https://example.com/new`"));
    };
    let rest = &template[scheme.len()..];
    let end = scheme.len() + rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let text = &template[scheme.len()..end];
    if text.contains(['{', '}', '$']) {
        let fault = PatternFault::new(scheme.len()..end, "the host of an address is always the same");
        return Err(fault.help("what a client sends fills places in the path and in the query alone"));
    }
    let is_sound = |authority: &Authority| {
        let has_port = authority.as_str().len() > authority.host().len();
        !authority.host().is_empty() && !text.contains('@') && (!has_port || authority.port_u16().is_some())
    };
    if !text.parse::<Authority>().is_ok_and(|authority| is_sound(&authority)) {
        return Err(PatternFault::new(scheme.len()..end, format!("`{text}` is no host"))
            .help("write a name, and a port where there is one: `https://example.com:8443/new`"));
    }
    Ok(&template[..end])
}

fn parse_query(query: &str, pattern: &PathPattern) -> Result<Vec<Part>, PatternFault> {
    let (mut parts, mut at) = (Vec::new(), 0);
    while at < query.len() {
        let (part, len) = parse_part(&query[at..], pattern, check_query).map_err(|fault| fault.moved(at))?;
        parts.push(part);
        at += len;
    }
    Ok(parts)
}

/// Literal text of a query (RFC 3986 §3.4).
fn check_query(text: &str) -> Result<(), PatternFault> {
    for (at, character) in text.char_indices() {
        let range = at..at + character.len_utf8();
        let escapes = || text.as_bytes().get(at + 1..at + 3).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit));
        match character {
            '#' => return Err(PatternFault::new(range, "an address here has no fragment")),
            '%' if !escapes() => {
                let fault = PatternFault::new(range, "a `%` is followed by two hexadecimal digits");
                return Err(fault.help("write `%25` for the character itself"));
            }
            '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}' => {
                return Err(PatternFault::new(range, format!("`{character}` does not stand in a query"))
                    .help("percent-encode it"));
            }
            '!'..='~' => {}
            _ => return Err(PatternFault::new(range, "a query is visible ASCII").help("percent-encode it")),
        }
    }
    Ok(())
}
