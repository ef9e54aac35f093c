//! A client's connection: requests read one after the other, each handed to a [`Service`], each answer written.
//!
//! The loop of [`serve`] is the states of a connection: idle → head → call → answer → (idle | linger). One task drives
//! all of it, the request's body included, which the service reads through a [`RequestBody`]; so nothing is sent
//! between tasks, and a service that is dropped half-way leaves nothing behind.
use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    io,
    pin::{Pin, pin},
    rc::Rc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, Version, header};
use http_body::Frame;
use tokio::{net::TcpStream, time::Instant};

use super::{
    chunked::{Decoded, Decoder},
    encode,
    framing::Length,
    head::{self, BadHead, RequestHead, Scan},
    wire::Wire,
};
use crate::{
    body::Body,
    config::{ClientTimeouts, Limits},
    rejection::Rejection,
    shutdown::Drain,
};

/// Bytes of an answer that may wait to be written before its body is asked for more.
const HIGH_WATER: usize = 64 * 1024;
/// How long, and how many bytes, a connection is read after its last answer, so that a reset does not eat the answer
/// (RFC 9112 §9.6).
const LINGER: (Duration, usize) = (Duration::from_secs(2), 1024 * 1024);
/// How long a drain waits for the first request of a connection that was only just accepted.
const DRAIN_GRACE: Duration = Duration::from_millis(500);

/// What answers the requests of a connection.
pub(crate) trait Service {
    /// Answers one request.
    fn call(&self, request: &mut Request<Body>) -> impl Future<Output = Response<Body>>;
    /// Answers a head that is no request; the connection closes after it.
    fn refuse(&self, head: BadHead) -> Response<Body>;
}

/// What a client may do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) timeouts: ClientTimeouts,
    pub(crate) limits: Limits,
}

/// Serves a connection until it ends. `accepted` is when it was accepted.
pub(crate) async fn serve(
    stream: TcpStream,
    settings: &Settings,
    service: &impl Service,
    drain: &Drain,
    accepted: Instant,
) {
    let connection = Rc::new(Connection {
        wire: RefCell::new(Wire::new(stream)),
        upload: RefCell::new(Upload::default()),
        serial: Cell::new(0),
        received: Rc::new(Cell::new(0)),
        settings: *settings,
    });
    let _registered = drain.register().await;
    let mut header_deadline = Some(accepted + settings.timeouts.header);
    loop {
        // idle, then head
        let head = match connection.read_head(drain, header_deadline.take()).await {
            Ok(Some(head)) => head,
            Ok(None) => return,
            Err(bad) => {
                let answer = Answer { method: Method::GET, version: Version::HTTP_11, keep_alive: false };
                if connection.write(answer, service.refuse(*bad)).await.is_ok() {
                    connection.linger().await;
                }
                return;
            }
        };
        // call
        let mut answer = Answer { method: head.method.clone(), version: head.version, keep_alive: head.keep_alive };
        let mut request = connection.open(head);
        let Some(response) = connection.or_gone(service.call(&mut request)).await else { return };
        answer.keep_alive &= !drain.is_draining();
        // answer
        match connection.write(answer, response).await {
            Ok(After::Serve) => {}
            Ok(After::Linger) => return connection.linger().await,
            Ok(After::Close) | Err(()) => return,
        }
    }
}

/// What of a request its answer depends on.
struct Answer {
    method: Method,
    version: Version,
    keep_alive: bool,
}

/// What becomes of a connection after an answer.
enum After {
    Serve,
    /// It ends, and the client may still be sending.
    Linger,
    Close,
}

#[derive(Debug)]
struct Connection {
    wire: RefCell<Wire>,
    upload: RefCell<Upload>,
    /// Which request of the connection is being served; a body of an earlier one is dead.
    serial: Cell<u64>,
    /// Body bytes of the request being served.
    received: Rc<Cell<u64>>,
    settings: Settings,
}

/// What is still to come of a request's body.
#[derive(Debug, Default)]
struct Upload {
    rest: Rest,
    awaits_continue: bool,
    takes_interim: bool,
    limit: u64,
    stalled_at: Option<Instant>,
}

