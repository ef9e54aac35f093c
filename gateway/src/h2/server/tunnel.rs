//! A stream that becomes a WebSocket (RFC 8441): its client's end of a [`Tunnel`].
use std::{
    future::poll_fn,
    io, mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use ::h2::{Reason, SendStream};
use bytes::{Bytes, BytesMut};
use http::{HeaderName, Response, StatusCode, header};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::stream::{End, Stream};
use crate::{
    body::Body,
    shutdown::Drain,
    tunnel::{self, Tunnel},
};

/// Those of an upstream's 101 that are about its connection alone.
const NOT_GRANTED: [HeaderName; 2] = [header::CONTENT_LENGTH, header::SEC_WEBSOCKET_ACCEPT];

impl Stream {
    /// Answers who has asked for a WebSocket: 200 where the upstream has agreed to one, by its 101, and not before.
    /// Whatever else was said well is no WebSocket, which the client would take it for (RFC 8441 §5).
    pub(super) async fn answer_websocket(&self, mut response: Response<Body>, drain: &Drain) -> End {
        match response.status() {
            StatusCode::SWITCHING_PROTOCOLS => self.tunnel(response, drain).await,
            status if status.is_success() => {
                *response.status_mut() = StatusCode::NOT_IMPLEMENTED;
                if let Some(exchange) = response.body_mut().exchange_mut() {
                    exchange.status = StatusCode::NOT_IMPLEMENTED.as_u16();
                }
                self.answer(false, response).await
            }
            _ => self.answer(false, response).await,
        }
    }

    /// Grants it and serves it to its end, as over HTTP/1.1: nothing limits it but `timeouts.tunnel_idle` and the drain.
    async fn tunnel(&self, response: Response<Body>, drain: &Drain) -> End {
        let (mut head, mut body) = response.into_parts();
        let Some(mut upstream) = body.take_switched() else { return End::Answered };
        let Some(exchange) = body.exchange_mut() else { return End::Answered };
        exchange.status = StatusCode::OK.as_u16();
        let Some(idle) = exchange.lane().map(|lane| lane.timeouts.tunnel_idle) else { return End::Answered };
        head.status = StatusCode::OK;
        for name in NOT_GRANTED {
            head.headers.remove(name);
        }
        exchange.put_fields(&mut head.headers);
        let granted = self.respond.borrow_mut().send_response(Response::from_parts(head, ()), false);
        let Ok(send) = granted else {
            body.abort();
            return End::Answered; // Reset in the moment of its answer.
        };
        // Woken by a drain as a connection is: the connection's task would not look at a stream that nothing happens to.
        let _registered = drain.register().await;
        let mut client = Client { stream: self, send, held: Bytes::new(), has_ended: false };
        let tunnel = Tunnel::new(BytesMut::new(), mem::take(&mut upstream.unread), idle);
        let serve = |tunnel: &mut Tunnel, cx: &mut Context<'_>| {
            if ready!(upstream.poll_flush(cx)).is_err() {
                return Poll::Ready(tunnel::End::UpstreamGone);
            }
            let polled = tunnel.poll(cx, &mut client, upstream.stream(), drain.tunnels_end());
            if polled.is_pending() && client.is_reset(cx) { Poll::Ready(tunnel::End::ClientGone) } else { polled }
        };
        let end = tunnel.serve(exchange, serve).await;
        drop(body);
        match end {
            tunnel::End::Closed => End::Answered,
            tunnel::End::ClientGone => {
                upstream.reset_on_close();
                End::Answered
            }
            // What a reset of TCP is to a stream (RFC 8441 §5).
            tunnel::End::UpstreamGone => End::Cut(client.send, Reason::CANCEL),
            tunnel::End::Drained | tunnel::End::Idle => {
                // It was told; what it still sends is nobody's.
                let _ = poll_fn(|cx| Poll::Ready(upstream.poll_shutdown(cx))).await;
                let _ = client.send.send_data(Bytes::new(), true);
                End::Answered
            }
        }
    }
}

/// The client's side: bytes in the DATA frames of one stream, as its windows let them through.
struct Client<'s> {
    stream: &'s Stream,
    send: SendStream<Bytes>,
    /// What has come and was not taken.
    held: Bytes,
    has_ended: bool,
}

impl Client<'_> {
    /// Whether the client has reset the stream after it had ended its side, which no read shows.
    fn is_reset(&mut self, cx: &mut Context<'_>) -> bool {
        self.has_ended && self.send.poll_reset(cx).is_ready()
    }
}

impl AsyncRead for Client<'_> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let mut upload = this.stream.upload.borrow_mut();
        let body = upload.body();
        while this.held.is_empty() {
            let Some(data) = ready!(body.poll_data(cx)) else {
                this.has_ended = true;
                return Poll::Ready(Ok(()));
            };
            this.held = data.map_err(io::Error::other)?;
        }
        let piece = this.held.split_to(this.held.len().min(buffer.remaining()));
        buffer.put_slice(&piece);
        // The client may send as much again; it can only fail on a stream that is gone.
        let _ = body.flow_control().release_capacity(piece.len());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Client<'_> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let send = &mut self.get_mut().send;
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        send.reserve_capacity(bytes.len());
        while send.capacity() == 0 {
            match ready!(send.poll_capacity(cx)) {
                Some(capacity) => drop(capacity.map_err(io::Error::other)?),
                None => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            }
        }
        let piece = &bytes[..send.capacity().min(bytes.len())];
        send.send_data(Bytes::copy_from_slice(piece), false).map_err(io::Error::other)?;
        Poll::Ready(Ok(piece.len()))
    }

    /// The connection's task writes.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// The end of our side (RFC 8441 §5).
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.get_mut().send.send_data(Bytes::new(), true).map_err(io::Error::other))
    }
}
