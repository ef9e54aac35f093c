//! A client's connection of HTTP/2: its streams, each a request that is handed to a [`Service`].
//!
//! One task drives the connection and all of its streams: it serves the streams that something has happened to, then
//! reads and writes frames, until neither goes on; then it waits. So a connection of many streams has one turn among
//! the worker's connections, as one of HTTP/1 has.
mod answer;
mod frames;
mod io;
mod keeper;
mod request;
mod request_body;
mod stream;
mod tunnel;

use std::{
    future::poll_fn,
    task::{Poll, ready},
};

use ::h2::server::{Builder, Connection};
use bytes::Bytes;
use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::time::{Instant, timeout_at};

use crate::{
    config::Limits,
    h1::{server::Service, wire::Wire},
    shutdown::Drain,
};

use io::{Io, Watch};
use keeper::{Keeper, Then};
pub(crate) use request_body::RequestBody;
use stream::End;

/// Streams that a client may have open at once. RFC 9113 §6.5.2 recommends at least 100; browsers ask for no more.
const MAX_STREAMS: u32 = 250;
/// Bytes of one request's body that may be here before its upstream takes them: 10 Mbit/s over 100 ms.
const STREAM_WINDOW: u32 = 128 * 1024;
/// Bytes of all bodies of a connection that may be here: 32 uploads to upstreams that take nothing leave room for others.
const CONNECTION_WINDOW: u32 = 4 * 1024 * 1024;
/// Bytes of one answer that may wait for the client to take them.
const MAX_SEND_BUFFER: usize = 64 * 1024;
/// Requests that break the protocol, each of which resets its stream, in the life of a connection.
const MAX_FAULTY_STREAMS: usize = 256;
/// What HTTP/2 counts for a field beyond its name and value (RFC 9113 §6.5.2).
const FIELD_OVERHEAD: usize = 32;
/// Pseudo-header fields of a request, with `:protocol`.
const PSEUDO_FIELDS: usize = 5;

/// Serves a connection until it ends: what is unread on `wire` begins with the client's preface. `accepted` is when it was
/// accepted.
pub(crate) async fn serve(wire: Wire, service: &impl Service, drain: &Drain, accepted: Instant) {
    let _registered = drain.register().await;
    let settings = service.settings();
    let (io, watch) = Io::new(wire);
    let handshake = builder(&settings.limits).handshake(io);
    if let Ok(Ok(connection)) = timeout_at(accepted + settings.timeouts.header, handshake).await {
        serve_streams(connection, service, drain, &watch).await;
    }
    watch.linger().await;
}

async fn serve_streams(mut connection: Connection<Io, Bytes>, service: &impl Service, drain: &Drain, watch: &Watch) {
    let mut keeper = Keeper::new(&mut connection, watch);
    let mut streams = FuturesUnordered::new();
    let mut cut = Vec::new();
    poll_fn(|cx| {
        loop {
            while let Poll::Ready(Some(end)) = streams.poll_next_unpin(cx) {
                keeper.note(&end);
                if let End::Cut(stream, reason) = end {
                    cut.push((stream, reason));
                }
            }
            watch.begin_turn();
            let before = streams.len();
            while let Poll::Ready(next) = connection.poll_accept(cx) {
                let Some(Ok((request, respond))) = next else { return Poll::Ready(()) };
                streams.push(stream::serve(request, respond, service, drain));
            }
            // What came before the cut has been written as far as the client takes it.
            for (mut stream, reason) in cut.drain(..) {
                stream.send_reset(reason);
            }
            if streams.len() > before {
                continue;
            }
            match ready!(keeper.poll(cx, &mut connection, streams.len(), drain, &service.settings().timeouts)) {
                Then::GoOn => {}
                Then::End => return Poll::Ready(()),
            }
        }
    })
    .await;
}

/// What a client is told when its connection begins (RFC 9113 §6.5).
fn builder(limits: &Limits) -> Builder {
    let mut builder = Builder::new();
    builder
        .max_concurrent_streams(MAX_STREAMS)
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buffer_size(MAX_SEND_BUFFER)
        .max_local_error_reset_streams(Some(MAX_FAULTY_STREAMS))
        .max_header_list_size(max_header_list(limits))
        // RFC 8441 §3.
        .enable_connect_protocol();
    builder
}

/// What a head may be before `h2` refuses it without asking anybody. It is above our own limit, whose answer says more and
/// is logged; three times that, because a reload may raise ours.
fn max_header_list(limits: &Limits) -> u32 {
    let allowed = limits.header + FIELD_OVERHEAD * (limits.headers + PSEUDO_FIELDS);
    u32::try_from(allowed.saturating_mul(3)).unwrap_or(u32::MAX)
}
