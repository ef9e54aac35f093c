//! Heads of HTTP/1.1 messages (RFC 9112 §2–5): found, checked and taken apart without copying a field.
//!
//! Two steps. [`Scan`] looks at each byte that arrives once: it finds the empty line that ends the head, and refuses a
//! line that ends without CR, which httparse would take. Then httparse splits the whole head, and what it lets through
//! but a strict reader must not is refused here.
mod names;
#[cfg(test)]
mod tests;

use std::mem::MaybeUninit;

use bytes::{Buf, Bytes, BytesMut};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, Version, header,
    uri::{Authority, PathAndQuery},
};

use super::framing::{self, Length};
use crate::{config::Limits, rejection::Rejection};

/// Fields parsed on the stack; more go to the heap.
pub(crate) const FIELDS_ON_STACK: usize = 128;

/// What a request's head says of the message itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Framing {
    pub(crate) length: Length,
    /// Whether the client means to send another request on this connection.
    pub(crate) keep_alive: bool,
    /// Whether it waits for a 100 before it sends its body.
    pub(crate) expects_continue: bool,
}

/// A query that [`Uri`] can't hold, kept as a request's extension: it is passed on byte for byte all the same.
#[derive(Debug, Clone)]
pub(crate) struct RawQuery(pub(crate) Bytes);

/// A request's query, if it is text.
pub(crate) fn query<B>(request: &Request<B>) -> Option<&str> {
    let raw = || request.extensions().get::<RawQuery>().and_then(|RawQuery(query)| str::from_utf8(query).ok());
    request.uri().query().or_else(raw)
}

/// A request's query as it came.
pub(crate) fn raw_query<B>(request: &Request<B>) -> Option<&[u8]> {
    let raw = || request.extensions().get::<RawQuery>().map(|RawQuery(query)| &**query);
    request.uri().query().map(str::as_bytes).or_else(raw)
}

/// A request head that is refused, with what could still be read of it for the log.
#[derive(Debug)]
pub(crate) struct BadHead {
    pub(crate) rejection: Rejection,
    pub(crate) method: Option<Method>,
    pub(crate) uri: Option<Uri>,
    pub(crate) version: Version,
    /// The page that it comes from, so that it can read why.
    pub(crate) origin: Option<HeaderValue>,
}

impl From<Rejection> for Box<BadHead> {
    fn from(rejection: Rejection) -> Self {
        Self::new(BadHead { rejection, method: None, uri: None, version: Version::HTTP_11, origin: None })
    }
}

/// An answer's head, taken apart.
#[derive(Debug, Default)]
pub(crate) struct ResponseHead {
    pub(crate) status: StatusCode,
    pub(crate) version: Version,
    pub(crate) fields: HeaderMap,
    pub(crate) seen: Seen,
}

/// What the fields say of the message itself, noted while they are read: so none of them is looked up again.
#[derive(Debug, Default, Clone, Copy)]
#[allow(clippy::struct_excessive_bools, reason = "facts that do not depend on one another")]
pub(crate) struct Seen {
    pub(crate) hosts: u32,
    /// Whether the last Host names a host.
    pub(crate) is_host_sound: bool,
    pub(crate) lengths: u32,
    /// The last Content-Length, if it is a number.
    pub(crate) length: Option<u64>,
    pub(crate) codings: u32,
    /// Whether the last Transfer-Encoding is `chunked`.
    pub(crate) is_chunked: bool,
    pub(crate) connection: bool,
    pub(crate) expect: bool,
}

impl Seen {
    #[inline]
    pub(crate) fn note(&mut self, name: &HeaderName, value: &[u8]) {
        match *name {
            header::HOST => (self.hosts, self.is_host_sound) = (self.hosts + 1, is_host(value)),
            header::CONTENT_LENGTH => (self.lengths, self.length) = (self.lengths + 1, framing::decimal(value)),
            header::TRANSFER_ENCODING => {
                (self.codings, self.is_chunked) = (self.codings + 1, value.eq_ignore_ascii_case(b"chunked"));
            }
            header::CONNECTION => self.connection = true,
            header::EXPECT => self.expect = true,
            _ => {}
        }
    }
}

/// How far a head has been looked at.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    seen: usize,
    lines: usize,
}

/// Why a head is refused before it is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScanFault {
    /// A line feed without its carriage return.
    BareLineFeed,
    /// More lines than fields are allowed.
    TooManyLines,
    /// More bytes than are allowed.
    TooLong,
}

