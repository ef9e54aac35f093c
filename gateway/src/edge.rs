//! Stage 2: what a connection speaks, and who is at its other end.
use std::{net::SocketAddr, rc::Rc};

use http::{Request, Response};
use tokio::{net::TcpStream, time::Instant};

use crate::{
    body::Body,
    exchange::Client,
    gateway,
    h1::{
        head::BadHead,
        server::{self, Service},
    },
    worker::Worker,
};

/// Serves one client's connection to its end.
pub(crate) async fn serve(stream: TcpStream, peer: SocketAddr, worker: &Rc<Worker>, accepted: Instant) {
    let _open = Open::new(worker);
    let client = Client::new(peer, "http", &worker.live.trusted_proxies);
    let service = Http1 { worker, client };
    server::serve(stream, &worker.live.settings, &service, &worker.drain, accepted).await;
}

struct Http1<'w> {
    worker: &'w Rc<Worker>,
    client: Client,
}

impl Service for Http1<'_> {
    async fn call(&self, request: &mut Request<Body>) -> Response<Body> {
        // A walk takes more memory than all the rest of a connection: an idle one must not hold room for it.
        Box::pin(gateway::handle(request, &self.client, self.worker)).await
    }

    fn refuse(&self, head: BadHead) -> Response<Body> {
        gateway::refuse(head, &self.client, self.worker)
    }
}

/// A connection in the metric of open ones.
struct Open<'w>(&'w Worker);

impl<'w> Open<'w> {
    fn new(worker: &'w Worker) -> Self {
        worker.shard.connections.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Self(worker)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.shard.connections.fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
    }
}
