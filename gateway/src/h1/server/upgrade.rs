//! An answer that makes a tunnel of its connection (RFC 9110 §7.8).
use std::{
    future::poll_fn,
    mem,
    task::{Context, Poll, ready},
};

use http::{Response, header, response};

use super::Connection;
use crate::{
    body::Body,
    h1::{encode, wire::Wire},
    shutdown::Drain,
    tunnel::{End, Tunnel},
};

impl Connection {
    /// Grants the WebSocket that an upstream has agreed to, and serves it to its end. Nothing limits it but
    /// `timeouts.tunnel_idle` and the drain. The log's line comes at its end, with what went either way.
    pub(super) async fn tunnel(&self, response: Response<Body>, drain: &Drain) {
        let (head, mut body) = response.into_parts();
        let Some(mut upstream) = body.take_switched() else { return };
        let Some(lane) = body.exchange().and_then(|exchange| exchange.lane()) else { return };
        let idle = lane.timeouts.tunnel_idle;
        self.grant(&head, &body);
        let Some(exchange) = body.exchange_mut() else { return };
        let from_client = mem::take(&mut self.wire.borrow_mut().unread);
        let tunnel = Tunnel::new(from_client, mem::take(&mut upstream.unread), idle);
        let end = tunnel.serve(exchange, |tunnel, cx| self.poll_tunnel(cx, tunnel, &mut upstream, drain)).await;
        drop(body);
        match end {
            End::Closed => {}
            End::ClientGone => upstream.reset_on_close(),
            End::UpstreamGone => self.wire.borrow().reset_on_close(),
            End::Drained | End::Idle => {
                // It was told; what it still sends is nobody's.
                let _ = poll_fn(|cx| Poll::Ready(upstream.poll_shutdown(cx))).await;
                drop(upstream);
                self.linger().await;
            }
        }
    }

    fn poll_tunnel(&self, cx: &mut Context<'_>, tunnel: &mut Tunnel, upstream: &mut Wire, drain: &Drain) -> Poll<End> {
        let mut client = self.wire.borrow_mut();
        // The grant, and what is left of the question: an upstream may have answered half of it.
        if ready!(client.poll_flush(cx)).is_err() {
            return Poll::Ready(End::ClientGone);
        }
        if ready!(upstream.poll_flush(cx)).is_err() {
            return Poll::Ready(End::UpstreamGone);
        }
        tunnel.poll(cx, client.stream(), upstream.stream(), drain.tunnels_end())
    }

    /// Writes the head of the 101. It has no body, and so no length (RFC 9110 §8.6).
    fn grant(&self, head: &response::Parts, body: &Body) {
        self.wire.borrow_mut().out.encode(|out| {
            encode::status_line(out, head.status);
            for (name, value) in &head.headers {
                let is_written = body.exchange().is_some_and(|exchange| exchange.writes(name));
                if !is_written && *name != header::CONTENT_LENGTH {
                    encode::field(out, name.as_str(), value.as_bytes());
                }
            }
            if let Some(exchange) = body.exchange() {
                exchange.write_fields(out);
            }
            encode::websocket(out);
            out.extend_from_slice(b"\r\n");
        });
    }
}