#[derive(Debug, Default)]
enum Rest {
    #[default]
    Done,
    Known(u64),
    Chunked(Decoder),
    /// Refused or cut: the connection can't go on.
    Broken,
}

impl Connection {
    /// The next request's head; `None` when the connection ended, or may end, before one began.
    async fn read_head(&self, drain: &Drain, first: Option<Instant>) -> Result<Option<RequestHead>, Box<BadHead>> {
        match self.read_head_bytes(drain, first).await? {
            Some(bytes) => head::parse_request(&bytes, &self.settings.limits).map(Some),
            None => Ok(None),
        }
    }

    async fn read_head_bytes(&self, drain: &Drain, first: Option<Instant>) -> Result<Option<Bytes>, Rejection> {
        let (mut scan, mut deadline) = (Scan::default(), first);
        let mut grace = None;
        poll_fn(|cx| {
            let mut wire = self.wire.borrow_mut();
            let wire = &mut *wire;
            loop {
                if !wire.unread.is_empty()
                    && let Some(bytes) = head::take_request(&mut wire.unread, &mut scan, &self.settings.limits)?
                {
                    return Poll::Ready(Ok(Some(bytes)));
                }
                match wire.poll_fill(cx) {
                    Poll::Ready(Ok(1..)) => {}
                    Poll::Ready(_) => return Poll::Ready(Ok(None)),
                    Poll::Pending => break,
                }
            }
            let begun = !wire.unread.is_empty();
            if begun {
                // A later request's time runs from its first byte on.
                deadline.get_or_insert_with(|| Instant::now() + self.settings.timeouts.header);
            }
            let mut until = match deadline {
                Some(deadline) => deadline,
                None => *grace.get_or_insert_with(|| Instant::now() + self.settings.timeouts.idle),
            };
            if drain.is_draining() && !begun {
                if first.is_none() {
                    return Poll::Ready(Ok(None));
                }
                until = until.min(*grace.get_or_insert_with(|| Instant::now() + DRAIN_GRACE));
            }
            ready!(wire.timer.poll(cx, until));
            // Whoever never sent a byte is not owed an answer; a browser's spare connection would show it.
            Poll::Ready(if begun { Err(Rejection::RequestTimeout) } else { Ok(None) })
        })
        .await
    }

    /// The request that `head` begins, with its body to be read from this connection.
    fn open(self: &Rc<Self>, head: RequestHead) -> Request<Body> {
        self.serial.set(self.serial.get() + 1);
        self.received.set(0);
        *self.upload.borrow_mut() = Upload {
            rest: match head.length {
                Length::Known(0) | Length::UntilClose => Rest::Done,
                Length::Known(length) => Rest::Known(length),
                Length::Chunked => Rest::Chunked(Decoder::new(self.settings.limits.header)),
            },
            awaits_continue: head.expects_continue,
            takes_interim: encode::takes_chunks(head.version),
            limit: u64::MAX,
            stalled_at: None,
        };
        let body = RequestBody { connection: Rc::clone(self), serial: self.serial.get(), length: head.length };
        let mut request = Request::new(Body::from_client(body));
        *request.method_mut() = head.method;
        *request.uri_mut() = head.uri;
        *request.version_mut() = head.version;
        *request.headers_mut() = head.fields;
        request
    }

