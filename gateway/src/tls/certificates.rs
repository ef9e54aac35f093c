//! Which certificate a client gets: the one that has the name it asks for (SNI, RFC 6066 §3).
use std::{collections::HashMap, sync::Arc};

use rustls::{
    SignatureScheme,
    pki_types::ServerName,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use crate::config::Certificate;

/// The certificates of the file, by their own names.
#[derive(Debug)]
pub(super) struct Certificates {
    /// The first of the file, then those of other keys with the same names.
    all: Vec<Arc<CertifiedKey>>,
    /// A name, or one with `*` for its first label, and the indexes of the certificates that have it.
    by_name: HashMap<Box<str>, Vec<usize>>,
}

impl Certificates {
    /// At least one.
    pub(super) fn new(certificates: &[Certificate]) -> Self {
        let mut by_name: HashMap<Box<str>, Vec<usize>> = HashMap::new();
        for (index, certificate) in certificates.iter().enumerate() {
            for name in &certificate.names {
                by_name.entry(name.clone()).or_default().push(index);
            }
        }
        Self { all: certificates.iter().map(|one| Arc::clone(&one.certified)).collect(), by_name }
    }

    /// Those for a name, a whole name before a wildcard; the first of the file where there are none.
    fn named(&self, name: Option<&str>) -> &[usize] {
        let known = name.map(str::to_ascii_lowercase).and_then(|name| {
            let wildcard = || Some(format!("*{}", &name[name.find('.')?..]));
            self.by_name.get(name.as_str()).or_else(|| self.by_name.get(wildcard()?.as_str()))
        });
        known.map_or(&[0], Vec::as_slice)
    }

    /// The certificate for a name; of several, the first that a client with these schemes can check.
    fn choose(&self, name: Option<&str>, schemes: Option<&[SignatureScheme]>) -> &Arc<CertifiedKey> {
        let named = self.named(name);
        let fits =
            |index: &&usize| schemes.is_none_or(|schemes| self.all[**index].key.choose_scheme(schemes).is_some());
        &self.all[*named.iter().find(fits).unwrap_or(&named[0])]
    }

    /// What the client that asked for this name was shown.
    pub(super) fn chosen(&self, name: Option<&str>) -> Chosen {
        // Two for one name have the same names, as far as a Host is concerned.
        Chosen { certificate: Arc::clone(self.choose(name, None)) }
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(self.choose(hello.server_name(), Some(hello.signature_schemes()))))
    }
}

/// The certificate that a client was shown.
#[derive(Debug)]
pub(crate) struct Chosen {
    certificate: Arc<CertifiedKey>,
}

impl Chosen {
    /// Whether it is for this host: a name or an address, without a port.
    pub(crate) fn covers(&self, host: &str) -> bool {
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let parsed = self.certificate.cert.first().and_then(|first| webpki::EndEntityCert::try_from(first).ok());
        let (Some(certificate), Ok(name)) = (parsed, ServerName::try_from(bare)) else { return false };
        certificate.verify_is_valid_for_subject_name(&name).is_ok()
    }
}
