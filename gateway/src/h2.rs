//! HTTP/2 on the wire (RFC 9113): `server` reads requests and writes answers, as `h1::server` does, over the same
//! [`Service`](crate::h1::server::Service), so that the walk knows no version; `client` sends requests to upstreams.
//!
//! Frames, HPACK and flow control are the `h2` crate's, driven without hyper: so a stream's reset is seen by whoever
//! serves it, interim answers and trailers go both ways, and what a slow upstream has not taken is not asked for.
//! All streams of a client's connection are futures of its one task: dropping the connection drops them, and none
//! outlives it. A connection to an upstream is a task of its own, for many clients' requests share it.
pub(crate) mod client;
pub(crate) mod server;