    /// What `call` gives, or `None` as soon as the client is gone.
    async fn or_gone<T>(&self, call: impl Future<Output = T>) -> Option<T> {
        let mut call = pin!(call);
        poll_fn(|cx| match call.as_mut().poll(cx) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending => self.poll_gone(cx).map(|()| None),
        })
        .await
    }

    /// Ready when the client has ended its side though all of its request is there. What it sends ahead is kept, and
    /// until that is served its end can't be seen: nothing more is read.
    fn poll_gone(&self, cx: &mut Context<'_>) -> Poll<()> {
        if !matches!(self.upload.borrow().rest, Rest::Done) {
            return Poll::Pending; // Whoever reads the body will see.
        }
        let mut wire = self.wire.borrow_mut();
        if !wire.unread.is_empty() {
            return Poll::Pending;
        }
        match ready!(wire.poll_fill(cx)) {
            Ok(1..) => Poll::Pending,
            _ => Poll::Ready(()),
        }
    }

    /// Writes an answer whole; an error is a connection that is cut.
    async fn write(&self, answer: Answer, response: Response<Body>) -> Result<After, ()> {
        let (head, mut body) = response.into_parts();
        // A body that was refused, or that nobody read, can't be told from the next request.
        let keep_alive = answer.keep_alive && self.upload_may_end(body.drives_upload());
        let coding = Coding::of(&answer, head.status, &body);
        let keep_alive = keep_alive && coding != Coding::UntilClose;
        self.wire.borrow_mut().out.encode(|out| {
            encode::status_line(out, head.status);
            encode::fields(out, &head.headers);
            match coding {
                Coding::Length(length) if !head.headers.contains_key(header::CONTENT_LENGTH) => {
                    encode::content_length(out, length);
                }
                Coding::Chunked => encode::field(out, "transfer-encoding", b"chunked"),
                _ => {}
            }
            match (keep_alive, answer.version) {
                (false, _) => encode::field(out, "connection", b"close"),
                (true, Version::HTTP_10) => encode::field(out, "connection", b"keep-alive"),
                _ => {}
            }
            out.extend_from_slice(b"\r\n");
        });
        let sent = self.write_body(&mut body, coding).await;
        if sent.is_err() {
            body.abort();
            // An answer that ends with its connection would look whole.
            self.wire.borrow().reset_on_close();
            return Err(());
        }
        drop(body);
        Ok(match (self.upload_may_end(false), keep_alive) {
            (true, true) => After::Serve,
            // With nothing left to be read, the close is no reset.
            (true, false) if self.wire.borrow().unread.is_empty() => After::Close,
            _ => After::Linger,
        })
    }

    async fn write_body(&self, body: &mut Body, coding: Coding) -> Result<(), ()> {
        let mut ended = matches!(coding, Coding::Nothing | Coding::Length(0));
        if ended {
            body.skip();
        }
        let mut stalled: Option<Instant> = None;
        poll_fn(|cx| {
            loop {
                // Ask for as much as may wait; small pieces leave in one write with the head.
                let mut waiting = false;
                while !ended && self.wire.borrow().out.len() < HIGH_WATER {
                    match http_body::Body::poll_frame(Pin::new(&mut *body), cx) {
                        Poll::Ready(Some(Ok(frame))) => ended = self.push(frame, coding),
                        Poll::Ready(Some(Err(_))) => return self.poll_cut(cx),
                        Poll::Ready(None) => {
                            ended = true;
                            if coding == Coding::Chunked {
                                self.wire.borrow_mut().out.encode(|out| encode::last_chunk(out, None));
                            }
                        }
                        Poll::Pending => {
                            waiting = true;
                            break;
                        }
                    }
                    if !ended && http_body::Body::is_end_stream(body) {
                        ended = true;
                        if coding == Coding::Chunked {
                            self.wire.borrow_mut().out.encode(|out| encode::last_chunk(out, None));
                        }
                    }
                }
                let before = self.wire.borrow().out.len();
                let flushed = self.wire.borrow_mut().poll_flush(cx);
                match flushed {
                    Poll::Ready(Ok(())) if ended => return Poll::Ready(Ok(())),
                    Poll::Ready(Ok(())) if waiting => {
                        ready!(self.poll_gone(cx));
                        return Poll::Ready(Err(()));
                    }
                    Poll::Ready(Ok(())) => stalled = None,
                    Poll::Ready(Err(_)) => return Poll::Ready(Err(())),
                    Poll::Pending => {
                        let mut wire = self.wire.borrow_mut();
                        if stalled.is_none() || wire.out.len() < before {
                            stalled = Some(Instant::now() + self.settings.timeouts.body_idle);
                        }
                        let deadline = stalled.expect("set just above");
                        ready!(wire.timer.poll(cx, deadline));
                        return Poll::Ready(Err(()));
                    }
                }
            }
        })
        .await
    }

    /// Appends one frame; whether it is the last.
    fn push(&self, frame: Frame<Bytes>, coding: Coding) -> bool {
        let mut wire = self.wire.borrow_mut();
        match frame.into_data() {
            Ok(data) if data.is_empty() => false,
            Ok(data) if coding == Coding::Chunked => {
                wire.out.encode(|out| encode::chunk_size(out, data.len()));
                wire.out.push(data);
                wire.out.encode(|out| out.extend_from_slice(b"\r\n"));
                false
            }
            Ok(data) => {
                wire.out.push(data);
                false
            }
            Err(frame) => {
                if coding == Coding::Chunked {
                    wire.out.encode(|out| encode::last_chunk(out, frame.trailers_ref()));
                }
                true
            }
        }
    }

    /// A body broke off: what there is of it still goes out, then the connection is cut.
    fn poll_cut(&self, cx: &mut Context<'_>) -> Poll<Result<(), ()>> {
        let _ = self.wire.borrow_mut().poll_flush(cx);
        Poll::Ready(Err(()))
    }

    /// Whether the request's body is at its end, or will be: what of it is here already and was not wanted is skipped.
    fn upload_may_end(&self, is_driven: bool) -> bool {
        let mut upload = self.upload.borrow_mut();
        let mut wire = self.wire.borrow_mut();
        if upload.awaits_continue {
            return false; // The client decides whether it sends the body; where the next request begins is unknown.
        }
        match &mut upload.rest {
            Rest::Done => true,
            Rest::Broken => false,
            _ if is_driven => true,
            Rest::Known(left) => {
                let here = usize::try_from(*left).ok().filter(|&left| left <= wire.unread.len());
                if let Some(here) = here {
                    drop(wire.unread.split_to(here));
                    upload.rest = Rest::Done;
                }
                here.is_some()
            }
            Rest::Chunked(decoder) => {
                while let Ok(Decoded::Data(_)) = decoder.decode(&mut wire.unread) {}
                decoder.is_done()
            }
        }
    }

    /// Ends our side and reads on for a while, so that the client can read the answer before the socket is gone.
    async fn linger(&self) {
        let deadline = Instant::now() + LINGER.0;
        let mut seen = 0;
        let mut ended = false;
        poll_fn(|cx| {
            let mut wire = self.wire.borrow_mut();
            if !ended {
                if ready!(wire.poll_shutdown(cx)).is_err() {
                    return Poll::Ready(());
                }
                ended = true;
            }
            loop {
                wire.unread.clear();
                match wire.poll_fill(cx) {
                    Poll::Ready(Ok(read @ 1..)) if seen < LINGER.1 => seen += read,
                    Poll::Ready(_) => return Poll::Ready(()),
                    Poll::Pending => return wire.timer.poll(cx, deadline),
                }
            }
        })
        .await;
    }

    fn poll_body(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Rejection>>> {
        let mut upload = self.upload.borrow_mut();
        let upload = &mut *upload;
        let mut wire = self.wire.borrow_mut();
        if upload.awaits_continue && !matches!(upload.rest, Rest::Done) {
            upload.awaits_continue = false;
            wire.out.encode(|out| encode::interim(out, StatusCode::CONTINUE, &HeaderMap::new()));
            let _ = wire.poll_flush(cx); // What does not fit now goes out before the answer.
        }
        let outcome = match poll_rest(&mut upload.rest, &mut wire, cx) {
            Poll::Pending => {
                let timeout = self.settings.timeouts.body_idle;
                let deadline = *upload.stalled_at.get_or_insert_with(|| Instant::now() + timeout);
                ready!(wire.timer.poll(cx, deadline));
                Err(Rejection::RequestTimeout)
            }
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Ready(Some(outcome)) => outcome,
        };
        upload.stalled_at = None;
        let outcome = outcome.and_then(|frame| {
            let length = frame.data_ref().map_or(0, Bytes::len) as u64;
            self.received.set(self.received.get() + length);
            if self.received.get() > upload.limit {
                return Err(Rejection::BodyTooLarge { limit: upload.limit });
            }
            Ok(frame)
        });
        if outcome.is_err() {
            upload.rest = Rest::Broken;
        }
        Poll::Ready(Some(outcome))
    }
}

