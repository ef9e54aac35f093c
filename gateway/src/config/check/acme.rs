//! `[server.tls.acme]`.
use std::{sync::Arc, time::Duration};

use http::Uri;
use rustls::pki_types::ServerName;

use super::{Checks, tls};
use crate::{
    acme::placeholder,
    config::{
        Acme, Certificate,
        diagnose::{Code, Finding},
        raw::RawAcme,
        read::{At, OneOrMany, Text},
    },
    tls::pem,
};

/// The authority that is asked when the file names no other.
const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// What `[server.tls.acme]` says, and the certificate that it stands for now: the one that was issued last, or one that
/// the gateway has signed itself.
pub(super) fn check(raw: &RawAcme, checks: &mut Checks) -> Option<(Acme, Certificate)> {
    let domains = raw.domains.as_ref().and_then(|list| domains(list, checks));
    if let Some(agreed) = raw.terms_agreed.as_ref().filter(|agreed| !agreed.value) {
        let message = "no authority issues anything before its terms are agreed to";
        let finding = Finding::new(Code::Conflict, &agreed.span, message).label("not agreed");
        checks.report(finding.help("read them, then write true; or remove `acme`"));
    }
    let contact = raw.contact.as_ref().map_or(&[][..], |list| &list.value.list);
    let contact = contact.iter().filter_map(|text| contact_of(text, checks)).collect();
    let directory = raw.directory.as_ref().map_or(Some(LETS_ENCRYPT.to_owned()), |text| directory(text, checks));
    let ca = raw.ca.as_ref().map(|text| tls::roots(text, checks));
    let retry = raw.retry.as_ref().and_then(|written| checks.time("retry", written));
    let cache = checks.folder.join(raw.cache.as_ref().map_or("acme", |text| text.value.as_str()));
    let acme = Acme {
        domains: domains?,
        contact,
        directory: directory?,
        ca: ca.map_or(Some(None), |roots| roots.map(Some))?,
        cache,
        retry: retry.unwrap_or(Duration::from_mins(1)),
    };
    let certificate = certificate(&acme, checks)?;
    Some((acme, certificate))
}

/// Watched like every file that this one names, but no fault where it is missing or broken: it is made anew.
fn certificate(acme: &Acme, checks: &mut Checks) -> Option<Certificate> {
    let file = acme.file();
    let bytes = checks.read_at(&file).unwrap_or_default();
    let (certified, warning) = match pem::pair(&bytes, &bytes) {
        Ok(certified) => {
            let warning = pem::warning(&certified);
            (Arc::new(certified), warning)
        }
        Err(_) => (placeholder(&acme.domains)?, Some("is signed by the gateway itself, until one is issued")),
    };
    Some(Certificate { cert: file.clone(), key: file, names: pem::names(&certified), warning, certified })
}

fn domains(list: &At<OneOrMany<Text>>, checks: &mut Checks) -> Option<Vec<String>> {
    if list.value.is_empty {
        let finding = Finding::new(Code::BadHost, &list.span, "`domains` is empty");
        checks.report(finding.label("expected a name").help("add \"example.com\""));
    }
    let mut domains: Vec<String> = Vec::new();
    for text in &list.value.list {
        let name = text.value.as_str().to_ascii_lowercase();
        let help = match ServerName::try_from(name.as_str()) {
            _ if name.starts_with("*.") => "HTTP-01 proves one name; write each of them",
            Ok(ServerName::DnsName(_)) if name.contains('.') && !name.ends_with('.') => {
                if !domains.contains(&name) {
                    domains.push(name);
                }
                continue;
            }
            _ => "write a DNS name: \"example.com\"",
        };
        let message = format!("no certificate can be issued for `{}`", text.value.shown());
        checks.report(Finding::new(Code::BadHost, &text.span, message).label("not such a name").help(help));
    }
    (!domains.is_empty()).then_some(domains)
}

fn contact_of(text: &At<Text>, checks: &mut Checks) -> Option<String> {
    let address = text.value.as_str();
    let is_plain =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_graphic() && !b",;:?@<>".contains(&b));
    if address.split_once('@').is_some_and(|(user, host)| is_plain(user) && is_plain(host)) {
        return Some(address.to_owned());
    }
    let message = format!("`{}` is no e-mail address", text.value.shown());
    let finding = Finding::new(Code::BadUrl, &text.span, message).label("expected an address");
    checks.report(finding.help("write it bare: \"ops@example.com\""));
    None
}

fn directory(text: &At<Text>, checks: &mut Checks) -> Option<String> {
    let url = text.value.as_str();
    let is_name = |host: &str| ServerName::try_from(host.trim_matches(['[', ']'])).is_ok();
    let fault = match url.parse::<Uri>() {
        Err(_) => "is no URL",
        Ok(uri) if uri.scheme_str() != Some("https") => "is not https",
        Ok(uri) if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) => "has user info",
        Ok(uri) if !uri.host().is_some_and(is_name) => "has no host",
        Ok(_) => return Some(url.to_owned()),
    };
    let finding = Finding::new(Code::BadUrl, &text.span, format!("`{}` {fault}", text.value.shown()));
    checks.report(finding.label("expected a URL of https").help(format!("write it whole: \"{LETS_ENCRYPT}\"")));
    None
}
