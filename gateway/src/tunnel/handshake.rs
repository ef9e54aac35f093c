//! Who asks for a WebSocket, and whether an upstream has agreed to one (RFC 6455 §4, RFC 9110 §7.8).
use http::{HeaderMap, HeaderName, Method, Request, Version, header};

use crate::body::Body;

/// Whether a request could become a WebSocket: what asks for it is looked at by [`asks`].
pub(crate) fn may_upgrade(request: &Request<Body>) -> bool {
    *request.method() == Method::GET
        && request.version() == Version::HTTP_11
        && http_body::Body::is_end_stream(request.body())
}

/// Whether these fields ask for a WebSocket; any other protocol beside it is not offered to the upstream.
pub(crate) fn asks(fields: &HeaderMap) -> bool {
    has(fields, &header::UPGRADE, "websocket") && has(fields, &header::CONNECTION, "upgrade")
}

/// Whether the fields of a 101 switch to a WebSocket, and to nothing else.
pub(crate) fn agrees(fields: &HeaderMap) -> bool {
    let mut protocols = fields.get_all(header::UPGRADE).iter();
    let is_one = |value: &http::HeaderValue| value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"websocket");
    protocols.next().is_some_and(is_one) && protocols.next().is_none() && has(fields, &header::CONNECTION, "upgrade")
}

fn has(fields: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let items = fields.get_all(name).iter().flat_map(|value| value.as_bytes().split(|&byte| byte == b','));
    items.into_iter().any(|item| item.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_websocket_is_asked_for_in_two_fields() {
        let check = |given: &[(&'static str, &'static str)], asked: bool, agreed: bool| {
            let given_fields = given.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            let fields: HeaderMap = given_fields.collect();
            assert_eq!((asks(&fields), agrees(&fields)), (asked, agreed), "{given:?}");
        };
        check(&[("upgrade", "websocket"), ("connection", "upgrade")], true, true);
        check(&[("upgrade", "WebSocket"), ("connection", "keep-alive, Upgrade")], true, true);
        check(&[("upgrade", "websocket"), ("connection", "keep-alive"), ("connection", "upgrade")], true, true);
        check(&[("upgrade", "h2c, websocket"), ("connection", "upgrade")], true, false);
        check(&[("upgrade", "websocket"), ("upgrade", "h2c"), ("connection", "upgrade")], true, false);
        check(&[("upgrade", "websocket")], false, false);
        check(&[("upgrade", "websocket"), ("connection", "close")], false, false);
        check(&[("upgrade", "websockets"), ("connection", "upgrade")], false, false);
        check(&[("upgrade", "h2c"), ("connection", "upgrade, http2-settings")], false, false);
        check(&[("connection", "upgrade")], false, false);
    }
}
