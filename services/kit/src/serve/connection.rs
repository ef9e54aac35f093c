//! The accept loop: HTTP/1.1 connections, each in its task, drained at the end.

use std::io;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::shutdown::Shutdown;

/// How long a connection may take to send a request's head, its idle time before included: above
/// the 50 s after which the gateway drops an idle connection, so that it is never this side that
/// closes one just as a request is sent.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);
/// The pause after an accept that failed for want of file descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves `app` on `listener` until the end is asked for; then finishes what runs, and after
/// `drain` cuts off what still does.
pub(super) async fn accept(listener: TcpListener, app: Router, mut shutdown: Shutdown, drain: Duration) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = shutdown.requested() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, app.clone(), shutdown.clone()));
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "accept failed, pausing");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            // Finished tasks are taken out as they end, or the set would grow for ever.
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(drain, drained).await.is_err() {
        tracing::warn!(cut = connections.len(), "draining took longer than DRAIN_TIMEOUT");
        connections.shutdown().await;
    }
}

async fn serve(stream: TcpStream, app: Router, mut shutdown: Shutdown) {
    // Without it an answer of two writes waits for the client's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    let service = TowerToHyperService::new(app);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let outcome = tokio::select! {
        outcome = connection.as_mut() => outcome,
        () = shutdown.requested() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = outcome {
        // The client's doing nearly always: it went away, or spoke no HTTP.
        tracing::debug!(%error, "connection ended");
    }
}

/// Errors that concern the one connection that was about to be accepted.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
