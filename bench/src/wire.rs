//! As much of HTTP as the load and the origin need: where a message ends, and how much body it had.

mod chunked;
pub mod h2;

pub use chunked::Chunked;

/// Heads longer than this are refused.
pub const HEAD_LIMIT: usize = 16 * 1024;

const MAX_HEADERS: usize = 64;

/// Why bytes are not a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// httparse refuses the head.
    #[error("a malformed head")]
    Head,
    /// The head does not end within [`HEAD_LIMIT`].
    #[error("a head of more than 16 KiB")]
    HeadTooLong,
    /// A Content-Length that is no number.
    #[error("a Content-Length that is no number")]
    Length,
    /// A chunk size that is no number, or one without its line end.
    #[error("a malformed chunk")]
    Chunk,
    /// A frame of HTTP/2 that is none.
    #[error("a malformed frame")]
    Frame,
    /// An answer whose end only the connection's end would tell.
    #[error("an answer without a length")]
    NoLength,
}

/// What is still to come of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// So many more bytes.
    Length(u64),
    /// Chunks, up to the last one and its trailers.
    Chunked(Chunked),
}

/// What [`Body::feed`] has done with the bytes it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fed {
    /// How many belong to this message.
    pub used: usize,
    /// How many of these are content rather than chunk sizes.
    pub content: u64,
}

impl Body {
    /// Takes the bytes that belong to this body.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Fed, Malformed> {
        match self {
            Self::Length(left) => {
                let used = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= used as u64;
                Ok(Fed { used, content: used as u64 })
            }
            Self::Chunked(chunked) => chunked.feed(bytes),
        }
    }

    /// Whether the body is complete.
    pub fn is_done(&self) -> bool {
        match self {
            Self::Length(left) => *left == 0,
            Self::Chunked(chunked) => chunked.is_done(),
        }
    }
}

/// A request's head, of which the origin wants to know this much.
#[derive(Debug, PartialEq, Eq)]
pub struct RequestHead<'a> {
    /// Bytes up to and with the empty line.
    pub length: usize,
    /// The method.
    pub method: &'a str,
    /// The target as it was sent.
    pub target: &'a str,
    /// What follows the head.
    pub body: Body,
    /// Whether `Connection: close` was said.
    pub close: bool,
}

/// An answer's head.
#[derive(Debug, PartialEq, Eq)]
pub struct ResponseHead {
    /// Bytes up to and with the empty line.
    pub length: usize,
    /// The status code.
    pub status: u16,
    /// What follows the head.
    pub body: Body,
    /// Whether `Connection: close` was said.
    pub close: bool,
}

/// The head at the start of `bytes`, or `None` while it is incomplete.
pub fn request(bytes: &[u8]) -> Result<Option<RequestHead<'_>>, Malformed> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let Some(length) = complete(request.parse(bytes), bytes)? else {
        return Ok(None);
    };
    let (body, close) = framing(request.headers)?;
    let (Some(method), Some(target)) = (request.method, request.path) else {
        return Err(Malformed::Head);
    };
    Ok(Some(RequestHead { length, method, target, body: body.unwrap_or(Body::Length(0)), close }))
}

/// The head at the start of `bytes`, or `None` while it is incomplete.
pub fn response(bytes: &[u8]) -> Result<Option<ResponseHead>, Malformed> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let Some(length) = complete(response.parse(bytes), bytes)? else {
        return Ok(None);
    };
    let (body, close) = framing(response.headers)?;
    let status = response.code.ok_or(Malformed::Head)?;
    Ok(Some(ResponseHead { length, status, body: body.ok_or(Malformed::NoLength)?, close }))
}

fn complete(parsed: httparse::Result<usize>, bytes: &[u8]) -> Result<Option<usize>, Malformed> {
    match parsed {
        Ok(httparse::Status::Complete(length)) => Ok(Some(length)),
        Ok(httparse::Status::Partial) if bytes.len() < HEAD_LIMIT => Ok(None),
        Ok(httparse::Status::Partial) => Err(Malformed::HeadTooLong),
        Err(_) => Err(Malformed::Head),
    }
}

fn framing(headers: &[httparse::Header<'_>]) -> Result<(Option<Body>, bool), Malformed> {
    let (mut body, mut close) = (None, false);
    for header in headers {
        // The length of a name is cheaper to compare than the name.
        match header.name.len() {
            10 if header.name.eq_ignore_ascii_case("connection") => {
                close |= header.value.eq_ignore_ascii_case(b"close");
            }
            14 if header.name.eq_ignore_ascii_case("content-length") => {
                let length = std::str::from_utf8(header.value).ok().and_then(|value| value.parse().ok());
                body = Some(Body::Length(length.ok_or(Malformed::Length)?));
            }
            17 if header.name.eq_ignore_ascii_case("transfer-encoding") => {
                return Ok((Some(Body::Chunked(Chunked::default())), close));
            }
            _ => {}
        }
    }
    Ok((body, close))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests() {
        let check = |bytes: &str, expected: Option<(&str, &str, Body, bool)>| {
            let head = request(bytes.as_bytes()).unwrap();
            assert_eq!(head.map(|h| (h.method, h.target, h.body, h.close)), expected, "{bytes:?}");
        };
        let chunked = Body::Chunked(Chunked::default());
        check("GET /small HTTP/1.1\r\nHost: a\r\n\r\n", Some(("GET", "/small", Body::Length(0), false)));
        check("GET / HTTP/1.1\r\nConnection: Close\r\n\r\n", Some(("GET", "/", Body::Length(0), true)));
        check("POST / HTTP/1.1\r\ncontent-length: 12\r\n\r\n", Some(("POST", "/", Body::Length(12), false)));
        check("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", Some(("POST", "/", chunked, false)));
        check("GET /small HT", None);
        check("", None);
    }

    #[test]
    fn what_is_refused() {
        assert_eq!(request(b"GET\x01/ HTTP/1.1\r\n\r\n"), Err(Malformed::Head));
        assert_eq!(request(b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n"), Err(Malformed::Length));
        assert_eq!(response(b"HTTP/1.1 200 OK\r\n\r\n"), Err(Malformed::NoLength));
        let endless = ["GET / HTTP/1.1\r\nA: ", &"a".repeat(HEAD_LIMIT)].concat();
        assert_eq!(request(endless.as_bytes()), Err(Malformed::HeadTooLong));
    }

    #[test]
    fn a_body_leaves_what_is_not_its_own() {
        let mut body = Body::Length(3);
        assert_eq!(body.feed(b"ab"), Ok(Fed { used: 2, content: 2 }));
        assert!(!body.is_done());
        assert_eq!(body.feed(b"cHTTP/1.1"), Ok(Fed { used: 1, content: 1 }));
        assert!(body.is_done());
    }
}
