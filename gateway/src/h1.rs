//! HTTP/1.1 on the wire (RFC 9112), both sides of it: `server` reads requests and writes answers, `client` the other
//! way round, over one strict parser.
//!
//! It is our own because a gateway's cost and its safety both sit here. One parser decides where every message ends, so
//! there is no second opinion to smuggle between; the upstream's connection is driven by the very task that serves the
//! client, so a request crosses no channel and wakes no second task; and an idle connection holds no buffer.
//! ARCHITECTURE.md has the reasons and the measurements. The admin listener and the health probes are hyper's.
//!
//! - `head`: bytes → request or status line and fields
//! - `framing`: fields → where the body ends, or a refusal
//! - `chunked`: the chunked coding, strict
//! - `trailers`: which trailers go on
//! - `encode`: heads and chunks → bytes
//! - `pool`: an upstream's idle connections, last in, first out
//! - `wire`: a socket with its unread bytes and its lazy timer
pub(crate) mod chunked;
pub(crate) mod client;
pub(crate) mod encode;
pub(crate) mod framing;
pub(crate) mod head;
pub(crate) mod pool;
pub(crate) mod server;
pub(crate) mod trailers;
pub(crate) mod wire;
