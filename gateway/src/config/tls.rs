//! What the file says of TLS, with the certificates and the keys that it names.
use std::{fmt, net::SocketAddr, path::PathBuf, sync::Arc};

use rustls::{RootCertStore, pki_types::ServerName, sign::CertifiedKey};

/// `[server.tls]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// HTTPS listeners, at least one. Default `0.0.0.0:8443`.
    pub listen: Vec<SocketAddr>,
    /// At least one; the first is for whoever asks for no name, or for one that none of them has.
    pub certificates: Vec<Certificate>,
    /// Whose certificates clients must show. Default none are asked for.
    pub client_ca: Option<Roots>,
    /// Whether cleartext requests are sent to HTTPS. Default false.
    pub redirect_http: bool,
}

/// A certificate and its private key, which nothing prints.
#[derive(Clone)]
pub struct Certificate {
    /// The chain's file.
    pub cert: PathBuf,
    /// The key's.
    pub key: PathBuf,
    /// The DNS names that it is for, lower case, each perhaps with a `*.`.
    pub names: Vec<Box<str>>,
    /// What is wrong with it though it can be used: `has expired`.
    pub warning: Option<&'static str>,
    pub(crate) certified: Arc<CertifiedKey>,
}

impl Eq for Certificate {}

impl PartialEq for Certificate {
    /// A certificate has one key: where the files are the same, and the chain, so is it.
    fn eq(&self, other: &Self) -> bool {
        (&self.cert, &self.key, &self.certified.cert) == (&other.cert, &other.key, &other.certified.cert)
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("cert", &self.cert).field("names", &self.names).finish_non_exhaustive()
    }
}

/// Authorities that are trusted.
#[derive(Debug, Clone)]
pub struct Roots {
    /// Their file.
    pub file: PathBuf,
    pub(crate) store: Arc<RootCertStore>,
}

impl Eq for Roots {}

impl PartialEq for Roots {
    fn eq(&self, other: &Self) -> bool {
        (&self.file, &self.store.roots) == (&other.file, &other.store.roots)
    }
}

/// `tls = { ca = "ca.pem", server_name = "user.internal", cert = "c.pem", key = "c.key" }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamTls {
    /// Who may vouch for upstreams. Default the system's roots.
    pub ca: Option<Roots>,
    /// The name that their certificates must have. Default the host of each one's URL.
    pub(crate) server_name: Option<ServerName<'static>>,
    /// What upstreams are shown when they ask. Default nothing.
    pub identity: Option<Certificate>,
}

impl UpstreamTls {
    /// `server_name`, if it is said.
    pub fn server_name(&self) -> Option<String> {
        self.server_name.as_ref().map(|name| name.to_str().into_owned())
    }
}
