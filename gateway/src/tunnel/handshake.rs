//! Who asks for a WebSocket, and whether an upstream has agreed to one (RFC 6455 §4, RFC 9110 §7.8).
use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Version, header, request};

use crate::body::Body;

/// Whether a request could become a WebSocket: what asks for it is looked at by [`asks`].
pub(crate) fn may_upgrade(request: &Request<Body>) -> bool {
    *request.method() == Method::GET
        && (request.version() == Version::HTTP_11 || request.extensions().get::<Accept>().is_some())
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

/// What an upstream has to answer to a key that the gateway has made: over HTTP/2 a client shows none.
#[derive(Debug, Clone)]
pub(crate) struct Accept(Box<str>);

/// Makes of a request for a WebSocket over HTTP/2 (RFC 8441 §5) what it is over HTTP/1.1, with a key of our own.
pub(crate) fn ask(head: &mut request::Parts) {
    let key = STANDARD.encode(fastrand::u128(..).to_ne_bytes());
    head.method = Method::GET;
    head.extensions.insert(Accept::to(key.as_bytes()));
    for (name, value) in [(header::UPGRADE, "websocket"), (header::CONNECTION, "upgrade")] {
        head.headers.insert(name, HeaderValue::from_static(value));
    }
    let key = HeaderValue::try_from(key).expect("base64 is visible ASCII");
    head.headers.insert(header::SEC_WEBSOCKET_KEY, key);
}

impl Accept {
    /// RFC 6455 §4.2.2, 5.4.
    fn to(key: &[u8]) -> Self {
        let mut hashed = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
        hashed.update(key);
        hashed.update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
        Self(STANDARD.encode(hashed.finish()).into())
    }

    /// Whether the fields of a 101 have it, once.
    pub(crate) fn is_in(&self, fields: &HeaderMap) -> bool {
        let mut values = fields.get_all(header::SEC_WEBSOCKET_ACCEPT).iter();
        values.next().is_some_and(|value| value.as_bytes().trim_ascii() == self.0.as_bytes()) && values.next().is_none()
    }
}

fn has(fields: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let items = fields.get_all(name).iter().flat_map(|value| value.as_bytes().split(|&byte| byte == b','));
    items.into_iter().any(|item| item.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6455 §1.3.
    #[test]
    fn a_key_has_one_answer() {
        let accept = Accept::to(b"dGhlIHNhbXBsZSBub25jZQ==");
        let check = |values: &[&'static str], expected: bool| {
            let fields = values.iter().map(|value| (header::SEC_WEBSOCKET_ACCEPT, HeaderValue::from_static(value)));
            assert_eq!(accept.is_in(&fields.collect()), expected, "{values:?}");
        };
        check(&["s3pPLMBiTxaQ9kYGzzhZRbK+xOo="], true);
        check(&["s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="], false);
        check(&["S3pPLMBiTxaQ9kYGzzhZRbK+xOo="], false);
        check(&[], false);
    }

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