/// The next piece of a request's body.
fn poll_rest(rest: &mut Rest, wire: &mut Wire, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Rejection>>> {
    let gone = |_: io::Error| Rejection::ClientClosed;
    match rest {
        Rest::Done => Poll::Ready(None),
        Rest::Broken => Poll::Ready(Some(Err(Rejection::ClientClosed))),
        Rest::Known(left) => {
            let data = match ready!(wire.poll_data(cx, *left)).map_err(gone) {
                Ok(data) if data.is_empty() => return Poll::Ready(Some(Err(Rejection::ClientClosed))),
                Ok(data) => data,
                Err(gone) => return Poll::Ready(Some(Err(gone))),
            };
            *left -= data.len() as u64;
            if *left == 0 {
                *rest = Rest::Done;
            }
            Poll::Ready(Some(Ok(Frame::data(data))))
        }
        Rest::Chunked(decoder) => loop {
            match decoder.decode(&mut wire.unread) {
                Ok(Decoded::Data(data)) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                Ok(Decoded::More) => {}
                Ok(Decoded::End(trailers)) => {
                    *rest = Rest::Done;
                    return Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))));
                }
                Err(fault) => {
                    let why = format!("The body has {fault}.");
                    return Poll::Ready(Some(Err(Rejection::BadRequest(why.into()))));
                }
            }
            if ready!(wire.poll_fill(cx)).unwrap_or(0) == 0 {
                return Poll::Ready(Some(Err(Rejection::ClientClosed)));
            }
        },
    }
}

