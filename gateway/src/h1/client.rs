//! An upstream's connection: one request sent, one answer read, both streamed at the same time.
//!
//! [`send`] returns with the answer's head; the [`ResponseBody`] then reads on, and goes on sending what is left of the
//! request's body meanwhile, so an upstream may answer before it has read everything. Dropping either closes the
//! connection, which is how a client's cancel reaches the upstream.
mod in_process;
mod response_body;
mod upload;

use std::{
    future::poll_fn,
    rc::Rc,
    task::{Context, Poll, ready},
    time::Duration,
};

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use tokio::time::Instant;

use super::{
    encode,
    framing::{self, Length},
    head::{self, NotHttp, RawQuery, ResponseHead, Scan},
    pool::Pool,
    wire::{self, Wire},
};
pub(crate) use response_body::ResponseBody;

use crate::{
    body::Body,
    rejection::Rejection,
    tunnel::handshake::{self, Accept},
};
use upload::{Remainder, Stage, Upload};

/// The largest head, and the largest trailer section, that an upstream may send, in bytes.
const MAX_HEAD: usize = 64 * 1024;
/// Interim answers to one request; more of them are an upstream gone wild.
const MAX_INTERIM: usize = 64;
/// How long a body is held back for an upstream that does not answer `Expect` (RFC 9110 §10.1.1).
const CONTINUE_WAIT: Duration = Duration::from_secs(1);

/// Fields on their way into a head.
#[derive(Debug)]
pub(crate) struct Lines(Vec<u8>);

impl Lines {
    /// One field; its value comes in pieces, none of which holds a line end.
    pub(crate) fn put(&mut self, name: &'static str, value: &[&[u8]]) {
        let out = &mut self.0;
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b": ");
        for piece in value {
            out.extend_from_slice(piece);
        }
        out.extend_from_slice(b"\r\n");
    }

    /// What `write` writes.
    #[cfg(test)]
    pub(crate) fn written(write: impl FnOnce(&mut Self)) -> Vec<u8> {
        let mut lines = Self(Vec::new());
        write(&mut lines);
        lines.0
    }

    /// Fields, or a part of one, as they go over the wire.
    pub(crate) fn append(&mut self, text: &[u8]) {
        self.0.extend_from_slice(text);
    }
}

/// A request's head as it goes over the wire, without its Host: so it can be sent to more than one upstream, while the
/// fields that it was made of are gone. A map of fields is large, and many requests wait at once.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) method: Method,
    /// The request line, then every field but Host, each with its line end.
    bytes: Vec<u8>,
    /// Where the request line ends.
    line: usize,
    declares_length: bool,
    /// Whether it asks for a WebSocket.
    upgrades: bool,
    /// What has to be answered to that, where the key is the gateway's own.
    accept: Option<Accept>,
}

impl Head {
    /// Takes the fields out of `request`, which has no hop-by-hop fields any more; the framing's are written when the
    /// head is sent. `add` may write fields of its own, and change what the others are, before they are written.
    pub(crate) fn new<B>(request: &mut Request<B>, add: impl FnOnce(&mut HeaderMap, &mut Lines)) -> Self {
        let mut fields = std::mem::take(request.headers_mut());
        let mut lines = Lines(wire::vector());
        encode::request_line(&mut lines.0, request.method(), request.uri(), request.extensions().get::<RawQuery>());
        let line = lines.0.len();
        add(&mut fields, &mut lines);
        let Lines(mut bytes) = lines;
        let mut declares_length = false;
        for (name, value) in &fields {
            declares_length |= *name == header::CONTENT_LENGTH;
            if *name != header::HOST {
                encode::field(&mut bytes, name.as_str(), value.as_bytes());
            }
        }
        Self { method: request.method().clone(), bytes, line, declares_length, upgrades: false, accept: None }
    }

    /// The same, which asks for a WebSocket if it `upgrades`. A service in this process is not asked: it could not grant
    /// one.
    pub(crate) fn upgrading(mut self, upgrades: bool, accept: Option<Accept>) -> Self {
        (self.upgrades, self.accept) = (upgrades, accept);
        self
    }

    /// Whether it asks for a WebSocket.
    pub(crate) fn upgrades(&self) -> bool {
        self.upgrades
    }

    /// Its fields, each with its line end.
    pub(crate) fn fields(&self) -> &[u8] {
        &self.bytes[self.line..]
    }

    /// The same request once more, with one field more.
    pub(crate) fn copy(&self, name: &HeaderName, value: &[u8]) -> Self {
        let mut copy = self.again();
        encode::field(&mut copy.bytes, name.as_str(), value);
        copy
    }

