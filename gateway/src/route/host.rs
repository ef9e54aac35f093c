//! The host that a route asks for.
use std::{cmp::Reverse, net::Ipv6Addr};

use super::PatternFault;

#[cfg(test)]
mod tests;

/// `api.example.com`, `*.example.com` (one label or more before it), `127.0.0.1` or `[::1]`; lower case, no port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPattern {
    text: Box<str>,
}

/// A host's part of the precedence: an exact one, then wildcards from the longest to the shortest, then none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum HostRank {
    /// `api.example.com`.
    Exact(Box<str>),
    /// `*.example.com`: the number of labels after the `*`, and `example.com`.
    Wildcard(Reverse<usize>, Box<str>),
    /// No host is asked for.
    Any,
}

impl HostPattern {
    /// Reads a host; upper case is taken and lowered, as hosts compare without case.
    pub fn parse(text: &str) -> Result<Self, PatternFault> {
        let whole = 0..text.len();
        if text.is_empty() {
            return Err(PatternFault::new(whole, "a host is missing").help("leave `host` out for every host"));
        }
        if let Some(scheme) = text.find("://") {
            let rest = text[scheme + 3..].split('/').next().unwrap_or_default();
            let fault = PatternFault::new(0..scheme + 3, "a host has no scheme");
            return Err(fault.help(format!("write `{rest}`")));
        }
        let text = if text.starts_with('[') || text.parse::<Ipv6Addr>().is_ok() {
            check_ipv6(text)?
        } else {
            check_name(text)?;
            text.to_ascii_lowercase()
        };
        Ok(Self { text: text.into() })
    }

    /// In lower case, an IPv6 address in its shortest form.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn rank(&self) -> HostRank {
        match self.text.strip_prefix("*.") {
            Some(suffix) => HostRank::Wildcard(Reverse(suffix.split('.').count()), suffix.into()),
            None => HostRank::Exact(self.text.clone()),
        }
    }
}

/// RFC 3986 §3.2.2: an IPv6 address stands in brackets. RFC 5952: it has one shortest form, which is compared.
fn check_ipv6(text: &str) -> Result<String, PatternFault> {
    let Some(inner) = text.strip_prefix('[') else {
        let fault = PatternFault::new(0..text.len(), "an IPv6 address stands in brackets");
        return Err(fault.help(format!("write `[{text}]`")));
    };
    let Some((address, rest)) = inner.split_once(']') else {
        return Err(PatternFault::new(0..text.len(), "this bracket is not closed"));
    };
    if !rest.is_empty() {
        let at = text.len() - rest.len()..text.len();
        return Err(
            PatternFault::new(at, "a host ends with the bracket: it has no port").help(format!("write `[{address}]`"))
        );
    }
    match address.parse::<Ipv6Addr>() {
        Ok(address) => Ok(format!("[{address}]")),
        Err(_) => Err(PatternFault::new(1..1 + address.len(), "this is not an IPv6 address")),
    }
}

/// RFC 1123 §2.1 and, for the `_` that container networks put into names, RFC 2181 §11.
fn check_name(text: &str) -> Result<(), PatternFault> {
    if text == "*" {
        return Err(PatternFault::new(0..1, "`*` stands before a domain: `*.example.com`")
            .help("leave `host` out for every host"));
    }
    if let Some(colon) = text.find(':') {
        return Err(
            PatternFault::new(colon..text.len(), "a host has no port").help(format!("write `{}`", &text[..colon]))
        );
    }
    if let Some(bare) = text.strip_suffix('.') {
        return Err(PatternFault::new(bare.len()..text.len(), "a host is written without the last dot")
            .help(format!("write `{bare}`")));
    }
    if text.len() > 253 {
        return Err(PatternFault::new(0..text.len(), "a host has at most 253 characters"));
    }
    let mut start = 0;
    for label in text.split('.') {
        if !(label == "*" && start == 0) {
            check_label(label).map_err(|fault| fault.moved(start))?;
        }
        start += label.len() + 1;
    }
    Ok(())
}

fn check_label(label: &str) -> Result<(), PatternFault> {
    let whole = 0..label.len();
    for (at, character) in label.char_indices() {
        let range = at..at + character.len_utf8();
        match character {
            '-' | '_' | 'a'..='z' | 'A'..='Z' | '0'..='9' => {}
            '*' => {
                return Err(PatternFault::new(range, "`*` stands only for whole labels at the front")
                    .help("write `*.example.com`"));
            }
            '/' => {
                return Err(PatternFault::new(range, "a host has no path").help("the path stands in `match`"));
            }
            _ if !character.is_ascii() => {
                return Err(PatternFault::new(range, format!("`{character}` is not ASCII"))
                    .help("write the name in its `xn--` form"));
            }
            _ => {
                return Err(PatternFault::new(range, format!("`{}` is not part of a host", character.escape_debug())));
            }
        }
    }
    if label.is_empty() {
        return Err(PatternFault::new(whole, "a label is empty"));
    }
    if label.len() > 63 {
        return Err(PatternFault::new(whole, "a label has at most 63 characters"));
    }
    if label.starts_with('-') || label.ends_with('-') {
        return Err(PatternFault::new(whole, "a label begins and ends with a letter or a digit"));
    }
    Ok(())
}
