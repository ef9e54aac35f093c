//! An upstream's connection: one request sent, one answer read, both streamed at the same time.
//!
//! [`send`] returns with the answer's head; the [`ResponseBody`] then reads on, and goes on sending what is left of the
//! request's body meanwhile, so an upstream may answer before it has read everything. Dropping either closes the
//! connection, which is how a client's cancel reaches the upstream.
use std::{
    future::poll_fn,
    rc::Rc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri, header};
use http_body::Frame;
use tokio::time::Instant;

use super::{
    chunked::{Decoded, Decoder},
    encode,
    framing::{self, Length},
    head::{self, ResponseHead, Scan},
    pool::Pool,
    wire::Wire,
};
use crate::{body::Body, rejection::Rejection};

/// The largest head, and the largest trailer section, that an upstream may send, in bytes.
const MAX_HEAD: usize = 64 * 1024;
/// Interim answers to one request; more of them are an upstream gone wild.
const MAX_INTERIM: usize = 64;
/// Bytes of a request's body that may wait for the upstream to read.
const HIGH_WATER: usize = 64 * 1024;
/// How long a body is held back for an upstream that does not answer `Expect` (RFC 9110 §10.1.1).
const CONTINUE_WAIT: Duration = Duration::from_secs(1);

/// A request without its body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head<'a> {
    pub(crate) method: &'a Method,
    pub(crate) uri: &'a Uri,
    /// Without hop-by-hop fields; the framing's are written here.
    pub(crate) fields: &'a HeaderMap,
}

/// No answer came.
#[derive(Debug)]
pub(crate) struct SendFailure {
    pub(crate) rejection: Rejection,
    /// The request's body, when neither a byte of it was taken nor a byte of an answer came: on a connection that had
    /// been idle, the upstream had most likely closed it before the request.
    pub(crate) untouched: Option<Body>,
}

/// Sends a request over `wire` and waits for the head of its answer, at most `timeout` from `now`, or from the moment
/// that the request's body last moved. The connection goes to `pool` once the answer has ended well.
pub(crate) async fn send(
    mut wire: Box<Wire>,
    pool: &Rc<Pool>,
    request: Head<'_>,
    body: Body,
    now: Instant,
    timeout: Duration,
) -> Result<(ResponseHead, ResponseBody), SendFailure> {
    let mut upload = Upload::new(body);
    write_head(&mut wire, request, upload.length);
    let mut reading = Reading::default();
    let outcome = poll_fn(|cx| poll_exchange(&mut wire, &mut upload, &mut reading, cx, now, timeout)).await;
    let head = match outcome {
        Ok(head) => head,
        Err(rejection) => {
            let untouched = (!upload.touched && !reading.begun).then_some(upload.body);
            return Err(SendFailure { rejection, untouched });
        }
    };
    let Ok(length) = framing::of_response(request.method, head.status, head.version, &head.fields, &head.seen) else {
        return Err(Rejection::UpstreamProtocol.into());
    };
    let keep_alive = head::keeps_alive(head.version, &head.fields, &head.seen) && length != Length::UntilClose;
    // An upstream that refuses a request does not want the rest of it.
    let goes_on = upload.stage == Stage::Sending && head.status.as_u16() < 300;
    let mut body = ResponseBody {
        reusable: keep_alive && (upload.stage == Stage::Ended || goes_on),
        upload: goes_on.then(|| Box::new(upload)),
        wire: Some(wire),
        pool: Rc::clone(pool),
        rest: match length {
            Length::Known(0) => Rest::Done,
            Length::Known(length) => Rest::Known(length),
            Length::Chunked => Rest::Chunked(Decoder::new(MAX_HEAD)),
            Length::UntilClose => Rest::UntilClose,
        },
        // The field of an answer to HEAD, or of a 304, is about another message: there the length is 0.
        length,
    };
    if matches!(body.rest, Rest::Done) {
        body.end();
    }
    Ok((head, body))
}

