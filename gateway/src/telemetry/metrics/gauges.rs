//! What is open at this moment, and how it was opened.
use std::sync::{Arc, atomic::AtomicI64};

use crate::{proxy_protocol, tls::Handshakes};

/// What one worker has open now.
#[derive(Debug, Default)]
pub(crate) struct Gauges {
    pub(crate) connections: AtomicI64,
    pub(crate) in_flight: AtomicI64,
    pub(crate) connecting: Arc<Connecting>,
}

/// How connections begin: counted by all workers together, and so for longer than any of them lives.
#[derive(Debug, Default)]
pub(crate) struct Connecting {
    pub(crate) handshakes: Handshakes,
    pub(crate) proxy_protocol: proxy_protocol::Failures,
}
