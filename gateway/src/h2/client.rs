//! Upstreams that speak HTTP/2: a few connections of one worker to each, shared by the requests of many clients.
//!
//! A request is a stream: its future writes and reads that, in the task of its client, and the connection's own task
//! (`connection`) moves the frames. Dropping the future resets the stream with CANCEL, which is how a client's cancel
//! reaches the upstream; the connection and its other streams go on.
mod connection;
mod exchange;
mod keeper;
mod loss;
mod outbound;
mod place;
mod pool;
mod request;
mod response_body;
mod upload;
mod watch;

use ::h2::client::Builder;

pub(crate) use exchange::{Fault, send};
pub(crate) use outbound::Outbound;
pub(crate) use place::Place;
pub(crate) use pool::Pool;
pub(crate) use response_body::ResponseBody;

/// Connections of one worker to one upstream at once.
const MAX_CONNECTIONS: usize = 32;
/// Streams of one connection at once, where the upstream allows as many: more go over another connection.
const MAX_STREAMS: usize = 128;
/// Bytes of one answer that may be here before its client takes them: 100 Mbit/s over 10 ms.
const STREAM_WINDOW: u32 = 128 * 1024;
/// Bytes of all answers of a connection that may be here. It is what all of its streams may have: so clients that take
/// nothing never hold up the others.
#[allow(clippy::cast_possible_truncation, reason = "16 MiB")]
const CONNECTION_WINDOW: u32 = MAX_STREAMS as u32 * STREAM_WINDOW;
/// Bytes of one request's body that may wait for the upstream to take them.
const MAX_SEND_BUFFER: usize = 64 * 1024;
/// The largest head, and the largest trailer section, that an upstream may send, as HTTP/2 counts them.
const MAX_HEAD: u32 = 64 * 1024;

/// What an upstream is told when a connection begins (RFC 9113 §6.5).
pub(crate) fn builder() -> Builder {
    let mut builder = Builder::new();
    builder
        .enable_push(false)
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buffer_size(MAX_SEND_BUFFER)
        .max_header_list_size(MAX_HEAD);
    builder
}