impl From<Rejection> for SendFailure {
    fn from(rejection: Rejection) -> Self {
        Self { rejection, untouched: None }
    }
}

fn write_head(wire: &mut Wire, request: Head<'_>, length: Length) {
    wire.out.encode(|out| {
        encode::request_line(out, request.method, request.uri);
        encode::fields(out, request.fields);
        match length {
            Length::Known(0) => {
                // A method that means to send something says that it sends nothing (RFC 9110 §8.6).
                if matches!(*request.method, Method::POST | Method::PUT | Method::PATCH)
                    && !request.fields.contains_key(header::CONTENT_LENGTH)
                {
                    encode::content_length(out, 0);
                }
            }
            Length::Known(_) => {}
            Length::Chunked | Length::UntilClose => encode::field(out, "transfer-encoding", b"chunked"),
        }
        out.extend_from_slice(b"\r\n");
    });
}

/// How far the reading of an answer's head has come.
#[derive(Debug, Default)]
struct Reading {
    scan: Scan,
    begun: bool,
    interims: usize,
}

/// Sends and reads until the final head is there.
fn poll_exchange(
    wire: &mut Wire,
    upload: &mut Upload,
    reading: &mut Reading,
    cx: &mut Context<'_>,
    now: Instant,
    timeout: Duration,
) -> Poll<Result<ResponseHead, Rejection>> {
    loop {
        let sent = upload.poll(wire, cx);
        match sent {
            Poll::Ready(Err(Some(rejection))) => return Poll::Ready(Err(rejection)),
            // It may have answered before it closed: that answer tells more than the failed write.
            Poll::Ready(Err(None)) => upload.fail(wire),
            Poll::Ready(Ok(())) | Poll::Pending => {}
        }
        match poll_head(wire, upload, reading, cx) {
            Poll::Ready(Ok(Some(head))) => return Poll::Ready(Ok(head)),
            Poll::Ready(Ok(None)) => {} // A 100: the body may go.
            Poll::Ready(Err(rejection)) => return Poll::Ready(Err(rejection)),
            Poll::Pending if upload.stage == Stage::HeldBack && wire.timer.poll(cx, now + CONTINUE_WAIT).is_ready() => {
                upload.stage = Stage::Sending;
            }
            // What the client is slow to send is the client's time, not the upstream's.
            Poll::Pending if upload.waits_for_client => return Poll::Pending,
            Poll::Pending => {
                let since = upload.moved_at.unwrap_or(now);
                ready!(wire.timer.poll(cx, since + timeout));
                return Poll::Ready(Err(Rejection::UpstreamTimeout));
            }
        }
    }
}

/// The final head; `None` where a 100 let the request's body go.
fn poll_head(
    wire: &mut Wire,
    upload: &mut Upload,
    reading: &mut Reading,
    cx: &mut Context<'_>,
) -> Poll<Result<Option<ResponseHead>, Rejection>> {
    loop {
        if !wire.unread.is_empty() {
            let Ok(parsed) = head::parse_response(&mut wire.unread, &mut reading.scan, MAX_HEAD) else {
                return Poll::Ready(Err(Rejection::UpstreamProtocol));
            };
            match parsed {
                None => {}
                Some(head) if !head.status.is_informational() => return Poll::Ready(Ok(Some(head))),
                // Nobody asked to switch protocols (RFC 9110 §15.2.2).
                Some(head) if head.status == StatusCode::SWITCHING_PROTOCOLS => {
                    return Poll::Ready(Err(Rejection::UpstreamProtocol));
                }
                Some(head) => {
                    reading.interims += 1;
                    if reading.interims > MAX_INTERIM {
                        return Poll::Ready(Err(Rejection::UpstreamProtocol));
                    }
                    if head.status == StatusCode::CONTINUE {
                        if upload.stage == Stage::HeldBack {
                            upload.stage = Stage::Sending;
                            return Poll::Ready(Ok(None));
                        }
                    } else {
                        upload.body.send_interim(cx, head.status, &end_to_end(head.fields));
                    }
                    continue;
                }
            }
        }
        match ready!(wire.poll_fill(cx)) {
            Ok(1..) => reading.begun = true,
            _ => return Poll::Ready(Err(Rejection::UpstreamReset)),
        }
    }
}