    /// The same request once more; it asks for no WebSocket.
    pub(crate) fn again(&self) -> Self {
        let mut bytes = wire::vector();
        bytes.extend_from_slice(&self.bytes);
        Self {
            method: self.method.clone(),
            bytes,
            line: self.line,
            declares_length: self.declares_length,
            upgrades: false,
            accept: None,
        }
    }

    /// Says how long its body is, unless it does already.
    pub(crate) fn declare_length(&mut self, length: usize) {
        if length > 0 && !self.declares_length {
            encode::content_length(&mut self.bytes, length as u64);
            self.declares_length = true;
        }
    }

    fn write(&self, wire: &mut Wire, host: &HeaderValue, length: Length) {
        wire.out.encode(|out| {
            out.extend_from_slice(&self.bytes[..self.line]);
            encode::field(out, "host", host.as_bytes());
            out.extend_from_slice(&self.bytes[self.line..]);
            if self.upgrades {
                encode::websocket(out);
            }
            match length {
                // A method that means to send something says that it sends nothing (RFC 9110 §8.6).
                Length::Known(0) if !self.declares_length && sends_something(&self.method) => {
                    encode::content_length(out, 0);
                }
                Length::Known(_) => {}
                Length::Chunked | Length::UntilClose => encode::field(out, "transfer-encoding", b"chunked"),
            }
            out.extend_from_slice(b"\r\n");
        });
    }
}

impl Drop for Head {
    fn drop(&mut self) {
        wire::give_back(std::mem::take(&mut self.bytes));
    }
}

fn sends_something(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

/// No answer came.
#[derive(Debug)]
pub(crate) struct SendFailure {
    pub(crate) rejection: Rejection,
    /// Whether neither a byte of the request's body was taken nor a byte of an answer came: on a connection that had been
    /// idle, the upstream had most likely closed it before the request.
    pub(crate) is_untouched: bool,
}

/// Sends a request over `wire` to `host` and waits for the head of its answer, at most `timeout` from `now`, or from the moment
/// that the request's body last moved. The connection goes to `pool` once the answer has ended well. What is left of `body`
/// by then is taken along with the answer.
pub(crate) async fn send(
    mut wire: Box<Wire>,
    pool: &Rc<Pool>,
    request: &Head,
    host: &HeaderValue,
    body: &mut Body,
    now: Instant,
    timeout: Duration,
) -> Result<(ResponseHead, ResponseBody), SendFailure> {
    let upload = Upload::new(body);
    request.write(&mut wire, host, upload.length);
    let (upgrades, accept) = (request.upgrades, request.accept.as_ref());
    let mut sending = Sending { wire, upload, reading: Reading { upgrades, accept, ..Reading::default() } };
    if let Err(rejection) = poll_fn(|cx| sending.poll(body, cx, now, timeout)).await {
        let is_untouched = !sending.upload.touched && !sending.reading.begun;
        return Err(SendFailure { rejection, is_untouched });
    }
    let Sending { wire, upload, reading: Reading { head, .. } } = sending;
    if head.status == StatusCode::SWITCHING_PROTOCOLS {
        return Ok((head, ResponseBody::switched(wire, pool)));
    }
    let Ok(length) = framing::of_response(&request.method, head.status, head.version, &head.seen) else {
        return Err(Rejection::UpstreamProtocol.into());
    };
    let keep_alive = head::keeps_alive(head.version, &head.fields, &head.seen) && length != Length::UntilClose;
    // An upstream that refuses a request does not want the rest of it.
    let goes_on = upload.stage == Stage::Sending && head.status.as_u16() < 300;
    let reusable = keep_alive && (upload.stage == Stage::Ended || goes_on);
    let upload = goes_on.then(|| Box::new(Remainder { upload, body: std::mem::replace(body, Body::empty()) }));
    Ok((head, ResponseBody::new(wire, pool, length, upload, reusable)))
}

impl From<Rejection> for SendFailure {
    fn from(rejection: Rejection) -> Self {
        Self { rejection, is_untouched: false }
    }
}

/// A request on its way, until the head of its answer is there.
struct Sending<'h> {
    wire: Box<Wire>,
    upload: Upload,
    reading: Reading<'h>,
}

/// How far the reading of an answer's head has come.
#[derive(Default)]
struct Reading<'h> {
    /// Whether it may be the last one of this connection.
    upgrades: bool,
    accept: Option<&'h Accept>,
    scan: Scan,
    begun: bool,
    interims: usize,
    head: ResponseHead,
}

