//! The Host field: one that names a host, and its parts.
use http::{HeaderValue, Version, uri::Authority};

use super::Seen;
use crate::{h1::framing, rejection::Rejection};

/// Exactly one Host that names a host (RFC 9112 §3.2); HTTP/1.0 may have none.
pub(super) fn check_host(version: Version, seen: &Seen) -> Result<(), Rejection> {
    let invalid = |why: &'static str| Err(Rejection::HostInvalid(why.into()));
    match seen.hosts {
        1 if seen.is_host_sound => Ok(()),
        1 => invalid("The Host field is no host, or no host and port."),
        0 if version == Version::HTTP_10 => Ok(()),
        0 => invalid("The request has no Host field."),
        _ => invalid("The request has more than one Host field."),
    }
}

/// Whether `text` is `uri-host [":" port]` (RFC 9110 §7.2) without user info, the port at most 65535.
pub(crate) fn is_host(text: &[u8]) -> bool {
    let (host, port) = match text.iter().rposition(|&b| b == b':') {
        Some(colon) if text.last() != Some(&b']') => (&text[..colon], Some(&text[colon + 1..])),
        _ => (text, None),
    };
    // An empty port is the scheme's own (RFC 9110 §4.2.3).
    let port_is_sound =
        port.is_none_or(|port| port.is_empty() || framing::decimal(port).is_some_and(|port| port <= 65535));
    let host_is_sound = match host {
        [b'[', literal @ .., b']'] => {
            str::from_utf8(literal).is_ok_and(|literal| literal.parse::<std::net::Ipv6Addr>().is_ok())
        }
        [] => false,
        name => name.iter().all(|&b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~')),
    };
    port_is_sound && host_is_sound
}

/// The host of a Host field, without its port.
pub(crate) fn host_name(host: &str) -> &str {
    match host.rfind(':') {
        Some(colon) if !host.ends_with(']') => &host[..colon],
        _ => host,
    }
}

/// The authority of an upstream as a Host value.
pub(crate) fn host_value(authority: &str) -> Option<HeaderValue> {
    let authority: Authority = authority.parse().ok()?;
    HeaderValue::from_str(authority.as_str()).ok()
}
