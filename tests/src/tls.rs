//! Certificates that are made for a test, and rustls as a client or a server that uses them.
use std::{fs, path::PathBuf, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tempfile::TempDir;

/// An authority that issues certificates into a folder.
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate.
    pub certificate: CertificateDer<'static>,
    folder: TempDir,
}

/// A certificate and its key.
#[derive(Debug)]
pub struct Shown {
    /// Its file, in PEM.
    pub cert: PathBuf,
    /// The key's.
    pub key: PathBuf,
    der: CertificateDer<'static>,
    key_der: PrivateKeyDer<'static>,
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Authority {
    /// A new one, which nobody trusts yet.
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), certificate.pem()).unwrap();
        Self { certificate: certificate.der().clone(), issuer: Issuer::new(params, key), folder }
    }

    /// Its own certificate's file.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A certificate for these names.
    pub fn issue(&self, names: &[&str]) -> Shown {
        self.issue_as(names, |_| {})
    }

    /// One that is as `change` says.
    pub fn issue_as(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Shown {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let number = fs::read_dir(self.folder.path()).unwrap().count();
        let (cert_file, key_file) = (format!("{number}.pem"), format!("{number}.key"));
        let shown = Shown {
            cert: self.folder.path().join(cert_file),
            key: self.folder.path().join(key_file),
            der: certificate.der().clone(),
            key_der: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        };
        fs::write(&shown.cert, certificate.pem()).unwrap();
        fs::write(&shown.key, key.serialize_pem()).unwrap();
        shown
    }
}

impl Shown {
    /// `{ cert = '…', key = '…' }`, as gateway.toml has it.
    pub fn toml(&self) -> String {
        format!("{{ cert = '{}', key = '{}' }}", self.cert.display(), self.key.display())
    }

    /// Whether it is what a peer has shown.
    pub fn is(&self, session: &rustls::Connection) -> bool {
        session.peer_certificates().is_some_and(|chain| chain[0] == self.der)
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn roots(authority: &Authority) -> Arc<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate.clone()).unwrap();
    Arc::new(roots)
}

/// A client that trusts `authority`, shows `own`, and speaks one of `versions` alone where there are any.
pub fn client(
    authority: &Authority,
    own: Option<&Shown>,
    versions: &[&'static SupportedProtocolVersion],
) -> Arc<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(provider());
    let versions = if versions.is_empty() { rustls::DEFAULT_VERSIONS } else { versions };
    let builder = builder.with_protocol_versions(versions).unwrap().with_root_certificates(roots(authority));
    Arc::new(match own {
        None => builder.with_no_client_auth(),
        Some(own) => builder.with_client_auth_cert(vec![own.der.clone()], own.key_der.clone_key()).unwrap(),
    })
}

/// A server that shows `own`, and asks clients for a certificate of `clients`, if there are any to ask for.
pub fn server(own: &Shown, clients: Option<&Authority>) -> Arc<ServerConfig> {
    let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(clients) => {
            let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(roots(clients), provider())
                .build()
                .unwrap();
            builder.with_client_cert_verifier(verifier)
        }
    };
    Arc::new(builder.with_single_cert(vec![own.der.clone()], own.key_der.clone_key()).unwrap())
}
