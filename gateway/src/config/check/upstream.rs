//! `upstreams`.
use std::net::{Ipv4Addr, Ipv6Addr};

use rustls::pki_types::ServerName;

use super::{Checks, protocol::Spoken};
use crate::config::{
    Upstream,
    diagnose::{Code, Finding},
    raw::RawUpstream,
    read::{At, Brief, OneOrMany, Text},
};

/// All upstreams of a service that can be used.
pub(super) fn check_all(
    written: &At<OneOrMany<Brief<RawUpstream>>>,
    spoken: Option<&Spoken>,
    service: &str,
    checks: &mut Checks,
) -> Vec<Upstream> {
    let list = &written.value.list;
    let mut upstreams: Vec<(Upstream, &At<Text>)> = Vec::new();
    for Brief(raw) in list.iter().map(|at| &at.value) {
        let weight = raw.weight.as_ref().and_then(|at| checks.count("weight", at, 1..=1000));
        let weight = weight.and_then(|weight| u32::try_from(weight).ok()).unwrap_or(1);
        let Some(url) = &raw.url else { continue };
        let (is_https, host, port) = match parse(url.value.as_str()) {
            Ok(parsed) => parsed,
            Err(fault) => {
                checks.report(fault.finding("upstream", url));
                continue;
            }
        };
        if let Some(spoken) = spoken {
            spoken.report_unfit(is_https, url, checks);
        }
        let same = |other: &Upstream| other.host == host && other.port == port;
        if let Some((_, first)) = upstreams.iter().find(|(other, _)| same(other)) {
            let message = format!("`services.{service}` has this upstream twice");
            let finding = Finding::new(Code::DuplicateUpstream, &url.span, message);
            let finding = finding.label("the second time").related(&first.span, "the first time");
            checks.report(finding.help("remove one; `weight` gives an upstream a larger share"));
            continue;
        }
        if is_https && ServerName::try_from(host.as_str()).is_err() {
            let message = format!("the upstream `{}` has a host that no certificate can have", url.value.shown());
            let finding =
                Finding::new(Code::BadUpstream, &url.span, message).label("expected a DNS name or an address");
            checks.report(finding.help("write a name of letters, digits, `-` and `.`"));
        }
        upstreams.push((Upstream { host, port, is_https, weight }, url));
    }
    upstreams.into_iter().map(|(upstream, _)| upstream).collect()
}

/// What is wrong with a URL: the code, what it is, and what to write.
pub(super) struct UrlFault {
    code: Code,
    message: &'static str,
    help: String,
}

impl UrlFault {
    /// The finding about a URL that is a `role`.
    pub(super) fn finding(self, role: &str, url: &At<Text>) -> Finding {
        let message = format!("the {role} `{}` {}", url.value.shown(), self.message);
        Finding::new(self.code, &url.span, message).label("expected http://HOST:PORT").help(self.help)
    }
}

fn fault<T>(message: &'static str, help: &str) -> Result<T, UrlFault> {
    Err(UrlFault { code: Code::BadUpstream, message, help: help.to_owned() })
}

/// Whether it is https, host and port of `http://HOST[:PORT]` or `https://HOST[:PORT]`, the host in lower case and an IPv6 address without its brackets.
///
/// Only what says more than that is refused: a lone `/` after it says nothing.
pub(super) fn parse(url: &str) -> Result<(bool, String, u16), UrlFault> {
    let example = "write scheme, host and port: \"http://127.0.0.1:8001\"";
    let Some((scheme, rest)) = url.split_once("://") else {
        return fault("has no scheme", example);
    };
    let is_https = scheme.eq_ignore_ascii_case("https");
    if !is_https && !scheme.eq_ignore_ascii_case("http") {
        let message = "has a scheme that is neither http nor https";
        return Err(UrlFault { code: Code::UnsupportedScheme, message, help: String::from(example) });
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    if rest.contains('@') && authority.contains('@') {
        let help = "remove all before the `@`; `request_headers` can set an Authorization";
        return fault("has user info", help);
    }
    if !matches!(tail, "" | "/") {
        let help = "write only scheme, host and port; a route's `rewrite` changes the path";
        return fault("has a path or a query", help);
    }
    let (host, port) = split_port(authority);
    let port = match port.map(str::parse::<u16>) {
        None if is_https => 443,
        None => 80,
        Some(Ok(port)) if port > 0 => port,
        Some(_) => return fault("has a bad port", "a port is a number from 1 to 65535"),
    };
    let host = host.to_ascii_lowercase();
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return match address.parse::<Ipv6Addr>() {
            Ok(address) => Ok((is_https, address.to_string(), port)),
            Err(_) => fault("has a bad IPv6 address", "write it as \"http://[::1]:8001\""),
        };
    }
    if host.contains(':') {
        return fault("has too many colons", "an IPv6 address stands in brackets: \"http://[::1]:8001\"");
    }
    if is_name(&host) { Ok((is_https, host, port)) } else { fault("has a bad host", example) }
}

/// The host, and what follows the last colon outside brackets.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    let brackets_end = authority.rfind(']').unwrap_or(0);
    match authority.rfind(':') {
        Some(colon)
            if colon >= brackets_end && !authority[..colon].contains(':')
                || colon == brackets_end + 1 && brackets_end > 0 =>
        {
            (&authority[..colon], Some(&authority[colon + 1..]))
        }
        _ => (authority, None),
    }
}

/// A DNS name (RFC 1123 §2.1, with the `_` of container networks) or an IPv4 address.
fn is_name(host: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let looks_numeric = host.chars().all(|c| c.is_ascii_digit() || c == '.');
    let is_valid = host.len() <= 253 && host.split('.').all(is_label);
    is_valid && (!looks_numeric || host.parse::<Ipv4Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn hosts_and_ports_are_found() {
        for (url, host, port) in [
            ("http://127.0.0.1:8001", "127.0.0.1", 8001),
            ("http://User_1.internal", "user_1.internal", 80),
            ("HTTP://a/", "a", 80),
            ("http://[::1]:81", "::1", 81),
            ("http://[0:0::1]", "::1", 80),
            ("https://a", "a", 443),
            ("HTTPS://[::1]:444", "::1", 444),
        ] {
            assert!(
                matches!(parse(url), Ok((s, h, p)) if s == url.to_lowercase().starts_with("https:") && h == host && p == port),
                "{url}"
            );
        }
    }

    #[test]
    fn each_fault_is_told_apart() {
        for (url, expected) in [
            ("127.0.0.1:8001", "has no scheme"),
            ("ftp://a", "has a scheme that is neither http nor https"),
            ("http://joe:pw@a", "has user info"),
            ("http://a/api", "has a path or a query"),
            ("http://a?x=1", "has a path or a query"),
            ("http://a:0", "has a bad port"),
            ("http://a:65536", "has a bad port"),
            ("http://a:", "has a bad port"),
            ("http://[::1", "has too many colons"),
            ("http://[x]:1", "has a bad IPv6 address"),
            ("http://::1", "has too many colons"),
            ("http://", "has a bad host"),
            ("http://300.1.1.1", "has a bad host"),
            ("http://a b", "has a bad host"),
            ("http://-a", "has a bad host"),
        ] {
            let message = parse(url).err().map(|fault| fault.message);
            assert_eq!(message, Some(expected), "{url}");
        }
    }
}
