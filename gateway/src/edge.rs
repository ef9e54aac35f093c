//! Stage 2: what a connection speaks, and who is at its other end.
use std::{net::SocketAddr, rc::Rc, sync::atomic::Ordering::Relaxed};

use http::{Request, Response};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout_at},
};

use crate::{
    body::Body,
    exchange::Client,
    gateway,
    h1::{
        head::BadHead,
        server::{self, Service, Settings},
        wire::Wire,
    },
    h2, proxy_protocol,
    rejection::Rejection,
    telemetry::metrics::Gauges,
    tls::{Chosen, Failure, HTTP2, Outcome},
    transport::Transport,
    worker::Slot,
};

/// Serves one client's connection to its end. `timeouts.header` runs from the accept on, over the PROXY header and the
/// handshake too.
pub(crate) async fn serve(mut stream: TcpStream, peer: SocketAddr, is_tls: bool, slot: &Slot, accepted: Instant) {
    let _open = Open::new(&slot.core.gauges);
    let mut client = peer;
    if proxy_protocol::is_spoken_by(peer, &slot.current().live.config.server.proxy_protocol) {
        let Some(told) = Box::pin(told_client(&mut stream, peer, slot, accepted)).await else { return };
        client = told;
    }
    if !is_tls {
        return speak(stream.into(), Client::new(client, "http"), slot, accepted).await;
    }
    // Boxed: once it is over, the connection needs no room for it.
    let Some((stream, bound)) = Box::pin(handshake(stream, client, slot, accepted)).await else { return };
    let client = Client { bound, ..Client::new(client, "https") };
    if stream.agreed() == Some(HTTP2) {
        return speak_http2(Box::new(Wire::new(stream)), client, slot, accepted).await;
    }
    speak(stream, client, slot, accepted).await;
}

/// Speaks HTTP/1, or HTTP/2 where that is what the client begins with.
async fn speak(stream: Transport, client: Client, slot: &Slot, accepted: Instant) {
    let service = Http1 { slot, client };
    if let Some(wire) = server::serve(stream, &service, &slot.core.drain, accepted).await {
        speak_http2(wire, service.client, slot, accepted).await;
    }
}

async fn speak_http2(wire: Box<Wire>, client: Client, slot: &Slot, accepted: Instant) {
    let service = Http2 { slot, client: client.over_http2() };
    // Boxed: it takes far more memory than what most connections speak.
    Box::pin(h2::server::serve(*wire, &service, &slot.core.drain, accepted)).await;
}

/// Who the balancer `peer` says has connected; nothing where it says nothing that can be understood.
async fn told_client(stream: &mut TcpStream, peer: SocketAddr, slot: &Slot, accepted: Instant) -> Option<SocketAddr> {
    let _registered = slot.core.drain.register().await;
    let deadline = accepted + slot.settings().timeouts.header;
    proxy_protocol::client(stream, peer, deadline, &slot.core.gauges.connecting.proxy_protocol).await
}

/// What a handshake makes, and the certificate that the connection is bound to; nothing where there is none, which is
/// counted.
async fn handshake(
    stream: TcpStream,
    peer: SocketAddr,
    slot: &Slot,
    accepted: Instant,
) -> Option<(Transport, Option<Chosen>)> {
    let _registered = slot.core.drain.register().await;
    let worker = slot.current();
    let accepting = worker.live.tls.as_ref()?.accept(stream);
    let handshakes = &slot.core.gauges.connecting.handshakes;
    let client = peer.ip();
    match timeout_at(accepted + worker.settings.timeouts.header, accepting).await {
        Ok(Ok((stream, outcome, bound))) => {
            handshakes.count(outcome);
            return Some((stream, bound));
        }
        Ok(Err(Failure::NotTls(stream))) => {
            handshakes.count(Outcome::NotTls);
            let service = Http1 { slot, client: Client::new(peer, "http") };
            let why = "This port speaks HTTPS: write https:// in place of http://.";
            server::refuse(stream.into(), &service, Rejection::BadRequest(why.into())).await;
        }
        Ok(Err(Failure::Broken(outcome, error))) => {
            handshakes.count(outcome);
            tracing::debug!(%client, %error, "the TLS handshake failed");
        }
        Err(_) => {
            handshakes.count(Outcome::Timeout);
            tracing::debug!(%client, "the TLS handshake was not done in time");
        }
    }
    None
}

struct Http1<'s> {
    slot: &'s Slot,
    client: Client,
}

impl Service for Http1<'_> {
    fn settings(&self) -> Rc<Settings> {
        self.slot.settings()
    }

    fn call(&self, request: &mut Request<Body>) -> impl Future<Output = Response<Body>> {
        // A walk takes more memory than all the rest of a connection: an idle one must not hold room for it.
        Box::pin(gateway::handle(request, &self.client, self.slot.current()))
    }

    fn refuse(&self, head: BadHead) -> Response<Body> {
        gateway::refuse(head, &self.client, self.slot.current())
    }
}

struct Http2<'s> {
    slot: &'s Slot,
    client: Client,
}

impl Service for Http2<'_> {
    fn settings(&self) -> Rc<Settings> {
        self.slot.settings()
    }

    fn call(&self, request: &mut Request<Body>) -> impl Future<Output = Response<Body>> {
        // In place: a stream is there for this alone.
        gateway::handle(request, &self.client, self.slot.current())
    }

    fn refuse(&self, head: BadHead) -> Response<Body> {
        gateway::refuse(head, &self.client, self.slot.current())
    }
}

/// A connection in the metric of open ones.
struct Open<'g>(&'g Gauges);

impl<'g> Open<'g> {
    fn new(gauges: &'g Gauges) -> Self {
        gauges.connections.fetch_add(1, Relaxed);
        Self(gauges)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Relaxed);
    }
}
