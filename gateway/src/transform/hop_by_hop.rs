//! Fields that are about one connection, not about the message (RFC 9110 §7.6.1): none of them is passed on.
use http::{HeaderMap, HeaderName, HeaderValue, header};
use smallvec::SmallVec;

use crate::tunnel::handshake;

/// Removes them, and those that `Connection` names, before anything of our own is written: so a client can't name one
/// of ours (CVE-2024-45410). `TE` keeps `trailers`, which gRPC needs. Tells whether a WebSocket was asked for: no other
/// `Upgrade` is ever passed on.
pub(crate) fn remove(fields: &mut HeaderMap) -> bool {
    // Most messages have none of them: a look at each name is cheaper than a look-up of each of ours.
    if !fields.keys().any(is_hop_by_hop) {
        return false;
    }
    let present: SmallVec<[HeaderName; 4]> = fields.keys().filter(|name| is_hop_by_hop(name)).cloned().collect();
    let asks_for_websocket = present.contains(&header::UPGRADE) && handshake::asks(fields);
    if present.contains(&header::CONNECTION) {
        remove_named(fields);
    }
    let keeps_trailers = present.contains(&header::TE) && asks_for_trailers(fields);
    for name in present {
        fields.remove(name);
    }
    if keeps_trailers {
        fields.insert(header::TE, HeaderValue::from_static("trailers"));
    }
    asks_for_websocket
}

static HOP_BY_HOP: [HeaderName; 9] = [
    header::CONNECTION,
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    HeaderName::from_static("http2-settings"),
];

/// By length and first letter first: that tells nearly every other name apart.
#[inline]
fn is_hop_by_hop(name: &HeaderName) -> bool {
    let text = name.as_str().as_bytes();
    let may_be = match text.len() {
        2 | 17 => text[0] == b't',
        7 => text[0] == b'u',
        10 => matches!(text[0], b'c' | b'k'),
        14 => text[0] == b'h',
        16 | 18 | 19 => text[0] == b'p',
        _ => false,
    };
    may_be && HOP_BY_HOP.contains(name)
}

fn asks_for_trailers(fields: &HeaderMap) -> bool {
    let items = fields.get_all(header::TE).iter().flat_map(|value| value.as_bytes().split(|&b| b == b','));
    items.into_iter().any(|item| item.trim_ascii().eq_ignore_ascii_case(b"trailers"))
}

fn remove_named(fields: &mut HeaderMap) {
    let named: Vec<HeaderName> = fields
        .get_all(header::CONNECTION)
        .iter()
        .flat_map(|value| value.as_bytes().split(|&b| b == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|name| !name.eq_ignore_ascii_case(b"close") && !name.eq_ignore_ascii_case(b"keep-alive"))
        .filter_map(|name| HeaderName::from_bytes(name).ok())
        // What frames the message and what routes it can't be optional, and `te: trailers` is decided above.
        .filter(|name| ![header::HOST, header::CONTENT_LENGTH, header::TE].contains(name))
        .collect();
    for name in named {
        fields.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(given: &[(&'static str, &'static str)], expected: &[(&str, &str)]) {
        let mut fields = HeaderMap::new();
        for (name, value) in given {
            fields.append(*name, HeaderValue::from_static(value));
        }
        remove(&mut fields);
        let left: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        assert_eq!(left, expected, "{given:?}");
    }

    #[test]
    fn what_is_about_the_connection_stays_on_it() {
        check(&[("host", "a"), ("connection", "keep-alive"), ("keep-alive", "timeout=5")], &[("host", "a")]);
        check(&[("connection", "Upgrade, HTTP2-Settings"), ("upgrade", "h2c"), ("http2-settings", "AAMAAABk")], &[]);
        check(&[("te", "gzip"), ("proxy-connection", "keep-alive")], &[]);
        check(&[("te", "gzip, Trailers"), ("connection", "te")], &[("te", "trailers")]);
    }

    #[test]
    fn what_connection_names_goes_with_it() {
        check(
            &[
                ("connection", "close, X-User-Id"),
                ("connection", "x-b"),
                ("x-user-id", "7"),
                ("x-b", "1"),
                ("x-c", "2"),
            ],
            &[("x-c", "2")],
        );
        check(&[("connection", "host, content-length"), ("host", "a")], &[("host", "a")]);
    }
}
