//! The body of a request or of an answer, whatever it comes from: streamed, and held whole only where a rule asks to
//! see all of it.
mod answer;
mod buffer;
mod client;
mod leased;

use std::{
    cell::Cell,
    fmt,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use http_body::{Frame, SizeHint};

use crate::{
    compress::Coded,
    exchange::Exchange,
    grpc,
    h1::{framing::Length, wire::Wire},
    rejection::Rejection,
};

pub(crate) use answer::AnswerBody;
pub(crate) use client::ClientBody;
pub(crate) use leased::LeasedBody;

/// A stream of [`Frame`]s, whose error says why it broke off.
///
/// An answer's body also carries its [`Exchange`]: the access log's line is written when the body is dropped, which is
/// when the last byte of it has been written or the client has gone.
pub(crate) struct Body {
    source: Source,
    exchange: Option<Box<Exchange>>,
    watch: Option<Box<dyn Watch>>,
}

/// Whoever looks on as a body passes. One that is dropped before its end knows that the body broke off, or was not wanted.
pub(crate) trait Watch {
    /// A piece passes; whether it goes on looking.
    fn data(&mut self, data: &Bytes) -> bool;

    /// All that came has passed, and more is to come.
    fn waits(&mut self) {}

    /// The body has passed whole.
    fn end(self: Box<Self>);
}

enum Source {
    Empty,
    Full(Bytes),
    /// What was read of a client's body; the client still takes interim answers.
    Buffered(Bytes, ClientBody),
    Client(ClientBody),
    Upstream(LeasedBody),
    /// An answer, compressed.
    Coded(Box<Coded>),
}

impl Body {
    /// No bytes.
    pub(crate) fn empty() -> Self {
        Source::Empty.into()
    }

    /// These bytes.
    pub(crate) fn full(bytes: impl Into<Bytes>) -> Self {
        Source::Full(bytes.into()).into()
    }

    pub(crate) fn from_client(body: ClientBody) -> Self {
        Source::Client(body).into()
    }

    pub(crate) fn coded(body: Coded) -> Self {
        Source::Coded(Box::new(body)).into()
    }

    pub(crate) fn from_upstream(body: LeasedBody) -> Self {
        Source::Upstream(body).into()
    }

    /// Lets the exchange end with this body.
    pub(crate) fn carry(&mut self, exchange: Box<Exchange>) {
        self.exchange = Some(exchange);
    }

    /// The exchange that ends with this body.
    pub(crate) fn exchange(&self) -> Option<&Exchange> {
        self.exchange.as_deref()
    }

    /// Lets somebody look on.
    pub(crate) fn watch(&mut self, watch: Box<dyn Watch>) {
        self.watch = Some(watch);
    }

    /// The same, to be told more.
    pub(crate) fn exchange_mut(&mut self) -> Option<&mut Exchange> {
        self.exchange.as_deref_mut()
    }

    /// Refuses more than `limit` bytes, at once when they are declared.
    pub(crate) fn limit(&self, limit: u64) -> Result<(), Rejection> {
        if let Source::Client(body) = &self.source { body.limit(limit) } else { Ok(()) }
    }

    /// The same, unless a lower limit holds already.
    pub(crate) fn lower_limit(&self, limit: u64) -> Result<(), Rejection> {
        if let Source::Client(body) = &self.source { body.lower_limit(limit) } else { Ok(()) }
    }

    /// How the body is delimited when it is forwarded.
    pub(crate) fn length(&self) -> Length {
        match &self.source {
            Source::Client(body) => body.length(),
            _ => http_body::Body::size_hint(self).exact().map_or(Length::Chunked, Length::Known),
        }
    }

    /// Whether the client waits for a 100 before it sends the body.
    pub(crate) fn awaits_continue(&self) -> bool {
        if let Source::Client(body) = &self.source { body.awaits_continue() } else { false }
    }

    /// Whether it comes without the 100 that was asked for: then there is nothing to hold back.
    pub(crate) fn poll_begun(&self, cx: &mut Context<'_>) -> bool {
        if let Source::Client(body) = &self.source { body.poll_begun(cx) } else { true }
    }

    /// Counts the bytes of a client's body.
    pub(crate) fn meter(&self) -> Option<Rc<Cell<u64>>> {
        if let Source::Client(body) = &self.source { body.meter() } else { None }
    }

    /// Passes an interim answer to the client that sends this body.
    pub(crate) fn send_interim(&self, cx: &mut Context<'_>, status: StatusCode, fields: &HeaderMap) {
        if let Source::Client(body) | Source::Buffered(_, body) = &self.source {
            body.send_interim(cx, status, fields);
        }
    }

    /// Whether this answer still sends its request's body upstream while it is read.
    pub(crate) fn drives_upload(&self) -> bool {
        match &self.source {
            Source::Upstream(body) => body.drives_upload(),
            Source::Coded(body) => body.inner().drives_upload(),
            _ => false,
        }
    }

    /// Ends the answer to a call of gRPC that is out of time: what came is not whole, which its status says. No declared
    /// length may say otherwise.
    fn end_call(&mut self) -> Result<Frame<Bytes>, Rejection> {
        let rejection = Rejection::UpstreamTimeout;
        if http_body::Body::size_hint(self).exact().is_some() {
            return Err(rejection);
        }
        // Its upstream hears of it now.
        self.source = Source::Empty;
        let trailers = grpc::trailers(rejection.status(), &rejection.detail());
        Ok(Frame::trailers(trailers))
    }

    /// The client will not get the rest.
    pub(crate) fn abort(&mut self) {
        if let Some(exchange) = &mut self.exchange {
            exchange.fail(&Rejection::ClientClosed);
        }
    }

    /// Shows this frame to whoever looks on.
    fn show(&mut self, frame: Option<&Result<Frame<Bytes>, Rejection>>, is_end: bool) {
        let Some(mut watch) = self.watch.take() else { return };
        let goes_on = match frame {
            Some(Ok(frame)) => frame.data_ref().is_none_or(|data| watch.data(data)),
            Some(Err(_)) => false,
            None => true,
        };
        match (goes_on, is_end || frame.is_none()) {
            (true, true) => watch.end(),
            (true, false) => self.watch = Some(watch),
            (false, _) => {}
        }
    }

    /// The upstream's connection, if this answer has switched protocols.
    pub(crate) fn take_switched(&mut self) -> Option<Box<Wire>> {
        if let Source::Upstream(body) = &mut self.source { body.take_switched() } else { None }
    }

    /// There is nothing in it to be read.
    pub(crate) fn skip(&mut self) {
        match &mut self.source {
            Source::Upstream(body) => body.skip(),
            Source::Coded(body) => body.skip(),
            _ => {}
        }
        if let Some(exchange) = &mut self.exchange {
            exchange.ended = true;
        }
    }
}

impl From<Source> for Body {
    fn from(source: Source) -> Self {
        Self { source, exchange: None, watch: None }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Rejection;

    #[inline]
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Rejection>>> {
        let frame = match &mut self.source {
            Source::Empty => None,
            Source::Full(bytes) | Source::Buffered(bytes, _) => {
                let bytes = std::mem::take(bytes);
                (!bytes.is_empty()).then(|| Ok(Frame::data(bytes)))
            }
            Source::Client(body) => ready!(body.poll_frame(cx)),
            Source::Upstream(body) => match body.poll_frame(cx) {
                Poll::Ready(frame) => frame,
                Poll::Pending => {
                    if let Some(watch) = &mut self.watch {
                        watch.waits();
                    }
                    return Poll::Pending;
                }
            },
            Source::Coded(body) => ready!(body.poll_frame(cx)),
        };
        let is_end = http_body::Body::is_end_stream(&*self);
        if self.watch.is_some() {
            self.show(frame.as_ref(), is_end);
        }
        if let Some(exchange) = &mut self.exchange {
            match &frame {
                Some(Ok(frame)) => {
                    exchange.bytes_out += frame.data_ref().map_or(0, Bytes::len) as u64;
                    exchange.ended |= is_end;
                }
                Some(Err(rejection)) => {
                    exchange.fail(rejection);
                    if exchange.is_grpc && *rejection == Rejection::UpstreamTimeout {
                        return Poll::Ready(Some(self.end_call()));
                    }
                }
                None => exchange.ended = true,
            }
        }
        Poll::Ready(frame)
    }

    #[inline]
    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Empty => true,
            Source::Full(bytes) | Source::Buffered(bytes, _) => bytes.is_empty(),
            Source::Client(body) => body.is_end(),
            Source::Upstream(body) => body.is_end(),
            Source::Coded(body) => body.is_end(),
        }
    }

    #[inline]
    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Empty => SizeHint::with_exact(0),
            Source::Full(bytes) | Source::Buffered(bytes, _) => SizeHint::with_exact(bytes.len() as u64),
            Source::Client(body) => of_length(body.length()),
            Source::Upstream(body) => of_length(body.length()),
            Source::Coded(_) => SizeHint::default(),
        }
    }
}

fn of_length(length: Length) -> SizeHint {
    match length {
        Length::Known(length) => SizeHint::with_exact(length),
        Length::Chunked | Length::UntilClose => SizeHint::default(),
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = match &self.source {
            Source::Empty => "Empty",
            Source::Full(_) => "Full",
            Source::Buffered(..) => "Buffered",
            Source::Client(_) => "Client",
            Source::Upstream(_) => "Upstream",
            Source::Coded(_) => "Coded",
        };
        write!(f, "Body::{source}")
    }
}