/// How an answer's body is delimited on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    /// No body may follow this head.
    Nothing,
    Length(u64),
    Chunked,
    UntilClose,
}

impl Coding {
    fn of(answer: &Answer, status: StatusCode, body: &Body) -> Self {
        if answer.method == Method::HEAD || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
            return Self::Nothing;
        }
        match http_body::Body::size_hint(body).exact() {
            Some(length) => Self::Length(length),
            None if encode::takes_chunks(answer.version) => Self::Chunked,
            None => Self::UntilClose,
        }
    }
}

/// The body of a request, read from its connection as it is polled.
#[derive(Debug)]
pub(crate) struct RequestBody {
    connection: Rc<Connection>,
    serial: u64,
    length: Length,
}

impl RequestBody {
    fn is_current(&self) -> bool {
        self.serial == self.connection.serial.get()
    }

    /// The next piece; an error is final.
    pub(crate) fn poll_frame(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Rejection>>> {
        if self.is_current() { self.connection.poll_body(cx) } else { Poll::Ready(None) }
    }

    /// Whether nothing more will come.
    pub(crate) fn is_end(&self) -> bool {
        !self.is_current() || matches!(self.connection.upload.borrow().rest, Rest::Done)
    }

    /// Its length as the head declared it.
    pub(crate) fn length(&self) -> Length {
        self.length
    }

    /// Whether the client waits for a 100 before it sends anything.
    pub(crate) fn awaits_continue(&self) -> bool {
        self.is_current() && self.connection.upload.borrow().awaits_continue
    }

    /// Refuses more than `limit` bytes: at once when the head declares more, else when they have come.
    pub(crate) fn limit(&self, limit: u64) -> Result<(), Rejection> {
        self.connection.upload.borrow_mut().limit = limit;
        match self.length {
            Length::Known(length) if length > limit => Err(Rejection::BodyTooLarge { limit }),
            _ => Ok(()),
        }
    }

    /// Counts the body's bytes as they come, also after the body itself is gone.
    pub(crate) fn meter(&self) -> Rc<Cell<u64>> {
        Rc::clone(&self.connection.received)
    }

    /// Passes an interim answer on (RFC 9110 §15.2), where the client's version has them.
    pub(crate) fn send_interim(&self, cx: &mut Context<'_>, status: StatusCode, fields: &HeaderMap) {
        if self.is_current() && self.connection.upload.borrow().takes_interim {
            let mut wire = self.connection.wire.borrow_mut();
            wire.out.encode(|out| encode::interim(out, status, fields));
            let _ = wire.poll_flush(cx); // What does not fit now goes out before the answer.
        }
    }
}
