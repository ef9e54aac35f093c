//! A client's connection: requests read one after the other, each handed to a [`Service`], each answer written.
//!
//! The loop of `Connection::serve` is the states of a connection: idle → head → call → answer → (idle | linger), or at the end of
//! it `upgrade`: a tunnel. One task drives
//! all of it, the request's body included, which the service reads through a [`RequestBody`]; so nothing is sent
//! between tasks, and a service that is dropped half-way leaves nothing behind.
mod answer;
mod request_body;
mod upgrade;

use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    pin::pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, Version};
use tokio::time::Instant;

use super::{
    head::{self, BadHead, Scan},
    wire::Wire,
};
pub(crate) use request_body::RequestBody;

use answer::{After, Answer};
use request_body::{Rest, Upload};

use crate::{
    body::Body,
    config::{ClientTimeouts, Limits},
    rejection::Rejection,
    reserved::Reserved,
    shutdown::Drain,
    transport::Transport,
};

/// How long, and how many bytes, a connection is read after its last answer, so that a reset does not eat the answer
/// (RFC 9112 §9.6).
const LINGER: (Duration, usize) = (Duration::from_secs(2), 1024 * 1024);
/// Bytes of later requests that are kept while one is served.
const MAX_AHEAD: usize = 64 * 1024;
/// How long a drain waits for one more request of an idle connection, which is told then that it was the last: a close
/// would cross a request on its way, and its client could not know whether that was seen. Clients that are busy are told;
/// one that has been silent for so long is not likely to speak in the moment of the close.
const DRAIN_GRACE: Duration = Duration::from_millis(500);

/// What answers the requests of a connection.
pub(crate) trait Service {
    /// What the client may do from now on: asked for each request.
    fn settings(&self) -> Rc<Settings>;
    /// Answers one request.
    fn call(&self, request: &mut Request<Body>) -> impl Future<Output = Response<Body>>;
    /// Answers a head that is no request; the connection closes after it.
    fn refuse(&self, head: BadHead) -> Response<Body>;
}

/// What a client may do.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) timeouts: ClientTimeouts,
    pub(crate) limits: Limits,
    /// What it may not say of itself, in trailers either.
    pub(crate) reserved: Arc<Reserved>,
}

/// How the bytes begin by which a client says that it speaks HTTP/2 (RFC 9113 §3.4): they are like a head of HTTP/1.
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\n";

/// Whether a head may be meant as one of HTTP/1: it has a `/`, be it only that of `HTTP/1.1`. What begins a connection and
/// does not is cut off, as HTTP/2 demands of a preface that is none (RFC 9113 §3.4).
fn is_meant_as_http1(head: &[u8]) -> bool {
    memchr::memchr(b'/', head).is_some()
}

/// Serves a connection until it ends, or until its client turns out to speak HTTP/2: then it is given back, unread.
/// `accepted` is when it was accepted.
pub(crate) async fn serve(
    stream: Transport,
    service: &impl Service,
    drain: &Drain,
    accepted: Instant,
) -> Option<Box<Wire>> {
    let connection = Connection::new(stream, service.settings());
    match connection.serve(service, drain, accepted).await {
        Ended::Http2 => Rc::into_inner(connection).map(|connection| Box::new(connection.wire.into_inner())),
        Ended::InOrder => {
            connection.wire.borrow_mut().say_end();
            None
        }
        Ended::Told | Ended::Cut => None,
    }
}

/// Answers a connection on which no request can be read, and ends it.
pub(crate) async fn refuse(stream: Transport, service: &impl Service, rejection: Rejection) {
    let bad: Box<BadHead> = rejection.into();
    Connection::new(stream, service.settings()).refuse(service.refuse(*bad)).await;
}

/// How a connection came to its end.
enum Ended {
    /// Nothing is left to be said but that.
    InOrder,
    /// The client has been told, and given time to read it.
    Told,
    Cut,
    /// It did not: the client speaks HTTP/2.
    Http2,
}

#[derive(Debug)]
struct Connection {
    wire: RefCell<Wire>,
    upload: RefCell<Upload>,
    /// Which request of the connection is being served; a body of an earlier one is dead.
    serial: Cell<u64>,
    /// Body bytes of the request being served.
    received: Rc<Cell<u64>>,
    /// As they were when the request being served began.
    settings: RefCell<Rc<Settings>>,
}

impl Connection {
    fn new(stream: Transport, settings: Rc<Settings>) -> Rc<Self> {
        Rc::new(Self {
            wire: RefCell::new(Wire::new(stream)),
            upload: RefCell::new(Upload::default()),
            serial: Cell::new(0),
            received: Rc::new(Cell::new(0)),
            settings: RefCell::new(settings),
        })
    }

    /// Answers what was no request.
    async fn refuse(&self, answer: Response<Body>) {
        let to = Answer { method: Method::GET, version: Version::HTTP_11, keep_alive: false };
        if self.write(&to, answer).await.is_ok() {
            self.linger().await;
        }
    }

