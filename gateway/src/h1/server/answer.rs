//! An answer on its way to the client: its head, how its body is delimited, and what becomes of the connection after it.
use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Method, Response, StatusCode, Version, header};
use http_body::Frame;
use tokio::time::Instant;

use super::Connection;
use crate::{body::Body, h1::encode};

/// Bytes of an answer that may wait to be written before its body is asked for more.
const HIGH_WATER: usize = 64 * 1024;

/// What of a request its answer depends on.
pub(super) struct Answer {
    pub(super) method: Method,
    pub(super) version: Version,
    pub(super) keep_alive: bool,
}

/// What becomes of a connection after an answer.
pub(super) enum After {
    Serve,
    /// It ends, and the client may still be sending.
    Linger,
    Close,
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

    /// Whether the answer ends with its head.
    fn is_empty(self) -> bool {
        matches!(self, Self::Nothing | Self::Length(0))
    }
}

impl Connection {
    /// Writes an answer whole; an error is a connection that is cut. The head is encoded at once, so that nothing but the
    /// body is held while the client takes it.
    pub(super) fn write(
        &self,
        answer: &Answer,
        mut response: Response<Body>,
    ) -> impl Future<Output = Result<After, ()>> + use<'_> {
        let (coding, keep_alive) = self.write_head(answer, &mut response);
        let mut body = response.into_body();
        async move {
            let sent = self.write_body(&mut body, coding).await;
            if sent.is_err() {
                body.abort();
                // An answer that ends with its connection would look whole.
                self.wire.borrow().reset_on_close();
                return Err(());
            }
            drop(body);
            let may_serve = self.upload_may_end(false)
                // Nobody was told that the connection ends. Boxed: few answers are that early.
                || (keep_alive && Box::pin(self.skip_upload()).await);
            Ok(match (may_serve, keep_alive) {
                (true, true) => After::Serve,
                // With nothing left to be read, the close is no reset.
                (true, false) if self.wire.borrow().unread.is_empty() => After::Close,
                _ => After::Linger,
            })
        }
    }

    /// Encodes an answer's head: how its body is delimited, and whether the connection may go on.
    fn write_head(&self, answer: &Answer, response: &mut Response<Body>) -> (Coding, bool) {
        let status = response.status();
        if status == StatusCode::NO_CONTENT {
            response.headers_mut().remove(header::CONTENT_LENGTH); // RFC 9110 §8.6: a reader could wait for that many bytes.
        }
        let body = response.body();
        let coding = Coding::of(answer, status, body);
        let is_driven = !coding.is_empty() && body.drives_upload();
        // A body that was refused, or that nobody read, can't be told from the next request (RFC 9112 §9.6).
        let keep_alive = answer.keep_alive && self.upload_may_end(is_driven) && coding != Coding::UntilClose;
        self.wire.borrow_mut().out.encode(|out| {
            encode::status_line(out, status);
            let (mut declares_length, mut has_date) = (false, false);
            for (name, value) in response.headers() {
                declares_length |= *name == header::CONTENT_LENGTH;
                has_date |= *name == header::DATE;
                if !body.exchange().is_some_and(|exchange| exchange.writes(name)) {
                    encode::field(out, name.as_str(), value.as_bytes());
                }
            }
            if let Some(exchange) = body.exchange() {
                if !has_date {
                    encode::field(out, "date", exchange.date().as_bytes());
                }
                exchange.write_fields(out);
            }
            match coding {
                Coding::Length(length) if !declares_length => encode::content_length(out, length),
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
        (coding, keep_alive)
    }

    async fn write_body(&self, body: &mut Body, coding: Coding) -> Result<(), ()> {
        let mut ended = coding.is_empty();
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
                            stalled = Some(Instant::now() + self.settings.borrow().timeouts.body_idle);
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
}
