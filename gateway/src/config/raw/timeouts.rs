//! `timeouts`: of clients in `[server]`, of upstreams everywhere else.
use crate::config::read::{Length, OrOff, table};

table! {
    /// How long a client may take.
    RawClientTimeouts {
        /// From the accept, or the first byte of a later request, to the end of the head.
        header: Length = "10s",
        /// Between two requests of a connection.
        idle: Length = "75s",
        /// Between two pieces of a body, in either direction.
        body_idle: Length = "30s",
    }
}

table! {
    /// How long upstreams may take.
    RawTimeouts {
        /// For a connect.
        connect: Length = "2s",
        /// From the moment that the request is with the upstream to the head of its answer: the first byte.
        request: Length = "30s",
        /// For a pooled connection that nobody uses.
        idle: Length = "50s",
        /// For a WebSocket in which nothing moves, either way.
        tunnel_idle: Length = "1h",
        /// Between two pieces of an answer's body; default any.
        body_idle: OrOff<Length>,
        /// From the end of the request's head to the last byte of the answer, unless it is a WebSocket; default any.
        total: OrOff<Length>,
    }
}
