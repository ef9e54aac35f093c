//! What upstreams speak, and what a probe asks of them.

/// `protocol = "http1"`, `"h2"` or `"h2c"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protocol {
    /// HTTP/1.1, over TLS or not. The default.
    #[default]
    Http1,
    /// HTTP/2 over TLS, agreed on by ALPN (RFC 9113 §3.2).
    H2,
    /// HTTP/2 without TLS, by prior knowledge (RFC 9113 §3.3).
    H2c,
}

impl Protocol {
    const NAMES: [(&str, Self); 3] = [("http1", Self::Http1), ("h2", Self::H2), ("h2c", Self::H2c)];

    /// The one that the file calls so.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|&(_, one)| one)
    }

    /// What the file calls it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Http1 => "http1",
            Self::H2 => "h2",
            Self::H2c => "h2c",
        }
    }

    /// Whether it is HTTP/2.
    pub(crate) fn is_http2(self) -> bool {
        self != Self::Http1
    }
}

/// What a probe asks an upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// GET of this path and query, which begin with `/`; 2xx is healthy.
    Path(String),
    /// `grpc.health.v1.Health/Check` of this service, or of the server as a whole where it is empty; `SERVING` is healthy.
    Grpc(String),
}
