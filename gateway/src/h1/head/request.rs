//! A request's head: taken from what has arrived, and taken apart.
use std::mem::MaybeUninit;

use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, Method, Request, Uri, Version, header};

use super::{
    BadHead, FIELDS_ON_STACK, Framing, Scan, Seen, fields::fill, host::check_host, keeps_alive, scan::ScanFault,
    target::read_target,
};
use crate::{
    config::Limits,
    h1::framing::{self, Length},
    rejection::Rejection,
};

/// The longest method (`BASELINE-CONTROL`) and version that surround a target in its line.
const MAX_METHOD_AND_VERSION: usize = 32;

/// Takes a request's head, its empty line included, from the front of `buffer` once it is whole.
pub(crate) fn take_request(
    buffer: &mut BytesMut,
    scan: &mut Scan,
    limits: &Limits,
) -> Result<Option<Bytes>, Rejection> {
    if scan.lines == 0 && buffer.starts_with(b"\r\n") {
        buffer.advance(2); // RFC 9112 §2.2: one empty line before a request is ignored.
    }
    match scan.find_end(buffer, limits.header, limits.headers) {
        Ok(Some(end)) => Ok(Some(buffer.split_to(end).freeze())),
        Ok(None) if scan.lines == 0 && buffer.len() > limits.uri + MAX_METHOD_AND_VERSION => {
            Err(Rejection::UriTooLong { limit: limits.uri })
        }
        Ok(None) => Ok(None),
        Err(ScanFault::BareLineFeed) => Err(bad("A line of the head ends without CRLF.")),
        Err(ScanFault::TooLong) if scan.lines == 0 => Err(Rejection::UriTooLong { limit: limits.uri }),
        Err(ScanFault::TooManyLines | ScanFault::TooLong) => Err(Rejection::HeadersTooLarge),
    }
}

/// Takes a whole head apart, into `request`: in place, since a request is large. Its target is in origin form, or `*`: an
/// absolute one's authority has replaced the Host field. A query that no URI may hold is a [`RawQuery`] among its
/// extensions.
///
/// [`RawQuery`]: super::RawQuery
pub(crate) fn parse_request<B>(
    bytes: &Bytes,
    limits: &Limits,
    request: &mut Request<B>,
) -> Result<Framing, Box<BadHead>> {
    if limits.headers <= FIELDS_ON_STACK {
        let mut slots = [const { MaybeUninit::uninit() }; FIELDS_ON_STACK];
        split_request(bytes, &mut slots[..limits.headers], limits, request)
    } else {
        split_request(bytes, &mut vec![MaybeUninit::uninit(); limits.headers], limits, request)
    }
}

fn split_request<'b, B>(
    bytes: &'b Bytes,
    slots: &mut [MaybeUninit<httparse::Header<'b>>],
    limits: &Limits,
    request: &mut Request<B>,
) -> Result<Framing, Box<BadHead>> {
    let mut parsed = httparse::Request::new(&mut []);
    match parsed.parse_with_uninit_headers(bytes, slots) {
        Ok(httparse::Status::Complete(n)) if n == bytes.len() => {}
        Err(httparse::Error::TooManyHeaders) => return Err(Rejection::HeadersTooLarge.into()),
        Err(error) => return Err(bad(format!("The head is malformed: {error}.")).into()),
        Ok(_) => return Err(bad("The head is malformed: it ends in the middle.").into()),
    }
    let method = parsed.method.expect("httparse has read the whole head");
    let target = parsed.path.expect("httparse has read the whole head");
    *request.method_mut() = Method::from_bytes(method.as_bytes()).map_err(|_| bad("The method is not a token."))?;
    *request.version_mut() = if parsed.version == Some(1) { Version::HTTP_11 } else { Version::HTTP_10 };
    if target.len() > limits.uri {
        return Err(refused(Rejection::UriTooLong { limit: limits.uri }, None, request));
    }
    *request.headers_mut() = HeaderMap::with_capacity(parsed.headers.len());
    let outcome = fill(request.headers_mut(), bytes, parsed.headers)
        .ok_or_else(|| bad("A header field is malformed."))
        .and_then(|mut seen| read_target(bytes.slice_ref(target.as_bytes()), request, &mut seen).map(|()| seen));
    let seen = outcome.map_err(|rejection| refused(rejection, None, request))?;
    Framing::of(request.version(), request.headers(), &seen).map_err(|rejection| {
        let uri = std::mem::take(request.uri_mut());
        refused(rejection, Some(uri), request)
    })
}

/// What could be read of a head that is refused.
fn refused<B>(rejection: Rejection, uri: Option<Uri>, request: &mut Request<B>) -> Box<BadHead> {
    let origin = request.headers_mut().remove(header::ORIGIN);
    let (method, version) = (Some(std::mem::take(request.method_mut())), request.version());
    Box::new(BadHead { rejection, method, uri, version, origin })
}

impl Framing {
    /// What the fields say of it.
    fn of(version: Version, fields: &HeaderMap, seen: &Seen) -> Result<Self, Rejection> {
        check_host(version, seen)?;
        let length = framing::of_request(version, seen).map_err(|fault| bad(format!("The request has {fault}.")))?;
        let expects_continue = match seen.expect.then(|| fields.get(header::EXPECT)).flatten() {
            None => false,
            Some(value) if value.as_bytes().eq_ignore_ascii_case(b"100-continue") => {
                version == Version::HTTP_11 && length != Length::Known(0)
            }
            Some(_) => return Err(Rejection::ExpectationFailed),
        };
        Ok(Self { length, keep_alive: keeps_alive(version, fields, seen), expects_continue })
    }
}

fn bad(why: impl Into<std::borrow::Cow<'static, str>>) -> Rejection {
    Rejection::BadRequest(why.into())
}
