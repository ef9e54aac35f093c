//! `jwks` and `secret`: what an issuer's signatures are checked with.
use http::Uri;

use super::super::Checks;
use crate::{
    config::{
        Algorithm, KeySource, Secret,
        diagnose::{Code, Finding},
        raw::{RawConfig, RawJwks, RawJwt},
        read::{At, Text},
    },
    token::KeySet,
};

/// Where most issuers, and the user service, have their keys.
const USUAL_PATH: &str = "/.well-known/jwks.json";

pub(super) fn check(
    block: &At<RawJwt>,
    algorithms: &[Algorithm],
    file: &RawConfig,
    checks: &mut Checks,
) -> Option<KeySource> {
    let raw = &block.value;
    match (&raw.jwks, &raw.secret) {
        (Some(jwks), Some(secret)) => {
            let message = "`jwks` and `secret` both say what tokens are checked with";
            let finding = Finding::new(Code::Conflict, &secret.span, message);
            let finding = finding.label("one of the two").related(&jwks.span, "the other");
            checks.report(finding.help("keep `secret` for HS256, HS384 and HS512, `jwks` for all others"));
            None
        }
        (None, None) if raw.unread.iter().any(|key| matches!(*key, "jwks" | "secret")) => None,
        (None, None) => {
            let finding = Finding::new(Code::MissingKey, &block.span, "`jwt` has nothing to check tokens with");
            let help = "add `jwks = { service = \"user\" }`, or a `secret` from the environment: \"${JWT_SECRET}\"";
            checks.report(finding.label("`jwks` or `secret` is missing").help(help));
            None
        }
        (None, Some(text)) => Some(secret(text, algorithms, checks)),
        (Some(jwks), None) => source(jwks, algorithms, file, checks),
    }
}

/// A key as long as the hash, at least (RFC 7518 §3.2): a shorter one can be guessed from one token. It is never quoted.
fn secret(text: &At<Text>, algorithms: &[Algorithm], checks: &mut Checks) -> KeySource {
    let bytes = text.value.as_str().as_bytes();
    let least = algorithms.iter().filter_map(|algorithm| Some((algorithm.least_secret()?, algorithm.name()))).max();
    if let Some((least, name)) = least
        && bytes.len() < least
    {
        let message = format!("{name} needs at least {least} bytes to be shared, and these are {}", bytes.len());
        let finding = Finding::new(Code::ShortSecret, &text.span, message).label("too short");
        checks.report(finding.help("make one: `openssl rand -base64 48`"));
    }
    KeySource::Secret(Secret::new(bytes))
}

fn source(jwks: &At<RawJwks>, algorithms: &[Algorithm], file: &RawConfig, checks: &mut Checks) -> Option<KeySource> {
    let raw = &jwks.value;
    let named = [("service", &raw.service), ("url", &raw.url), ("file", &raw.file)];
    let mut named = named.into_iter().filter_map(|(key, text)| text.as_ref().map(|text| (key, text)));
    let Some((key, text)) = named.next() else {
        if raw.unread.iter().any(|key| matches!(*key, "service" | "url" | "file")) {
            return None;
        }
        let finding = Finding::new(Code::MissingKey, &jwks.span, "`jwks` does not say where the keys are");
        let help = "add `service`, `url` or `file`: `jwks = { service = \"user\" }`";
        checks.report(finding.label("nothing to ask").help(help));
        return None;
    };
    for (other, second) in named {
        let message = format!("`{key}` and `{other}` both say where the keys are");
        let finding = Finding::new(Code::Conflict, &second.span, message);
        let finding = finding.label("one of the two").related(&text.span, "the other");
        checks.report(finding.help("keep one: the keys of an issuer have one place"));
    }
    if let (Some(path), "url" | "file") = (&raw.path, key) {
        let message = format!("`path` is for `service`, and the keys have a `{key}`");
        let finding = Finding::new(Code::Conflict, &path.span, message).label("has no meaning here");
        checks.report(finding.help(format!("remove it: `{key}` says all")));
    }
    match key {
        "service" => service(text, raw, file, checks),
        "url" => url(text, checks).map(|url| KeySource::Url { url, written: text.value.shown().to_owned() }),
        _ => self::file(text, algorithms, checks),
    }
}

fn service(text: &At<Text>, raw: &RawJwks, file: &RawConfig, checks: &mut Checks) -> Option<KeySource> {
    let name = text.value.as_str();
    let known = file.services.as_ref().map_or(&[][..], |services| &services.value.entries);
    if !known.iter().any(|entry| entry.name == name) {
        let message = format!("there is no service `{}`", text.value.shown());
        let names: Vec<String> = known.iter().map(|entry| format!("`{}`", entry.name)).collect();
        let finding = Finding::new(Code::UnknownService, &text.span, message).label("not in this file");
        checks.report(finding.help(format!("expected one of {}", names.join(", "))));
        return None;
    }
    let path = match &raw.path {
        None => String::from(USUAL_PATH),
        Some(path) => {
            let meant = path.value.as_str();
            if !meant.starts_with('/') || meant.bytes().any(|byte| !byte.is_ascii_graphic() || byte == b'#') {
                let message = format!("`{}` is not a path", path.value.shown());
                let finding = Finding::new(Code::BadUrl, &path.span, message).label("expected a path");
                checks.report(finding.help(format!("write path and query in visible ASCII: \"{USUAL_PATH}\"")));
            }
            meant.to_owned()
        }
    };
    Some(KeySource::Service { service: name.into(), path })
}

/// `http://HOST[:PORT]/PATH`, or https. Whoever may write the keys may write any token, so they are best fetched by
/// https, or within one machine.
fn url(text: &At<Text>, checks: &mut Checks) -> Option<Uri> {
    let meant = text.value.as_str();
    let fault = match meant.parse::<Uri>() {
        _ if meant.contains('#') => "has a fragment",
        Err(_) => "is no URL",
        Ok(uri) if !matches!(uri.scheme_str(), Some("http" | "https")) => "is neither http nor https",
        Ok(uri) if uri.host().is_none_or(str::is_empty) => "has no host",
        Ok(uri) if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) => "has user info",
        Ok(uri) => return Some(uri),
    };
    let finding = Finding::new(Code::BadUrl, &text.span, format!("`{}` {fault}", text.value.shown()));
    let help = "write it whole: \"https://id.example.com/.well-known/jwks.json\"";
    checks.report(finding.label("expected a URL").help(help));
    None
}

/// A file is read at once: what is wrong with it is said before anything starts.
fn file(text: &At<Text>, algorithms: &[Algorithm], checks: &mut Checks) -> Option<KeySource> {
    let shown = text.value.shown();
    let finding = match checks.read(text.value.as_str()) {
        Err(error) => {
            let message = format!("the keys `{shown}` cannot be read: {}", error.kind());
            let finding = Finding::new(Code::FileUnreadable, &text.span, message).label("not readable");
            finding.help("a relative path starts at the folder of this file")
        }
        Ok((path, json)) if KeySet::parse(&json, algorithms).is_some_and(|keys| !keys.is_empty()) => {
            return Some(KeySource::File(path));
        }
        Ok(_) => {
            let message = format!("`{shown}` has no key that the block's algorithms can use");
            let finding = Finding::new(Code::NoKeys, &text.span, message).label("no key for this block");
            finding.help("it is a JWK set: `{\"keys\": [{\"kty\": …}]}`, of public keys")
        }
    };
    checks.report(finding);
    None
}
