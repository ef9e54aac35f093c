//! The client's side of TLS: whom upstreams are to be, and who the gateway is to them. Verification is always on.
use std::{
    fmt, io,
    sync::{Arc, OnceLock},
};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, TrustAnchor},
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::{HTTP2, Reasons, provider};
use crate::{
    config::{Protocol, Roots, UpstreamTls},
    transport::Transport,
};

/// What the `https://` upstreams of one service have in common: whom they are trusted by, and their sessions, so that
/// every worker resumes them.
#[derive(Debug, Clone)]
pub(crate) struct Connectors {
    rustls: Arc<ClientConfig>,
    server_name: Option<ServerName<'static>>,
    trust: Trust,
    /// Whether HTTP/2 must be agreed on.
    is_http2: bool,
}

/// What a service's `tls` says, as far as files tell: a connection made under another one must not be used.
#[derive(Debug, Clone, Default, PartialEq)]
struct Trust {
    roots: Option<Vec<TrustAnchor<'static>>>,
    shown: Option<Vec<CertificateDer<'static>>>,
}

impl Connectors {
    /// As a service's `tls` says; by the system's roots without one. `protocol` is what is agreed on by ALPN.
    pub(crate) fn new(config: Option<&UpstreamTls>, protocol: Protocol) -> Self {
        let mut rustls = match config {
            Some(UpstreamTls { ca: None, identity: None, .. }) | None => system(),
            Some(own) => build(own),
        };
        let is_http2 = protocol.is_http2();
        if is_http2 {
            Arc::make_mut(&mut rustls).alpn_protocols = vec![HTTP2.to_vec()];
        }
        let trust = config.map_or_else(Trust::default, |own| Trust {
            roots: own.ca.as_ref().map(|roots| roots.store.roots.clone()),
            shown: own.identity.as_ref().map(|own| own.certified.cert.clone()),
        });
        Self { rustls, server_name: config.and_then(|config| config.server_name.clone()), trust, is_http2 }
    }

    /// For one upstream.
    pub(crate) fn to(&self, host: &str) -> Connector {
        let named = || ServerName::try_from(host.to_owned()).expect("a checked https upstream has a name for TLS");
        let name = self.server_name.clone().unwrap_or_else(named);
        Connector {
            rustls: TlsConnector::from(Arc::clone(&self.rustls)),
            reasons: Arc::new(Reasons::new(name.clone())),
            name,
            trust: self.trust.clone(),
            is_http2: self.is_http2,
        }
    }
}

/// How one upstream is reached.
pub(crate) struct Connector {
    rustls: TlsConnector,
    name: ServerName<'static>,
    trust: Trust,
    is_http2: bool,
    reasons: Arc<Reasons>,
}

impl Connector {
    /// The client's side of a handshake. A reason that is new is logged.
    pub(crate) async fn connect(&self, stream: TcpStream) -> io::Result<Transport> {
        let outcome = self.rustls.connect(self.name.clone(), stream).await.and_then(|stream| {
            let stream = Transport::tls(stream).telling(&self.reasons);
            // A server that knows no ALPN agrees to nothing, and would be sent what it can't read.
            if self.is_http2 && stream.agreed() != Some(HTTP2) {
                return Err(io::Error::other("it does not speak HTTP/2: `h2` was not agreed on by ALPN"));
            }
            Ok(stream)
        });
        self.reasons.tell_handshake(&outcome);
        outcome
    }
}

/// Whether both would take the same upstreams, and be the same to them.
impl PartialEq for Connector {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, &self.trust) == (&other.name, &other.trust)
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("name", &self.name).finish_non_exhaustive()
    }
}

/// By the system's own roots (`SSL_CERT_FILE` names others), read once.
pub(crate) fn system() -> Arc<ClientConfig> {
    static SYSTEM: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    Arc::clone(SYSTEM.get_or_init(|| Arc::new(with(system_roots(), None))))
}

fn system_roots() -> Arc<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        tracing::warn!("the system has no root certificates: no https server is trusted without a `ca`");
    }
    Arc::new(roots)
}

/// By these authorities, or by the system's.
pub(crate) fn trusting(roots: Option<&Roots>) -> Arc<ClientConfig> {
    roots.map_or_else(system, |roots| Arc::new(with(Arc::clone(&roots.store), None)))
}

fn build(own: &UpstreamTls) -> Arc<ClientConfig> {
    let roots = own.ca.as_ref().map_or_else(system_roots, |roots| Arc::clone(&roots.store));
    Arc::new(with(roots, Some(own)))
}

fn with(roots: Arc<RootCertStore>, own: Option<&UpstreamTls>) -> ClientConfig {
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let builder = builder.expect("the provider knows both versions").with_root_certificates(roots);
    let mut config = match own.and_then(|own| own.identity.as_ref()) {
        None => builder.with_no_client_auth(),
        Some(own) => {
            let certified = (*own.certified).clone();
            builder.with_client_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(certified)))
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}
