//! TLS, on both sides: who the gateway is to its clients ([`Acceptor`]), whom it trusts as upstreams ([`Connector`]), and certificates as files have them ([`pem`]).
mod acceptor;
mod certificates;
mod connector;
mod handshake;
pub(crate) mod pem;
mod reasons;
mod ticketer;
mod tickets;
mod validity;

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs};

pub(crate) use acceptor::{Acceptor, HTTP2};
pub(crate) use certificates::Chosen;
pub(crate) use connector::{Connector, Connectors, system, trusting};
pub(crate) use handshake::{Failure, Handshakes, OUTCOMES, Outcome};
pub(crate) use reasons::Reasons;
pub(crate) use tickets::{hand_over, take_over};

/// The one provider of the tree, named wherever rustls asks: it panics where it has to guess.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}
