//! A request's head as HTTP/2 says it, and an answer's as the walk knows it.
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, Version, header, uri};

use crate::{
    h1::{
        client::Head,
        framing::{self, Length},
        head::{ResponseHead, Seen},
    },
    rejection::Rejection,
};

impl Head {
    /// The request to `host`, without its body, for a connection that is TLS or not (RFC 9113 §8.3.1).
    pub(crate) fn to_http2(&self, host: &HeaderValue, is_tls: bool) -> Result<Request<()>, Rejection> {
        let mut request = self.to_request(host)?;
        request.headers_mut().remove(header::HOST);
        let authority = uri::Authority::try_from(host.as_bytes());
        let mut parts = std::mem::take(request.uri_mut()).into_parts();
        parts.scheme = Some(if is_tls { uri::Scheme::HTTPS } else { uri::Scheme::HTTP });
        parts.authority = Some(authority.map_err(|_| Rejection::HostInvalid("The Host is no authority.".into()))?);
        *request.uri_mut() =
            Uri::from_parts(parts).map_err(|_| Rejection::BadRequest("The target is no path and query.".into()))?;
        *request.version_mut() = Version::HTTP_2;
        Ok(request)
    }
}

/// The head of an answer, and how long its body is; `is_end` says that there is none.
pub(super) fn answer_of(method: &Method, answer: Response<()>, is_end: bool) -> (ResponseHead, Length) {
    let (head, ()) = answer.into_parts();
    let has_body = *method != Method::HEAD && head.status != StatusCode::NOT_MODIFIED && !is_end;
    // `h2` holds the body to what the head says of its length.
    let length = match declared_length(&head.headers) {
        _ if !has_body => Length::Known(0),
        None => Length::Chunked,
        Some(length) => Length::Known(length),
    };
    let seen = Seen::default();
    (ResponseHead { status: head.status, version: Version::HTTP_11, fields: head.headers, seen }, length)
}

/// What fields say of a body's length.
fn declared_length(fields: &HeaderMap) -> Option<u64> {
    framing::decimal(fields.get(header::CONTENT_LENGTH)?.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_told_in_pseudo_fields() {
        let mut request = Request::post("/a%2Db?c='d'").body(()).unwrap();
        request.headers_mut().insert("host", HeaderValue::from_static("client"));
        request.headers_mut().insert("te", HeaderValue::from_static("trailers"));
        let head = Head::new(&mut request, |_, lines| lines.put("x-request-id", &[b"7"]));
        for (is_tls, expected) in [(true, "https://[::1]:8/a%2Db?c='d'"), (false, "http://[::1]:8/a%2Db?c='d'")] {
            let told = head.to_http2(&HeaderValue::from_static("[::1]:8"), is_tls).unwrap();
            assert_eq!((told.method(), told.uri().to_string().as_str()), (&Method::POST, expected));
            let mut fields: Vec<_> = told.headers().keys().map(http::HeaderName::as_str).collect();
            fields.sort_unstable();
            assert_eq!(fields, ["te", "x-request-id"]);
        }
    }

    #[test]
    fn an_answers_body_is_as_long_as_it_says() {
        let check = |method: Method, status: u16, length: Option<&str>, is_end: bool, expected: Length| {
            let mut answer = Response::builder().status(status).body(()).unwrap();
            if let Some(length) = length {
                answer.headers_mut().insert("content-length", length.parse().unwrap());
            }
            assert_eq!(answer_of(&method, answer, is_end).1, expected);
        };
        check(Method::GET, 200, Some("7"), false, Length::Known(7));
        check(Method::GET, 200, None, false, Length::Chunked);
        check(Method::GET, 200, None, true, Length::Known(0));
        check(Method::HEAD, 200, Some("7"), true, Length::Known(0));
        check(Method::GET, 304, Some("7"), true, Length::Known(0));
    }
}
