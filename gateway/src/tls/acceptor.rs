//! The server's side of TLS: who the gateway is, and whom it lets in.
use std::{fmt, sync::Arc};

use rustls::{
    ServerConfig,
    server::{NoClientAuth, WebPkiClientVerifier, danger::ClientCertVerifier},
};
use tokio_rustls::TlsAcceptor;

use super::{certificates::Certificates, provider, tickets::Tickets};
use crate::{config::Tls, tls::Chosen};

/// HTTP/2's name in ALPN (RFC 9113 §3.2).
pub(crate) const HTTP2: &[u8] = b"h2";
/// What is spoken over TLS, the best first (RFC 7301).
const PROTOCOLS: [&[u8]; 2] = [HTTP2, b"http/1.1"];

/// `[server.tls]` as it serves: one for all workers. A reload makes a new one, which new handshakes take; what is open
/// already keeps its keys.
pub(crate) struct Acceptor {
    pub(super) rustls: TlsAcceptor,
    certificates: Arc<Certificates>,
    asks_clients: bool,
}

impl Acceptor {
    /// What a checked configuration says.
    pub(crate) fn new(config: &Tls) -> Self {
        Self::build(config)
            .expect("a checked configuration has sound certificates, and the provider knows both versions")
    }

    fn build(config: &Tls) -> Result<Self, rustls::Error> {
        let certificates = Arc::new(Certificates::new(&config.certificates));
        let trusted = config.client_ca.as_ref().map(|roots| &roots.store);
        let clients: Arc<dyn ClientCertVerifier> = match trusted {
            None => Arc::new(NoClientAuth),
            Some(roots) => WebPkiClientVerifier::builder_with_provider(Arc::clone(roots), provider())
                .build()
                .map_err(|error| rustls::Error::General(error.to_string()))?,
        };
        let tickets = Tickets::of(trusted)?;
        let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
        let mut rustls =
            builder.with_client_cert_verifier(clients).with_cert_resolver(Arc::clone(&certificates) as Arc<_>);
        rustls.alpn_protocols = PROTOCOLS.iter().map(|protocol| protocol.to_vec()).collect();
        (rustls.ticketer, rustls.session_storage) = (tickets.ticketer, tickets.sessions);
        Ok(Self { rustls: TlsAcceptor::from(Arc::new(rustls)), certificates, asks_clients: trusted.is_some() })
    }

    /// The certificate that a connection must stay with: where clients are asked for theirs, what one may do depends on
    /// the name that it came for.
    pub(super) fn bound(&self, name: Option<&str>) -> Option<Chosen> {
        self.asks_clients.then(|| self.certificates.chosen(name))
    }
}

impl fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Acceptor")
    }
}
