//! The names of fields, read.
use http::{HeaderName, header};

/// The field's name; `None` for what is no token. Those that nearly every message has, in one of the two ways that nearly
/// every sender writes them, are told apart at once: it is half of what reading a name costs.
pub(super) fn name(text: &[u8]) -> Option<HeaderName> {
    Some(match text {
        b"Accept" | b"accept" => header::ACCEPT,
        b"Accept-Encoding" | b"accept-encoding" => header::ACCEPT_ENCODING,
        b"Accept-Language" | b"accept-language" => header::ACCEPT_LANGUAGE,
        b"Authorization" | b"authorization" => header::AUTHORIZATION,
        b"Cache-Control" | b"cache-control" => header::CACHE_CONTROL,
        b"Connection" | b"connection" => header::CONNECTION,
        b"Content-Encoding" | b"content-encoding" => header::CONTENT_ENCODING,
        b"Content-Length" | b"content-length" => header::CONTENT_LENGTH,
        b"Content-Type" | b"content-type" => header::CONTENT_TYPE,
        b"Cookie" | b"cookie" => header::COOKIE,
        b"Date" | b"date" => header::DATE,
        b"ETag" | b"etag" => header::ETAG,
        b"Host" | b"host" => header::HOST,
        b"Last-Modified" | b"last-modified" => header::LAST_MODIFIED,
        b"Origin" | b"origin" => header::ORIGIN,
        b"Referer" | b"referer" => header::REFERER,
        b"Server" | b"server" => header::SERVER,
        b"Set-Cookie" | b"set-cookie" => header::SET_COOKIE,
        b"Transfer-Encoding" | b"transfer-encoding" => header::TRANSFER_ENCODING,
        b"User-Agent" | b"user-agent" => header::USER_AGENT,
        b"Vary" | b"vary" => header::VARY,
        _ => return HeaderName::from_bytes(text).ok(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_the_library_takes_it_for() {
        let lines = include_str!("names.rs").lines();
        let quoted =
            lines.take_while(|line| !line.contains("_ => return")).flat_map(|line| line.split('"').skip(1).step_by(2));
        let listed: Vec<&str> = quoted.collect();
        assert!(listed.len() >= 42, "{listed:?}");
        let others = ["x-request-id", "HOST", "hOST", "etaG", "", "a b", "host\0", "content-lengtH", "\u{e4}"];
        for text in listed.into_iter().chain(others) {
            assert_eq!(name(text.as_bytes()), HeaderName::from_bytes(text.as_bytes()).ok(), "{text:?}");
        }
    }
}
