//! Stage 2: what a connection speaks, and who is at its other end.
use std::{net::SocketAddr, rc::Rc, sync::atomic::Ordering::Relaxed};

use http::{Request, Response};
use tokio::{net::TcpStream, time::Instant};

use crate::{
    body::Body,
    exchange::Client,
    gateway,
    h1::{
        head::BadHead,
        server::{self, Service, Settings},
    },
    h2,
    telemetry::metrics::Gauges,
    worker::Slot,
};

/// Serves one client's connection to its end.
pub(crate) async fn serve(stream: TcpStream, peer: SocketAddr, slot: &Slot, accepted: Instant) {
    let _open = Open::new(&slot.core.gauges);
    let service = Http1 { slot, client: Client::new(peer, "http") };
    let Some(wire) = server::serve(stream, &service, &slot.core.drain, accepted).await else { return };
    let service = Http2 { slot, client: service.client.over_http2() };
    // Boxed: it takes far more memory than what most connections speak.
    Box::pin(h2::server::serve(wire, &service, &slot.core.drain, accepted)).await;
}

struct Http1<'s> {
    slot: &'s Slot,
    client: Client,
}

impl Service for Http1<'_> {
    fn settings(&self) -> Rc<Settings> {
        self.slot.settings()
    }

    async fn call(&self, request: &mut Request<Body>) -> Response<Body> {
        // A walk takes more memory than all the rest of a connection: an idle one must not hold room for it.
        Box::pin(gateway::handle(request, &self.client, self.slot.current())).await
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

    async fn call(&self, request: &mut Request<Body>) -> Response<Body> {
        // In place: a stream is there for this alone.
        gateway::handle(request, &self.client, self.slot.current()).await
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