impl Scan {
    /// The length of the head at the front of `buffer`, its empty line included, once that is there.
    pub(crate) fn find_end(&mut self, buffer: &[u8], max: usize, max_lines: usize) -> Result<Option<usize>, ScanFault> {
        while let Some(at) = memchr::memchr(b'\n', &buffer[self.seen..]) {
            let line_feed = self.seen + at;
            if line_feed == 0 || buffer[line_feed - 1] != b'\r' {
                return Err(ScanFault::BareLineFeed);
            }
            let empty_line = line_feed == self.seen + 1;
            self.seen = line_feed + 1;
            if self.seen > max {
                return Err(ScanFault::TooLong);
            }
            if empty_line && self.lines > 0 {
                return Ok(Some(self.seen));
            }
            self.lines += 1;
            if self.lines > max_lines + 1 {
                return Err(ScanFault::TooManyLines);
            }
        }
        // The last byte stays unseen when it could be the CR of an empty line's start; a line is looked for again from
        // its own start, which costs nothing in a head that arrives whole.
        if buffer.len() > max { Err(ScanFault::TooLong) } else { Ok(None) }
    }
}

/// Whether some line of `bytes` ends without CR.
pub(crate) fn has_bare_line_feed(bytes: &[u8]) -> bool {
    memchr::memchr_iter(b'\n', bytes).any(|at| at == 0 || bytes[at - 1] != b'\r')
}

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

/// The longest method (`BASELINE-CONTROL`) and version that surround a target in its line.
const MAX_METHOD_AND_VERSION: usize = 32;

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

/// What an upstream sent is no head of an HTTP/1 answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotHttp;

/// Takes an answer's head from the front of `buffer` once it is whole, into `head`: in place, like a request's. Whether it is
/// there.
pub(crate) fn parse_response(
    buffer: &mut BytesMut,
    scan: &mut Scan,
    max: usize,
    head: &mut ResponseHead,
) -> Result<bool, NotHttp> {
    // What can't become HTTP/1 is not waited for.
    if !buffer.iter().zip(b"HTTP/1.").all(|(sent, expected)| sent == expected) {
        return Err(NotHttp);
    }
    let Some(end) = scan.find_end(buffer, max, max).map_err(|_| NotHttp)? else { return Ok(false) };
    let lines = std::mem::take(scan).lines;
    let bytes = buffer.split_to(end).freeze();
    let taken = if lines <= FIELDS_ON_STACK {
        split_response(&bytes, &mut [const { MaybeUninit::uninit() }; FIELDS_ON_STACK], head)
    } else {
        split_response(&bytes, &mut vec![MaybeUninit::uninit(); lines], head)
    };
    taken.map(|()| true).ok_or(NotHttp)
}

fn split_response<'b>(
    bytes: &'b Bytes,
    slots: &mut [MaybeUninit<httparse::Header<'b>>],
    head: &mut ResponseHead,
) -> Option<()> {
    let mut parsed = httparse::Response::new(&mut []);
    let status = httparse::ParserConfig::default().parse_response_with_uninit_headers(&mut parsed, bytes, slots);
    if status != Ok(httparse::Status::Complete(bytes.len())) {
        return None;
    }
    head.status = StatusCode::from_u16(parsed.code?).ok()?;
    head.version = if parsed.version == Some(1) { Version::HTTP_11 } else { Version::HTTP_10 };
    head.fields = HeaderMap::with_capacity(parsed.headers.len() + 1);
    head.seen = fill(&mut head.fields, bytes, parsed.headers)?;
    Some(())
}

/// A trailer section (RFC 9112 §7.1.2), its empty line included; `None` when it is malformed.
pub(crate) fn parse_fields(bytes: &Bytes) -> Option<HeaderMap> {
    Scan { seen: 0, lines: 1 }.find_end(bytes, bytes.len(), FIELDS_ON_STACK).ok()??;
    let mut slots = [httparse::EMPTY_HEADER; FIELDS_ON_STACK];
    let httparse::Status::Complete((length, parsed)) = httparse::parse_headers(bytes, &mut slots).ok()? else {
        return None;
    };
    let mut fields = HeaderMap::with_capacity(parsed.len());
    let sound = length == bytes.len() && fill(&mut fields, bytes, parsed).is_some();
    sound.then_some(fields)
}

/// Puts what httparse found into `fields`, each value a slice of `bytes`; `None` for a field that must not be.
fn fill(fields: &mut HeaderMap, bytes: &Bytes, parsed: &[httparse::Header<'_>]) -> Option<Seen> {
    let mut seen = Seen::default();
    for field in parsed {
        // A lax reader behind us could take them for the fields that frame a message.
        if ["transfer_encoding", "content_length"].iter().any(|lookalike| field.name.eq_ignore_ascii_case(lookalike)) {
            return None;
        }
        let name = names::name(field.name.as_bytes())?;
        seen.note(&name, field.value);
        fields.try_append(name, value(bytes.slice_ref(field.value))).ok()?;
    }
    Some(seen)
}

/// A value that httparse has let through.
#[expect(
    unsafe_code,
    reason = "a check of each byte of each value once more is one part in thirty of a request's cost"
)]
fn value(checked: Bytes) -> HeaderValue {
    // SAFETY: a value must hold no byte that `HeaderValue::from_bytes` refuses: none below 0x20 but the tab, and no
    // 0x7F. httparse ends or refuses a value at each of these bytes, which the test
    // `httparse_lets_no_byte_into_a_value_that_a_value_must_not_hold` tries byte by byte, at every place of the blocks
    // that it reads. A debug build checks it here too.
    unsafe { HeaderValue::from_maybe_shared_unchecked(checked) }
}

