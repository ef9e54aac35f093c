//! One stream: a request read, called, answered.
use std::{
    cell::RefCell,
    future::{Future, poll_fn},
    pin::pin,
    rc::Rc,
    task::Poll,
};

use ::h2::{Reason, RecvStream, SendStream, server::SendResponse};
use bytes::Bytes;
use http::{Method, Request};

use super::{
    request,
    request_body::{RequestBody, Upload},
};
use crate::{
    body::Body,
    grpc,
    h1::server::{Service, Settings},
    shutdown::Drain,
};

/// How a stream ended.
pub(super) enum End {
    Answered,
    /// The client, or a fault of it, reset the stream before there was an answer.
    Cancelled,
    /// An answer broke off: the stream is to be reset, so that nobody takes it for whole.
    Cut(SendStream<Bytes>, Reason),
}

/// What a request's body and its answer both need.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) respond: RefCell<SendResponse<Bytes>>,
    pub(super) upload: RefCell<Upload>,
    /// As they were when the request began.
    pub(super) settings: Rc<Settings>,
}

/// Serves one stream. Dropped before its end, it resets it, which cancels the request.
pub(super) async fn serve(
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    service: &impl Service,
    drain: &Drain,
) -> End {
    // One that was reset on its way here is no request any more.
    if poll_fn(|cx| Poll::Ready(respond.poll_reset(cx).is_ready())).await {
        return End::Cancelled;
    }
    let (head, body) = request.into_parts();
    let is_head = head.method == Method::HEAD;
    let settings = service.settings();
    let read = request::read(head, body.is_end_stream(), &settings.limits);
    let stream = Rc::new(Stream { respond: RefCell::new(respond), upload: RefCell::new(Upload::new(body)), settings });
    let answer = match read {
        Ok(read) => {
            // Whoever sends the body at once waits for nothing (RFC 9110 §10.1.1).
            let awaits_continue = read.expects_continue && !stream.upload.borrow_mut().has_begun();
            stream.upload.borrow_mut().awaits_continue = awaits_continue;
            stream.upload.borrow_mut().may_pause = grpc::is_call(&read.request);
            let body = || Body::from_client(RequestBody::new(&stream, read.length).into());
            let mut request = read.request.map(|()| if read.is_websocket { Body::empty() } else { body() });
            let Some(answer) = stream.or_reset(service.call(&mut request)).await else { return End::Cancelled };
            if read.is_websocket {
                // Boxed: few streams become a tunnel, and all of them would carry the room for one.
                return Box::pin(stream.answer_websocket(answer, drain)).await;
            }
            answer
        }
        Err(bad) => service.refuse(*bad),
    };
    stream.answer(is_head, answer).await
}

impl Stream {
    /// What `call` gives, or `None` as soon as the stream is reset.
    async fn or_reset<T>(&self, call: impl Future<Output = T>) -> Option<T> {
        let mut call = pin!(call);
        poll_fn(|cx| match call.as_mut().poll(cx) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending => self.respond.borrow_mut().poll_reset(cx).map(|_| None),
        })
        .await
    }
}
