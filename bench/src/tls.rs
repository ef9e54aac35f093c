//! Certificates for the proxies, and the load's side of TLS 1.3.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    ClientConfig, RootCertStore,
    client::Resumption,
    crypto::{
        CryptoProvider,
        aws_lc_rs::{self, kx_group::X25519},
    },
    pki_types::CertificateDer,
    version::TLS13,
};
use xtask::options::Workload;

/// The name that the certificate is for.
pub(crate) const NAME: &str = "localhost";

/// A certificate of an authority of its own, with an ECDSA key on P-256, as most sites have it today.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The certificate, in PEM.
    pub cert: PathBuf,
    /// Its key, in PEM.
    pub key: PathBuf,
    /// Both in one file, as HAProxy wants them.
    pub both: PathBuf,
    authority: CertificateDer<'static>,
}

impl Certificate {
    /// A new one in `directory`.
    pub fn generate(directory: &Path) -> io::Result<Self> {
        let (cert, key, authority) = issue().map_err(io::Error::other)?;
        let written = |name: &str, text: &str| {
            let path = directory.join(name);
            fs::write(&path, text).map(|()| path)
        };
        Ok(Self {
            both: written("both.pem", &(cert.clone() + &key))?,
            cert: written("cert.pem", &cert)?,
            key: written("key.pem", &key)?,
            authority,
        })
    }

    /// How the clients of `workload` speak TLS; `None` where they do not.
    pub fn client(&self, workload: Workload) -> io::Result<Option<Client>> {
        if !workload.is_tls() {
            return Ok(None);
        }
        let is_h2 = workload == Workload::GetH2;
        // Every proxy does the same arithmetic: nginx and HAProxy of Debian know no post-quantum exchange.
        let provider = CryptoProvider { kx_groups: vec![X25519], ..aws_lc_rs::default_provider() };
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.clone()).map_err(io::Error::other)?;
        let builder = ClientConfig::builder_with_provider(provider.into()).with_protocol_versions(&[&TLS13]);
        let mut config = builder.map_err(io::Error::other)?.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![if is_h2 { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
        Ok(Some(Client { config, resumes: workload == Workload::NewconnTlsResumed, is_h2 }))
    }
}

fn issue() -> Result<(String, String, CertificateDer<'static>), rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate()?;
    let authority = params.self_signed(&key)?.der().clone();
    let own = KeyPair::generate()?;
    let cert = CertificateParams::new(vec![NAME.to_owned()])?.signed_by(&own, &Issuer::new(params, key))?;
    Ok((cert.pem(), own.serialize_pem(), authority))
}

/// The load's side of TLS.
#[derive(Clone, Debug)]
pub struct Client {
    config: ClientConfig,
    /// Whether a connection takes up the session of the one before it; that it does is checked.
    pub resumes: bool,
    /// Whether it speaks HTTP/2.
    pub is_h2: bool,
}

impl Client {
    /// For one client: with sessions of its own, since a session is taken up once.
    pub(crate) fn config(&self) -> Arc<ClientConfig> {
        let sessions = if self.resumes { Resumption::in_memory_sessions(8) } else { Resumption::disabled() };
        let mut config = self.config.clone();
        config.resumption = sessions;
        Arc::new(config)
    }
}