/// Reads the target in origin form or `*` (RFC 9112 §3.2); an absolute form's authority replaces Host (§3.2.2).
fn read_target<B>(target: Bytes, request: &mut Request<B>, seen: &mut Seen) -> Result<(), Rejection> {
    let invalid = || Rejection::PathInvalid("The target is neither a path nor an absolute URI.".into());
    if memchr::memchr(b'#', &target).is_some() {
        return Err(Rejection::PathInvalid("The target has a fragment (a raw `#`).".into()));
    }
    if target.starts_with(b"/") || (target == "*" && request.method() == Method::OPTIONS) {
        return origin_form(target, request).ok_or_else(invalid);
    }
    if request.method() == Method::CONNECT {
        return Ok(()); // Refused by its method: a gateway opens no tunnel.
    }
    let uri = Uri::from_maybe_shared(target).map_err(|_| invalid())?;
    let (Some("http" | "https"), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(invalid());
    };
    if seen.hosts > 1 {
        return Err(Rejection::HostInvalid("The request has more than one Host field.".into()));
    }
    let host = HeaderValue::from_str(authority.as_str()).map_err(|_| invalid())?;
    (seen.hosts, seen.is_host_sound) = (1, is_host(host.as_bytes()));
    request.headers_mut().insert(header::HOST, host);
    let path = uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    *request.uri_mut() = path.into();
    Ok(())
}

fn origin_form<B>(target: Bytes, request: &mut Request<B>) -> Option<()> {
    let path = match PathAndQuery::from_maybe_shared(target.clone()) {
        Ok(path) => path,
        Err(_) => {
            // httparse has let no control character and no space through, and `#` is refused above.
            let question_mark = memchr::memchr(b'?', &target)?;
            request.extensions_mut().insert(RawQuery(target.slice(question_mark + 1..)));
            PathAndQuery::from_maybe_shared(target.slice(..question_mark)).ok()?
        }
    };
    *request.uri_mut() = path.into();
    Some(())
}

/// Exactly one Host that names a host (RFC 9112 §3.2); HTTP/1.0 may have none.
fn check_host(version: Version, seen: &Seen) -> Result<(), Rejection> {
    let invalid = |why: &'static str| Err(Rejection::HostInvalid(why.into()));
    match seen.hosts {
        1 if seen.is_host_sound => Ok(()),
        1 => invalid("The Host field is no host, or no host and port."),
        0 if version == Version::HTTP_10 => Ok(()),
        0 => invalid("The request has no Host field."),
        _ => invalid("The request has more than one Host field."),
    }
}

/// Whether `text` is `uri-host [":" port]` (RFC 9110 §7.2) without user info, the port at most 65535.
pub(crate) fn is_host(text: &[u8]) -> bool {
    let (host, port) = match text.iter().rposition(|&b| b == b':') {
        Some(colon) if text.last() != Some(&b']') => (&text[..colon], Some(&text[colon + 1..])),
        _ => (text, None),
    };
    // An empty port is the scheme's own (RFC 9110 §4.2.3).
    let port_is_sound =
        port.is_none_or(|port| port.is_empty() || framing::decimal(port).is_some_and(|port| port <= 65535));
    let host_is_sound = match host {
        [b'[', literal @ .., b']'] => {
            str::from_utf8(literal).is_ok_and(|literal| literal.parse::<std::net::Ipv6Addr>().is_ok())
        }
        [] => false,
        name => name.iter().all(|&b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~')),
    };
    port_is_sound && host_is_sound
}

/// The host of a Host field, without its port.
pub(crate) fn host_name(host: &str) -> &str {
    match host.rfind(':') {
        Some(colon) if !host.ends_with(']') => &host[..colon],
        _ => host,
    }
}

/// Whether the connection outlives this message (RFC 9112 §9.3).
pub(crate) fn keeps_alive(version: Version, fields: &HeaderMap, seen: &Seen) -> bool {
    let has = |token: &str| {
        fields.get_all(header::CONNECTION).iter().any(|value| {
            let value = value.as_bytes();
            value.eq_ignore_ascii_case(token.as_bytes())
                || value.split(|&b| b == b',').any(|item| item.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
        })
    };
    match version {
        _ if !seen.connection => version == Version::HTTP_11,
        Version::HTTP_11 => !has("close"),
        _ => has("keep-alive") && !has("close"),
    }
}

fn bad(why: impl Into<std::borrow::Cow<'static, str>>) -> Rejection {
    Rejection::BadRequest(why.into())
}

/// The authority of an upstream as a Host value.
pub(crate) fn host_value(authority: &str) -> Option<HeaderValue> {
    let authority: Authority = authority.parse().ok()?;
    HeaderValue::from_str(authority.as_str()).ok()
}
