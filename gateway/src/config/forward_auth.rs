//! Who is asked whether a request may pass.
use std::{sync::Arc, time::Duration};

use http::{HeaderName, uri::PathAndQuery};

use super::Upstream;

/// `forward_auth = { url = "http://127.0.0.1:9000/verify", timeout = "2s", headers = ["X-User-Id"] }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardAuth {
    /// `url`, without its path, or `service`.
    pub authoriser: Authoriser,
    /// Path and query that it is asked for, as they are sent.
    pub target: PathAndQuery,
    /// From the question to the head of its answer. Default 2 s.
    pub timeout: Duration,
    /// Fields of its 2xx that go to the upstream. Default none.
    pub headers: Vec<HeaderName>,
    /// The only fields of the client that it is told of. Default all.
    pub request_headers: Option<Vec<HeaderName>>,
}

/// Who decides whether a request may pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authoriser {
    /// A server of its own.
    Url(Upstream),
    /// A service of the file, by its name: always one that the file has.
    Service(Arc<str>),
}
