//! Who is asked, and for which path: `url`, or `service` and `path`.
use std::net::{IpAddr, SocketAddr};

use http::uri::PathAndQuery;

use crate::config::{
    Authoriser, Upstream,
    check::{Checks, upstream},
    diagnose::{Code, Finding},
    raw::RawForwardAuth,
    read::{At, Text},
};

/// Where a question goes.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) authoriser: Authoriser,
    pub(super) path: PathAndQuery,
}

impl Target {
    /// In place of one that is at fault, which is reported: no configuration with it gets out.
    fn broken() -> Self {
        Self { authoriser: Authoriser::Service("".into()), path: PathAndQuery::from_static("/") }
    }
}

/// The target, if this layer has one.
pub(super) fn check(raw: &RawForwardAuth, checks: &mut Checks) -> Option<Target> {
    match (&raw.url, &raw.service, &raw.path) {
        (Some(url), other, path) => {
            if let Some(other) = other.as_ref().or(path.as_ref()) {
                let finding =
                    Finding::new(Code::Conflict, &other.span, "`url` says already who is asked, and for what");
                let finding = finding.label("one of the two").related(&url.span, "the other");
                checks.report(finding.help("keep `url`, or `service` with `path`"));
            }
            Some(of_url(url, checks).unwrap_or_else(Target::broken))
        }
        (None, Some(service), Some(path)) => {
            let (service, path) = (of_service(service, checks), of_path(path, checks));
            Some(service.zip(path).map_or_else(Target::broken, |(authoriser, path)| Target { authoriser, path }))
        }
        // One of the three may be what could not be read.
        (None, ..) if raw.unread.iter().any(|key| matches!(*key, "url" | "service" | "path")) => Some(Target::broken()),
        (None, Some(service), None) => {
            of_service(service, checks);
            let finding = Finding::new(Code::MissingKey, &service.span, "`forward_auth` has no path to ask for");
            checks.report(finding.label("`path` is missing").help("add `path = \"/verify\"`"));
            Some(Target::broken())
        }
        (None, None, Some(path)) => {
            let finding = Finding::new(Code::MissingKey, &path.span, "`path` is a service's, and none is named here");
            checks.report(finding.label("`service` is missing").help("add `service`, or write one `url` instead"));
            Some(Target::broken())
        }
        (None, None, None) => None,
    }
}

fn of_service(text: &At<Text>, checks: &mut Checks) -> Option<Authoriser> {
    let name = text.value.as_str();
    if checks.services.iter().any(|service| service == name) {
        return Some(Authoriser::Service(name.into()));
    }
    let message = format!("the file has no service `{}`", text.value.shown());
    let finding = Finding::new(Code::UnknownService, &text.span, message);
    let help = format!("the services are {}; a server that is none of them has a `url`", checks.services.join(", "));
    checks.report(finding.label("unknown service").help(help));
    None
}

fn of_url(text: &At<Text>, checks: &mut Checks) -> Option<Target> {
    let url = text.value.as_str();
    let authority = url.find("://").map_or(0, |at| at + 3);
    let end = url[authority..].find(['/', '?', '#']).map_or(url.len(), |at| authority + at);
    let (is_https, host, port) = match upstream::parse(&url[..end]) {
        Ok(parsed) => parsed,
        Err(fault) => {
            checks.report(fault.finding("authoriser", text));
            return None;
        }
    };
    if checks.listen.iter().any(|listener| reaches(&host, port, *listener)) {
        let message =
            format!("the authoriser `{}` is this gateway: each question would be asked again", text.value.shown());
        let finding = Finding::new(Code::Conflict, &text.span, message).label("asks itself");
        checks.report(finding.help("write the authoriser's own address, or name its service"));
        return None;
    }
    let path = path(&url[end..]);
    if path.is_none() {
        let message = format!("the authoriser `{}` has no path that could be asked for", text.value.shown());
        let finding = Finding::new(Code::BadAuthoriser, &text.span, message).label("expected http://HOST:PORT/PATH");
        checks.report(finding.help("write the path too: \"http://127.0.0.1:9000/verify\""));
    }
    Some(Target { authoriser: Authoriser::Url(Upstream { host, port, is_https, weight: 1 }), path: path? })
}

fn of_path(text: &At<Text>, checks: &mut Checks) -> Option<PathAndQuery> {
    let path = path(text.value.as_str());
    if path.is_none() {
        let message = format!("`{}` is not a path that could be asked for", text.value.shown());
        let finding = Finding::new(Code::BadAuthoriser, &text.span, message).label("expected a path");
        checks.report(finding.help("begin with `/`, in visible ASCII and without `#`: \"/verify\""));
    }
    path
}

/// A path and a query as they may stand in a request line.
fn path(text: &str) -> Option<PathAndQuery> {
    let is_plain = text.starts_with('/') && text.chars().all(|c| matches!(c, '!'..='~') && c != '#');
    text.parse().ok().filter(|_| is_plain)
}

/// Whether a connection to `host` and `port` comes out at `listener` of this machine, as far as addresses tell.
pub(super) fn reaches(host: &str, port: u16, listener: SocketAddr) -> bool {
    let is_here = match host.parse::<IpAddr>() {
        Ok(ip) if listener.ip().is_unspecified() => ip.is_loopback() || ip.is_unspecified(),
        Ok(ip) => ip == listener.ip(),
        Err(_) => host == "localhost" && (listener.ip().is_loopback() || listener.ip().is_unspecified()),
    };
    is_here && port == listener.port()
}