    /// Serves one request after the other. What it holds while it waits is what an idle connection takes of memory: a head
    /// is taken apart between two waits, and what happens once at most is boxed.
    async fn serve(self: &Rc<Self>, service: &impl Service, drain: &Drain, accepted: Instant) -> Ended {
        let mut header_deadline = Some(accepted + self.settings.borrow().timeouts.header);
        let _registered = drain.register().await;
        let bad = loop {
            // idle, then head
            let bytes = match self.read_head(service, drain, header_deadline.take()).await {
                Ok(Some(bytes)) => bytes,
                Ok(None) => return Ended::InOrder,
                Err(rejection) => break rejection.into(),
            };
            if bytes == HTTP2_PREFACE && self.serial.get() == 0 {
                let mut wire = self.wire.borrow_mut();
                wire.unread = [HTTP2_PREFACE, &wire.unread].concat().as_slice().into();
                return Ended::Http2;
            }
            let is_http1 = self.serial.get() > 0 || is_meant_as_http1(&bytes);
            // call; in a block of its own, so that there is no room for the request any more while its answer is written
            let mut answer;
            let response = {
                let mut request = Request::new(Body::empty());
                let opened = self.open(&bytes, &mut request);
                drop(bytes); // A request that waits holds the fields that it still needs, and no more.
                match opened {
                    Ok(opened) => answer = opened,
                    Err(bad) if is_http1 => break bad,
                    Err(bad) => {
                        // Noted like any other; whoever speaks something else could not read an answer.
                        drop(service.refuse(*bad));
                        return Ended::Cut;
                    }
                }
                let Some(response) = self.or_gone(service.call(&mut request)).await else { return Ended::Cut };
                response
            };
            if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                // Boxed: few connections become a tunnel, and all of them would carry the room for one.
                Box::pin(self.tunnel(response, drain)).await;
                return Ended::Told;
            }
            if matches!(self.upload.borrow().rest, Rest::Gone) {
                return Ended::Cut; // The answer to a request that never came whole is for the log.
            }
            answer.keep_alive &= !drain.is_draining();
            // answer
            match self.write(&answer, response).await {
                Ok(After::Serve) => {}
                Ok(After::Linger) => {
                    self.linger().await;
                    return Ended::Told;
                }
                Ok(After::Close) => return Ended::InOrder,
                Err(()) => return Ended::Cut,
            }
        };
        Box::pin(self.refuse(service.refuse(*bad))).await;
        Ended::Told
    }

    /// The bytes of the next request's head; nothing where the connection ended, or may end, before one began.
    async fn read_head(
        &self,
        service: &impl Service,
        drain: &Drain,
        first: Option<Instant>,
    ) -> Result<Option<Bytes>, Rejection> {
        let (mut scan, mut deadline) = (Scan::default(), first);
        let (mut idle_until, mut drain_until) = (None, None);
        poll_fn(|cx| {
            let mut wire = self.wire.borrow_mut();
            let wire = &mut *wire;
            // They may have changed while nothing came.
            let settings = service.settings();
            loop {
                if !wire.unread.is_empty()
                    && let Some(bytes) = head::take_request(&mut wire.unread, &mut scan, &settings.limits)?
                {
                    *self.settings.borrow_mut() = settings;
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
                deadline.get_or_insert_with(|| Instant::now() + settings.timeouts.header);
            }
            let mut until = match deadline {
                Some(deadline) => deadline,
                None => *idle_until.get_or_insert_with(|| Instant::now() + settings.timeouts.idle),
            };
            if drain.is_draining() && !begun {
                until = until.min(*drain_until.get_or_insert_with(|| Instant::now() + DRAIN_GRACE));
            }
            ready!(wire.timer.poll(cx, until));
            // Whoever never sent a byte is not owed an answer; a browser's spare connection would show it.
            Poll::Ready(if begun { Err(Rejection::RequestTimeout) } else { Ok(None) })
        })
        .await
    }

    /// Makes `request` the one whose head this is, with its body to be read from this connection; what its answer depends
    /// on.
    fn open(self: &Rc<Self>, bytes: &Bytes, request: &mut Request<Body>) -> Result<Answer, Box<BadHead>> {
        let limits = &self.settings.borrow().limits;
        let framing = head::parse_request(bytes, limits, request)?;
        let version = request.version();
        self.serial.set(self.serial.get() + 1);
        self.received.set(0);
        let has_begun = !self.wire.borrow().unread.is_empty();
        *self.upload.borrow_mut() = Upload::new(framing, version, limits.header, has_begun);
        *request.body_mut() = Body::from_client(RequestBody::new(self, framing.length).into());
        Ok(Answer { method: request.method().clone(), version, keep_alive: framing.keep_alive })
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

    /// Ready when the client has ended its side though all of its request is there. What it sends ahead is kept, up to a
    /// bound behind which its end can't be seen.
    fn poll_gone(&self, cx: &mut Context<'_>) -> Poll<()> {
        if !matches!(self.upload.borrow().rest, Rest::Done) {
            return Poll::Pending; // Whoever reads the body will see.
        }
        let mut wire = self.wire.borrow_mut();
        while wire.unread.len() < MAX_AHEAD {
            match ready!(wire.poll_fill(cx)) {
                Ok(1..) => {}
                _ => return Poll::Ready(()),
            }
        }
        Poll::Pending
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
}