impl Sending<'_> {
    /// Sends and reads until the final head is there.
    fn poll(
        &mut self,
        body: &mut Body,
        cx: &mut Context<'_>,
        now: Instant,
        timeout: Duration,
    ) -> Poll<Result<(), Rejection>> {
        loop {
            let sent = self.upload.poll(body, &mut self.wire, cx);
            match sent {
                Poll::Ready(Err(Some(rejection))) => return Poll::Ready(Err(rejection)),
                // It may have answered before it closed: that answer tells more than the failed write.
                Poll::Ready(Err(None)) => self.upload.fail(&mut self.wire),
                Poll::Ready(Ok(())) | Poll::Pending => {}
            }
            match self.poll_head(body, cx) {
                Poll::Ready(Ok(true)) => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(false)) => self.upload.stage = Stage::Sending, // A 100: the body may go.
                Poll::Ready(Err(rejection)) => return Poll::Ready(Err(rejection)),
                Poll::Pending
                    if self.upload.stage == Stage::HeldBack
                        && self.wire.timer.poll(cx, now + CONTINUE_WAIT).is_ready() =>
                {
                    self.upload.stage = Stage::Sending;
                }
                // What the client is slow to send is the client's time, not the upstream's.
                Poll::Pending if self.upload.waits_for_client => return Poll::Pending,
                Poll::Pending => {
                    let since = self.upload.moved_at.unwrap_or(now);
                    ready!(self.wire.timer.poll(cx, since + timeout));
                    return Poll::Ready(Err(Rejection::UpstreamTimeout));
                }
            }
        }
    }

    /// Reads until a head is there by which it goes on: whether it is the final one, and not a 100 that was waited for.
    fn poll_head(&mut self, body: &Body, cx: &mut Context<'_>) -> Poll<Result<bool, Rejection>> {
        let Self { wire, upload, reading } = self;
        loop {
            if !wire.unread.is_empty() {
                match head::parse_response(&mut wire.unread, &mut reading.scan, MAX_HEAD, &mut reading.head) {
                    Err(NotHttp) => return Poll::Ready(Err(Rejection::UpstreamProtocol)),
                    Ok(false) => {}
                    Ok(true) if reading.is_final()? => return Poll::Ready(Ok(true)),
                    Ok(true) if reading.head.status != StatusCode::CONTINUE => {
                        let fields = std::mem::take(&mut reading.head.fields);
                        body.send_interim(cx, reading.head.status, &end_to_end(fields));
                        continue;
                    }
                    Ok(true) if upload.stage == Stage::HeldBack => return Poll::Ready(Ok(false)),
                    Ok(true) => continue,
                }
            }
            match ready!(wire.poll_fill(cx)) {
                Ok(1..) => reading.begun = true,
                // Under TLS 1.3 it refuses the gateway's certificate only now.
                Err(error) if is_alert(&error) => return Poll::Ready(Err(Rejection::UpstreamTls)),
                _ => return Poll::Ready(Err(Rejection::UpstreamReset)),
            }
        }
    }
}

impl Reading<'_> {
    /// Whether the head that was read is the answer's own, and not one before it.
    fn is_final(&mut self) -> Result<bool, Rejection> {
        let ResponseHead { status, fields, .. } = &self.head;
        if !status.is_informational() {
            // Who has asked over HTTP/2 would take it for a WebSocket.
            let is_mistaken = status.is_success() && self.accept.is_some();
            return if is_mistaken { Err(Rejection::UpstreamProtocol) } else { Ok(true) };
        }
        if *status == StatusCode::SWITCHING_PROTOCOLS {
            // Only what was asked for may come of it (RFC 9110 §15.2.2).
            let is_asked_for =
                self.upgrades && handshake::agrees(fields) && self.accept.is_none_or(|accept| accept.is_in(fields));
            return if is_asked_for { Ok(true) } else { Err(Rejection::UpstreamProtocol) };
        }
        self.interims += 1;
        if self.interims > MAX_INTERIM { Err(Rejection::UpstreamProtocol) } else { Ok(false) }
    }
}

/// Whether a connection broke off in the words of TLS.
pub(crate) fn is_alert(error: &std::io::Error) -> bool {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(tls, Some(rustls::Error::AlertReceived(_)))
}

/// An interim answer's fields without those of this connection.
pub(crate) fn end_to_end(mut fields: HeaderMap) -> HeaderMap {
    for name in [header::CONNECTION, header::TRANSFER_ENCODING, header::CONTENT_LENGTH, header::UPGRADE] {
        fields.remove(name);
    }
    fields
}
