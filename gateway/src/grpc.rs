//! What is to be known of gRPC by who passes it on: which requests are calls, and how a failure is told to one
//! (<https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>).
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};

use crate::h1::framing;

/// How a call ended: a number.
pub(crate) const STATUS: HeaderName = HeaderName::from_static("grpc-status");
/// And why, for people.
pub(crate) const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");

/// How long a call may take.
const TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
/// Digits that it has at most.
const TIMEOUT_DIGITS: usize = 8;

/// Whether a request is a call. gRPC-Web is another protocol, whose answers have their trailers in the body.
pub(crate) fn is_call<B>(request: &Request<B>) -> bool {
    // Every call is a POST: so other requests are not asked for their type.
    *request.method() == Method::POST
        && request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|media_type| media_type.as_bytes().strip_prefix(b"application/grpc"))
            .is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';' | b' ')))
}

/// How long a call may take, as its client says: up to eight digits and a unit. Anything else says nothing, and is for the
/// service to judge, as with Envoy.
pub(crate) fn timeout(fields: &HeaderMap) -> Option<Duration> {
    let (unit, digits) = fields.get(TIMEOUT)?.as_bytes().split_last()?;
    let number = framing::decimal(digits).filter(|_| digits.len() <= TIMEOUT_DIGITS)?;
    match unit {
        b'H' => Some(Duration::from_secs(number * 3600)),
        b'M' => Some(Duration::from_secs(number * 60)),
        b'S' => Some(Duration::from_secs(number)),
        b'm' => Some(Duration::from_millis(number)),
        b'u' => Some(Duration::from_micros(number)),
        b'n' => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

/// How a call ends whose answer has begun, by a failure of this status.
pub(crate) fn trailers(status: StatusCode, text: &str) -> HeaderMap {
    HeaderMap::from_iter([(STATUS, self::status(status).into()), (MESSAGE, message(text))])
}

/// What a status of HTTP is as one of gRPC.
pub(crate) fn status(status: StatusCode) -> u16 {
    match status.as_u16() {
        401 => 16,             // UNAUTHENTICATED
        403 => 7,              // PERMISSION_DENIED
        404 | 405 => 12,       // UNIMPLEMENTED
        408 | 504 => 4,        // DEADLINE_EXCEEDED
        413 | 429 | 431 => 8,  // RESOURCE_EXHAUSTED
        421 | 502 | 503 => 14, // UNAVAILABLE
        400..500 => 3,         // INVALID_ARGUMENT
        _ => 13,               // INTERNAL
    }
}

/// A sentence as a value: what is not visible ASCII, and `%`, is percent-encoded.
pub(crate) fn message(text: &str) -> HeaderValue {
    let mut value = Vec::with_capacity(text.len());
    for byte in text.bytes() {
        if matches!(byte, b' '..=b'~') && byte != b'%' {
            value.push(byte);
        } else {
            value.push(b'%');
            value.extend([byte >> 4, byte & 15].map(|digit| b"0123456789ABCDEF"[usize::from(digit)]));
        }
    }
    HeaderValue::from_maybe_shared(value).expect("visible ASCII is a value")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_a_post_of_its_type() {
        let check = |method: &str, media_type: &str, expected: bool| {
            let request = Request::builder().method(method).header("content-type", media_type).body(()).unwrap();
            assert_eq!(is_call(&request), expected, "{method} {media_type}");
        };
        check("POST", "application/grpc", true);
        check("POST", "application/grpc+proto", true);
        check("POST", "application/grpc; charset=utf-8", true);
        check("GET", "application/grpc", false);
        check("POST", "application/grpc-web+proto", false);
        check("POST", "application/json", false);
    }

    #[test]
    fn a_timeout_is_digits_and_a_unit() {
        let check = |written: &str, expected: Option<Duration>| {
            let fields = HeaderMap::from_iter([(TIMEOUT, HeaderValue::from_str(written).unwrap())]);
            assert_eq!(timeout(&fields), expected, "{written}");
        };
        check("99999999H", Some(Duration::from_hours(99_999_999)));
        check("2M", Some(Duration::from_mins(2)));
        check("30S", Some(Duration::from_secs(30)));
        check("00000250m", Some(Duration::from_millis(250)));
        check("7u", Some(Duration::from_micros(7)));
        check("0n", Some(Duration::ZERO));
        for written in ["", "5", "S", "000000001S", "-1S", "+1S", "1.5S", "1 S", " 1S", "1s", "1h", "1ms", "1SS"] {
            check(written, None);
        }
        assert_eq!(timeout(&HeaderMap::new()), None);
    }

    #[test]
    fn a_status_is_told_as_calls_know_it() {
        let told = [401, 403, 404, 429, 502, 503, 504].map(|code| status(StatusCode::from_u16(code).unwrap()));
        assert_eq!(told, [16, 7, 12, 8, 14, 14, 4]);
    }

    #[test]
    fn a_message_is_visible_ascii() {
        assert_eq!(message("a 100 % ü\n"), "a 100 %25 %C3%BC%0A");
    }
}
