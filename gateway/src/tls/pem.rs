//! Certificates and keys as PEM files have them (RFC 7468). No error quotes a file: it may be a key.
use std::sync::Arc;

use rustls::{
    Error, InconsistentKeys, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, UnixTime, pem::PemObject},
    sign::CertifiedKey,
};

/// Why a pair of files is no certificate with its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PairFault {
    /// The first file.
    Certificate(&'static str),
    /// The second.
    Key(&'static str),
    /// Each is sound, and they do not belong together.
    Mismatch,
}

/// The certificate of `chain` with its issuers behind it, and the key of `key`.
pub(crate) fn pair(chain: &[u8], key: &[u8]) -> Result<CertifiedKey, PairFault> {
    let chain = certificates(chain).map_err(PairFault::Certificate)?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| PairFault::Key("has no private key in PEM"))?;
    let provider = super::provider();
    let key = provider.key_provider.load_private_key(key);
    let key = key.map_err(|_| PairFault::Key("has a private key of a kind that cannot be used"))?;
    let certified = CertifiedKey::new(chain, key);
    match certified.keys_match() {
        Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(certified),
        Err(Error::InconsistentKeys(_)) => Err(PairFault::Mismatch),
        Err(_) => Err(PairFault::Certificate("has a certificate that cannot be read")),
    }
}

/// The authorities of a file, at least one.
pub(crate) fn roots(file: &[u8]) -> Result<Arc<RootCertStore>, &'static str> {
    let mut store = RootCertStore::empty();
    for certificate in certificates(file)? {
        store.add(certificate).map_err(|_| "has a certificate that cannot be read")?;
    }
    Ok(Arc::new(store))
}

/// All of a file's, at least one, in its order.
fn certificates(file: &[u8]) -> Result<Vec<CertificateDer<'static>>, &'static str> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(file).collect();
    match all {
        Ok(all) if all.is_empty() => Err("has no certificate in PEM"),
        Ok(all) => Ok(all),
        Err(_) => Err("is broken PEM"),
    }
}

/// The DNS names that a certificate is for, lower case.
pub(crate) fn names(certified: &CertifiedKey) -> Vec<Box<str>> {
    let parsed = certified.cert.first().and_then(|first| webpki::EndEntityCert::try_from(first).ok());
    let names = parsed.iter().flat_map(|certificate| certificate.valid_dns_names());
    names.map(|name| name.to_ascii_lowercase().into()).collect()
}

/// Why clients will not take a certificate now, if that is so.
pub(crate) fn warning(certified: &CertifiedKey) -> Option<&'static str> {
    let certificate = webpki::EndEntityCert::try_from(certified.cert.first()?).ok()?;
    let usage = webpki::KeyUsage::server_auth();
    // Nobody is trusted here: the times are looked at before anything is.
    match certificate.verify_for_usage(&[], &[], &[], UnixTime::now(), usage, None, None) {
        Err(webpki::Error::CertExpired { .. }) => Some("has expired"),
        Err(webpki::Error::CertNotValidYet { .. }) => Some("is not valid yet"),
        _ => None,
    }
}