/// An interim answer's fields without those of this connection.
fn end_to_end(mut fields: HeaderMap) -> HeaderMap {
    for name in [header::CONNECTION, header::TRANSFER_ENCODING, header::CONTENT_LENGTH, header::UPGRADE] {
        fields.remove(name);
    }
    fields
}

/// A request's body on its way to the upstream.
#[derive(Debug)]
struct Upload {
    body: Body,
    length: Length,
    stage: Stage,
    /// Whether some of it was taken from the client.
    touched: bool,
    waits_for_client: bool,
    moved_at: Option<Instant>,
}

/// How far a request's body has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It waits for a 100.
    HeldBack,
    Sending,
    /// Its last byte, and its last chunk, are with the kernel or in `out`.
    Ended,
    /// The upstream stopped reading.
    Failed,
}

impl Upload {
    fn new(body: Body) -> Self {
        let length = body.length();
        let stage = match length {
            Length::Known(0) => Stage::Ended,
            _ if body.awaits_continue() => Stage::HeldBack,
            _ => Stage::Sending,
        };
        Self { stage, touched: false, waits_for_client: false, moved_at: None, body, length }
    }

    fn fail(&mut self, wire: &mut Wire) {
        wire.out.clear();
        (self.stage, self.waits_for_client) = (Stage::Failed, false);
    }

    /// Sends as much as both sides allow. An error is the client's, or `None` when the upstream reads no more.
    fn poll(&mut self, wire: &mut Wire, cx: &mut Context<'_>) -> Poll<Result<(), Option<Rejection>>> {
        loop {
            self.waits_for_client = false;
            while self.stage == Stage::Sending && wire.out.len() < HIGH_WATER {
                match http_body::Body::poll_frame(std::pin::Pin::new(&mut self.body), cx) {
                    Poll::Ready(Some(Ok(frame))) => {
                        (self.touched, self.moved_at) = (true, Some(Instant::now()));
                        self.push(frame, wire);
                    }
                    Poll::Ready(Some(Err(rejection))) => return Poll::Ready(Err(Some(rejection))),
                    Poll::Ready(None) => self.finish(None, wire),
                    Poll::Pending => {
                        self.waits_for_client = true;
                        break;
                    }
                }
                if self.stage == Stage::Sending && http_body::Body::is_end_stream(&self.body) {
                    self.finish(None, wire);
                }
            }
            match wire.poll_flush(cx) {
                Poll::Ready(Ok(())) if self.stage != Stage::Sending => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(())) if self.waits_for_client => return Poll::Pending,
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => return Poll::Ready(Err(None)),
                Poll::Pending => {
                    self.waits_for_client = false;
                    return Poll::Pending;
                }
            }
        }
    }

    fn push(&mut self, frame: Frame<Bytes>, wire: &mut Wire) {
        match frame.into_data() {
            Ok(data) if data.is_empty() => {}
            Ok(data) if matches!(self.length, Length::Known(_)) => wire.out.push(data),
            Ok(data) => {
                wire.out.encode(|out| encode::chunk_size(out, data.len()));
                wire.out.push(data);
                wire.out.encode(|out| out.extend_from_slice(b"\r\n"));
            }
            Err(frame) => {
                let trailers = frame.into_trailers().ok();
                self.finish(trailers.as_ref(), wire);
            }
        }
    }

    fn finish(&mut self, trailers: Option<&HeaderMap>, wire: &mut Wire) {
        self.stage = Stage::Ended;
        if !matches!(self.length, Length::Known(_)) {
            wire.out.encode(|out| encode::last_chunk(out, trailers));
        }
    }
}

