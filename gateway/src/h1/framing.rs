//! Where a message's body ends (RFC 9112 §6), decided strictly: whatever two parsers could read differently is refused.
use super::head::Seen;
use http::{Method, StatusCode, Version};

/// How a body is delimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Length {
    /// Exactly this many bytes; 0 is no body.
    Known(u64),
    /// The chunked coding.
    Chunked,
    /// Until the connection closes; only an answer may do so.
    UntilClose,
}

/// Why a message's framing is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FramingFault {
    #[error("Content-Length and Transfer-Encoding in one message")]
    LengthAndCoding,
    #[error("more than one Content-Length")]
    SeveralLengths,
    #[error("a Content-Length that is not a plain decimal number")]
    BadLength,
    #[error("a Transfer-Encoding other than exactly one `chunked`")]
    BadCoding,
    #[error("Transfer-Encoding in an HTTP/1.0 message")]
    CodingInOldVersion,
}

/// Where a request's body ends.
pub(crate) fn of_request(version: Version, seen: &Seen) -> Result<Length, FramingFault> {
    Ok(declared(version, seen)?.unwrap_or(Length::Known(0)))
}

/// Where the body of the answer to a `method` request ends.
pub(crate) fn of_response(
    method: &Method,
    status: StatusCode,
    version: Version,
    seen: &Seen,
) -> Result<Length, FramingFault> {
    let declared = declared(version, seen)?;
    let bodiless = method == Method::HEAD
        || status.is_informational()
        || status == StatusCode::NO_CONTENT
        || status == StatusCode::NOT_MODIFIED;
    if bodiless { Ok(Length::Known(0)) } else { Ok(declared.unwrap_or(Length::UntilClose)) }
}

/// What the fields say, `None` when they say nothing.
fn declared(version: Version, seen: &Seen) -> Result<Option<Length>, FramingFault> {
    match (seen.codings, seen.lengths) {
        (0, 0) => Ok(None),
        (1.., 1..) => Err(FramingFault::LengthAndCoding),
        (0, 2..) => Err(FramingFault::SeveralLengths),
        (0, 1) => seen.length.map(|length| Some(Length::Known(length))).ok_or(FramingFault::BadLength),
        (_, 0) if version == Version::HTTP_10 => Err(FramingFault::CodingInOldVersion),
        (1, 0) if seen.is_chunked => Ok(Some(Length::Chunked)),
        (_, 0) => Err(FramingFault::BadCoding),
    }
}

/// `1*DIGIT` (RFC 9110 §8.6) of at most 19 digits, so that it fits 64 bits; no sign, no list, no space.
pub(crate) fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 19 {
        return None;
    }
    text.iter().try_fold(0u64, |value, &byte| byte.is_ascii_digit().then(|| value * 10 + u64::from(byte - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(version: Version, lines: &[(&str, &str)], expected: Result<Length, FramingFault>) {
        let mut seen = Seen::default();
        for (name, value) in lines {
            seen.note(&http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.as_bytes());
        }
        assert_eq!(of_request(version, &seen), expected, "{version:?} {lines:?}");
    }

    #[test]
    fn a_request_ends_where_exactly_one_field_says() {
        use FramingFault::*;
        let check = |lines: &[(&str, &str)], expected| check(Version::HTTP_11, lines, expected);
        check(&[], Ok(Length::Known(0)));
        check(&[("content-length", "0")], Ok(Length::Known(0)));
        check(&[("content-length", "0012")], Ok(Length::Known(12)));
        check(&[("transfer-encoding", "Chunked")], Ok(Length::Chunked));
        check(&[("content-length", "5"), ("content-length", "5")], Err(SeveralLengths));
        check(&[("content-length", "5"), ("content-length", "6")], Err(SeveralLengths));
        for bad in ["", "+5", "-1", "0x5", "1_0", "5, 6", "5,5", "5 ", "12345678901234567890"] {
            check(&[("content-length", bad)], Err(BadLength));
        }
        check(&[("content-length", "6"), ("transfer-encoding", "chunked")], Err(LengthAndCoding));
        for bad in ["identity", "gzip, chunked", "chunked, identity", "xchunked", "chunked,chunked", "", "\"chunked\""]
        {
            check(&[("transfer-encoding", bad)], Err(BadCoding));
        }
        check(&[("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")], Err(BadCoding));
    }

    #[test]
    fn an_old_version_has_no_transfer_coding() {
        check(Version::HTTP_10, &[("transfer-encoding", "chunked")], Err(FramingFault::CodingInOldVersion));
    }

    #[test]
    fn an_answer_without_a_length_ends_with_the_connection() {
        let of = |method, status| of_response(&method, status, Version::HTTP_11, &Seen::default());
        assert_eq!(of(Method::GET, StatusCode::OK), Ok(Length::UntilClose));
        assert_eq!(of(Method::HEAD, StatusCode::OK), Ok(Length::Known(0)));
        assert_eq!(of(Method::GET, StatusCode::NO_CONTENT), Ok(Length::Known(0)));
        assert_eq!(of(Method::GET, StatusCode::NOT_MODIFIED), Ok(Length::Known(0)));
    }
}
