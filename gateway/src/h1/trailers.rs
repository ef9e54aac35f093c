//! Which trailers go on (RFC 9110 §6.5.1): none that frames, routes, authenticates or names a caller.
use http::{HeaderMap, HeaderName, header};

/// Fields that mean something before a body, never after it.
const REFUSED: [HeaderName; 24] = [
    header::AUTHORIZATION,
    header::CACHE_CONTROL,
    header::CONNECTION,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_RANGE,
    header::CONTENT_TYPE,
    header::COOKIE,
    header::EXPECT,
    header::FORWARDED,
    header::HOST,
    HeaderName::from_static("keep-alive"),
    header::LOCATION,
    header::MAX_FORWARDS,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    HeaderName::from_static("proxy-connection"),
    header::SET_COOKIE,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::VIA,
    header::WWW_AUTHENTICATE,
];

/// Prefixes of the names by which a gateway tells a service who calls, with `_` read as `-`.
const REFUSED_PREFIXES: [&str; 5] = ["x-forwarded-", "x-real-ip", "x-request-id", "x-user-", "traceparent"];

/// Discards the trailers that a recipient could take for header fields.
pub(crate) fn discard_refused(trailers: &mut HeaderMap) {
    let refused: Vec<HeaderName> = trailers.keys().filter(|name| is_refused(name)).cloned().collect();
    for name in refused {
        trailers.remove(name);
    }
}

fn is_refused(name: &HeaderName) -> bool {
    let dashed = name.as_str().replace('_', "-");
    REFUSED.iter().any(|refused| refused.as_str() == dashed)
        || REFUSED_PREFIXES.iter().any(|prefix| dashed.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_trailer_can_neither_frame_nor_impersonate() {
        let names = ["content-length", "host", "authorization", "x-user-id", "x_user_id", "x-forwarded-for"];
        let mut trailers = HeaderMap::new();
        for name in names.into_iter().chain(["grpc-status", "x-checksum"]) {
            trailers.append(name, HeaderValue::from_static("1"));
        }
        discard_refused(&mut trailers);
        let mut left: Vec<_> = trailers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["grpc-status", "x-checksum"]);
    }
}