/// What is still to come of an answer's body.
#[derive(Debug)]
enum Rest {
    Done,
    Known(u64),
    Chunked(Decoder),
    UntilClose,
}

/// The body of an answer, read from its connection as it is polled.
#[derive(Debug)]
pub(crate) struct ResponseBody {
    /// Gone to the pool, or closed, once the body has ended.
    wire: Option<Box<Wire>>,
    pool: Rc<Pool>,
    rest: Rest,
    upload: Option<Box<Upload>>,
    reusable: bool,
    length: Length,
}

impl ResponseBody {
    /// How the upstream delimited it.
    pub(crate) fn length(&self) -> Length {
        self.length
    }

    /// Whether nothing more will come.
    pub(crate) fn is_end(&self) -> bool {
        self.wire.is_none()
    }

    /// Whether it still sends the request's body.
    pub(crate) fn drives_upload(&self) -> bool {
        self.upload.is_some()
    }

    /// Does without the rest.
    pub(crate) fn skip(&mut self) {
        self.wire = None;
    }

    /// The next piece; an error is final, and whoever relays the body must not end it cleanly.
    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Rejection>>> {
        let Some(wire) = &mut self.wire else { return Poll::Ready(None) };
        if let Some(upload) = &mut self.upload {
            match upload.poll(wire, cx) {
                Poll::Ready(Ok(())) => self.upload = None,
                Poll::Ready(Err(Some(rejection))) => {
                    self.wire = None;
                    return Poll::Ready(Some(Err(rejection)));
                }
                Poll::Ready(Err(None)) => (self.upload, self.reusable) = (None, false),
                Poll::Pending => {}
            }
        }
        let frame = ready!(poll_rest(&mut self.rest, wire, cx));
        match &frame {
            None => self.end(),
            Some(Ok(_)) if matches!(self.rest, Rest::Done) => self.end(),
            Some(Ok(_)) => {}
            Some(Err(_)) => self.wire = None,
        }
        Poll::Ready(frame)
    }

    /// The answer is whole: its connection may carry the next one, unless something is left on it.
    fn end(&mut self) {
        let Some(wire) = self.wire.take() else { return };
        if self.reusable && self.upload.is_none() && wire.unread.is_empty() && wire.out.is_empty() {
            self.pool.put(wire, std::time::Instant::now());
        }
        self.upload = None;
    }
}

fn poll_rest(rest: &mut Rest, wire: &mut Wire, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Rejection>>> {
    let cut = || Poll::Ready(Some(Err(Rejection::UpstreamReset)));
    let data = match rest {
        Rest::Done => return Poll::Ready(None),
        Rest::UntilClose => match ready!(wire.poll_data(cx, u64::MAX)) {
            Ok(data) if data.is_empty() => {
                *rest = Rest::Done;
                return Poll::Ready(None);
            }
            Ok(data) => data,
            Err(_) => return cut(),
        },
        Rest::Known(left) => match ready!(wire.poll_data(cx, *left)) {
            Ok(data) if !data.is_empty() => {
                *left -= data.len() as u64;
                if *left == 0 {
                    *rest = Rest::Done;
                }
                data
            }
            _ => return cut(),
        },
        Rest::Chunked(decoder) => loop {
            match decoder.decode(&mut wire.unread) {
                Ok(Decoded::Data(data)) => break data,
                Ok(Decoded::More) => {}
                Ok(Decoded::End(trailers)) => {
                    *rest = Rest::Done;
                    return Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))));
                }
                Err(_) => return Poll::Ready(Some(Err(Rejection::UpstreamProtocol))),
            }
            match ready!(wire.poll_fill(cx)) {
                Ok(1..) => {}
                _ => return cut(),
            }
        },
    };
    Poll::Ready(Some(Ok(Frame::data(data))))
}
