//! How long each side may take.
use std::time::Duration;

/// How long a client may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientTimeouts {
    /// From the accept, or the first byte of a later request, to the end of the head. Default 10 s.
    pub header: Duration,
    /// Between two requests of a connection. Default 75 s.
    pub idle: Duration,
    /// Between two pieces of a body, in either direction. Default 30 s.
    pub body_idle: Duration,
}

/// `timeouts = { connect = "2s", request = "30s", idle = "50s", tunnel_idle = "1h" }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UpstreamTimeouts {
    /// For a TCP connect. Default 2 s.
    pub connect: Duration,
    /// From the moment that the request was last moved on to the head of its answer. Default 30 s.
    pub request: Duration,
    /// For a pooled connection that nobody uses. Default 50 s.
    pub idle: Duration,
    /// For a WebSocket in which nothing moves, either way. Default 1 h.
    pub tunnel_idle: Duration,
    /// Between two pieces of an answer that is read as it comes. Default any.
    pub body_idle: Option<Duration>,
    /// From the end of the request's head to the last byte of the answer, a WebSocket's excepted. Default any.
    pub total: Option<Duration>,
}

impl Default for UpstreamTimeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(2),
            request: Duration::from_secs(30),
            idle: Duration::from_secs(50),
            tunnel_idle: Duration::from_hours(1),
            body_idle: None,
            total: None,
        }
    }
}
