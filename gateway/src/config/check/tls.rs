//! `[server.tls]`, and the certificates of both sides.
use std::{net::SocketAddr, sync::Arc};

use rustls::pki_types::ServerName;

use super::{Checks, address::Addresses};
use crate::{
    config::{
        Certificate, Roots, Tls, Upstream, UpstreamTls,
        diagnose::{Code, Finding},
        raw::{RawTls, RawUpstreamTls},
        read::{At, Text},
    },
    tls::pem::{self, PairFault},
};

/// What `[server.tls]` says; none where a part of it is at fault, which is reported.
pub(super) fn check<'r>(written: &'r At<RawTls>, addresses: &mut Addresses<'r>, checks: &mut Checks) -> Option<Tls> {
    let raw = &written.value;
    let listen = match &raw.listen {
        None if raw.unread.contains(&"listen") => Vec::new(),
        None => vec![addresses.assumed(SocketAddr::from(([0, 0, 0, 0], 8443)))],
        Some(list) => {
            if list.value.is_empty {
                let finding = Finding::new(Code::BadAddress, &list.span, "`listen` is empty");
                checks.report(finding.label("expected an address").help("add \"0.0.0.0:8443\""));
            }
            list.value.list.iter().filter_map(|text| addresses.written(text, checks)).collect()
        }
    };
    let list = raw.certificates.as_ref();
    if let Some(list) = list.filter(|list| list.value.is_empty) {
        let finding = Finding::new(Code::BadCertificate, &list.span, "`certificates` is empty");
        let help = "add `{ cert = \"site.pem\", key = \"site.key\" }`";
        checks.report(finding.label("no client could be answered").help(help));
    }
    let pairs = list.map_or(&[][..], |list| &list.value.list);
    let certificates: Vec<_> = pairs
        .iter()
        .filter_map(|pair| self::pair(pair.value.cert.as_ref()?, pair.value.key.as_ref()?, checks))
        .collect();
    let client_ca = raw.client_ca.as_ref().map(|text| roots(text, checks));
    Some(Tls {
        listen,
        certificates: Some(certificates).filter(|list| !list.is_empty())?,
        client_ca: client_ca.map_or(Some(None), |roots| roots.map(Some))?,
        redirect_http: raw.redirect_http.as_ref().is_some_and(|whether| whether.value),
    })
}

/// What a service's `tls` says of its upstreams.
pub(super) fn of_upstreams(written: &At<RawUpstreamTls>, upstreams: &[Upstream], checks: &mut Checks) -> UpstreamTls {
    let raw = &written.value;
    // One that could not be read may be the one with https.
    if !upstreams.is_empty() && !upstreams.iter().any(|upstream| upstream.is_https) {
        let finding = Finding::new(Code::Conflict, &written.span, "`tls` is for https, and no upstream here is");
        checks.report(finding.label("has no meaning here").help("write the upstreams as \"https://HOST:PORT\""));
    }
    let identity = match (&raw.cert, &raw.key) {
        (Some(cert), Some(key)) => pair(cert, key, checks),
        (Some(one), None) | (None, Some(one)) if !raw.unread.iter().any(|key| matches!(*key, "cert" | "key")) => {
            let finding = Finding::new(Code::MissingKey, &one.span, "a certificate and its key belong together");
            checks.report(finding.label("one of the two").help("add `cert` and `key`, or neither"));
            None
        }
        _ => None,
    };
    let server_name = raw.server_name.as_ref().and_then(|text| {
        let name = ServerName::try_from(text.value.as_str()).ok().map(|name| name.to_owned());
        if name.is_none() {
            let message = format!("`{}` is no name for a server", text.value.shown());
            let finding = Finding::new(Code::BadHost, &text.span, message).label("expected a DNS name or an address");
            checks.report(finding.help("write it without a port: \"user.internal\""));
        }
        name
    });
    UpstreamTls { ca: raw.ca.as_ref().and_then(|text| roots(text, checks)), server_name, identity }
}

/// A certificate with its key.
fn pair(cert_text: &At<Text>, key_text: &At<Text>, checks: &mut Checks) -> Option<Certificate> {
    let (cert, key) = (checks.file(cert_text), checks.file(key_text));
    let ((cert, chain), (key, secret)) = (cert?, key?);
    match pem::pair(&chain, &secret) {
        Ok(certified) => Some(Certificate {
            cert,
            key,
            names: pem::names(&certified),
            warning: pem::warning(&certified),
            certified: Arc::new(certified),
        }),
        Err(PairFault::Certificate(why)) => {
            report(cert_text, why, "a certificate begins with `-----BEGIN CERTIFICATE-----`", checks)
        }
        Err(PairFault::Key(why)) => report(key_text, why, "a key begins with `-----BEGIN PRIVATE KEY-----`", checks),
        Err(PairFault::Mismatch) => {
            let message = format!("`{}` is not the key of `{}`", key_text.value.shown(), cert_text.value.shown());
            let finding = Finding::new(Code::BadCertificate, &key_text.span, message).label("another key");
            let finding = finding.related(&cert_text.span, "this certificate has another public key");
            checks.report(finding.help("the server's own certificate comes first in its file, its issuers after it"));
            None
        }
    }
}

/// Authorities.
fn roots(text: &At<Text>, checks: &mut Checks) -> Option<Roots> {
    let (file, bytes) = checks.file(text)?;
    match pem::roots(&bytes) {
        Ok(store) => Some(Roots { file, store }),
        Err(why) => report(text, why, "a certificate begins with `-----BEGIN CERTIFICATE-----`", checks),
    }
}

/// What is wrong with a file; nothing of what is in it.
fn report<T>(file: &At<Text>, why: &str, help: &str, checks: &mut Checks) -> Option<T> {
    let message = format!("`{}` {why}", file.value.shown());
    checks.report(Finding::new(Code::BadCertificate, &file.span, message).label("not usable").help(help));
    None
}
