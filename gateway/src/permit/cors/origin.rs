//! Origins as the file writes them, and whether a request's is one of them (RFC 6454 §6.2, §7).
use std::fmt;

/// The origins of one policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origins {
    /// `*`: every origin, `null` too. Then there are no others.
    pub(crate) any: bool,
    /// The others.
    pub(crate) patterns: Vec<OriginPattern>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OriginPattern {
    /// `https://app.example.com`, or `null`: exactly this text, in lower case and without a scheme's own port.
    Exact(Box<str>),
    /// `https://*.example.com:8443`: any host below this one, and never it itself.
    Below {
        /// `https://`.
        scheme: Box<str>,
        /// `.example.com:8443`.
        rest: Box<str>,
    },
}

impl Origins {
    /// Whether `origin` is one of them, byte for byte: browsers write host and scheme in lower case, and no port that is
    /// the scheme's own. One that is written otherwise is no browser's.
    pub(crate) fn take(&self, origin: &[u8]) -> bool {
        self.any || self.patterns.iter().any(|pattern| pattern.takes(origin))
    }
}

impl OriginPattern {
    /// Reads one; else what is wrong with it, and what would be right.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        if text == "null" {
            return Ok(Self::Exact(text.into()));
        }
        let text = text.to_ascii_lowercase();
        let (scheme, authority) =
            text.split_once("://").ok_or("begin with the scheme, as in `https://app.example.com`")?;
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
        if !is_scheme {
            return Err("begin with a scheme such as `https`");
        }
        if authority.contains(['/', '?', '#']) {
            return Err("end with the host, or with its port: an origin has no path, not even a `/`");
        }
        let (host, port) = split_port(authority).ok_or("a port is a number from 1 to 65535")?;
        let port = match (scheme, port) {
            (_, None) | ("http", Some(80)) | ("https", Some(443)) => String::new(),
            (_, Some(port)) => format!(":{port}"),
        };
        if let Some(parent) = host.strip_prefix("*.") {
            if !is_name(parent) {
                return Err("behind `*.` stands the rest of the host, as in `https://*.example.com`");
            }
            let (scheme, rest) = (format!("{scheme}://").into(), format!(".{parent}{port}").into());
            return Ok(Self::Below { scheme, rest });
        }
        if is_name(host) || is_ipv6(host) {
            return Ok(Self::Exact(format!("{scheme}://{host}{port}").into()));
        }
        Err(if host.contains('*') {
            "`*` stands for the whole front of a host, as in `https://*.example.com`"
        } else if host.is_ascii() {
            "write scheme and host, as in `https://app.example.com`"
        } else {
            "write the host as browsers send it, in its form of `xn--`"
        })
    }

    fn takes(&self, origin: &[u8]) -> bool {
        match self {
            Self::Exact(text) => text.as_bytes() == origin,
            Self::Below { scheme, rest } => {
                let front =
                    origin.strip_prefix(scheme.as_bytes()).and_then(|rest_of| rest_of.strip_suffix(rest.as_bytes()));
                front.and_then(|front| str::from_utf8(front).ok()).is_some_and(is_lower_name)
            }
        }
    }
}

/// Host and port of `host[:port]`; none when what follows the colon is no port.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let colon = authority.rfind(':').filter(|&at| !authority[at..].contains(']'));
    let Some(at) = colon else {
        return Some((authority, None));
    };
    let digits = &authority[at + 1..];
    let is_plain = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
    let port = digits.parse().ok().filter(|_| is_plain)?;
    Some((&authority[..at], Some(port)))
}

/// One label or more, none of them empty.
fn is_name(host: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    host.split('.').all(|label| !label.is_empty() && label.chars().all(is_plain))
}

fn is_lower_name(host: &str) -> bool {
    is_name(host) && !host.bytes().any(|b| b.is_ascii_uppercase())
}

fn is_ipv6(host: &str) -> bool {
    let inside = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    inside.is_some_and(|inside| inside.parse::<std::net::Ipv6Addr>().is_ok_and(|address| address.to_string() == inside))
}

impl fmt::Display for OriginPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(text) => f.write_str(text),
            Self::Below { scheme, rest } => write!(f, "{scheme}*{rest}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_read_in_their_one_form() {
        for (text, expected) in [
            ("https://app.example.com", "https://app.example.com"),
            ("HTTPS://App.Example.com", "https://app.example.com"),
            ("https://a:443", "https://a"),
            ("http://a:80", "http://a"),
            ("http://a:443", "http://a:443"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://[::1]:3000", "http://[::1]:3000"),
            ("https://*.example.com", "https://*.example.com"),
            ("https://*.example.com:8443", "https://*.example.com:8443"),
            ("chrome-extension://abcdef", "chrome-extension://abcdef"),
            ("null", "null"),
        ] {
            assert_eq!(
                OriginPattern::parse(text).map(|pattern| pattern.to_string()).as_deref(),
                Ok(expected),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for text in [
            "",
            "example.com",
            "//example.com",
            "https://",
            "https:///",
            "https://a/",
            "https://a/b",
            "https://a?b",
            "https://a#b",
            "https://a:",
            "https://a:0",
            "https://a:080",
            "https://a:65536",
            "https://a:+1",
            "https://user@a",
            "https://a b",
            "https://*",
            "https://*.",
            "https://*a.b",
            "https://a.*.b",
            "https://a.*",
            "https://*.*.b",
            "https://*.[::1]",
            "https://a..b",
            "https://.a",
            "https://a.",
            "https://é.de",
            "1a://b",
            "https://[::g]",
            "https://[0:0::1]",
            "NULL",
            "https://a,https://b",
            "*.example.com",
        ] {
            assert!(OriginPattern::parse(text).is_err(), "{text}");
        }
    }

    #[track_caller]
    fn check(pattern: &str, taken: &[&str], refused: &[&str]) {
        let origins = Origins { any: false, patterns: vec![OriginPattern::parse(pattern).unwrap()] };
        for origin in taken {
            assert!(origins.take(origin.as_bytes()), "{pattern} takes {origin}");
        }
        for origin in refused {
            assert!(!origins.take(origin.as_bytes()), "{pattern} does not take {origin}");
        }
    }

    #[test]
    fn an_exact_origin_is_that_text() {
        check(
            "https://example.com",
            &["https://example.com"],
            &[
                "http://example.com",
                "https://example.com.",
                "https://example.com:443",
                "https://example.com:8443",
                "https://EXAMPLE.com",
                "https://example.com/",
                "https://example.com.evil",
                "https://evil-example.com",
                "https://a.example.com",
                "null",
                "",
                "*",
                "https://example.com, https://example.com",
            ],
        );
        check("null", &["null"], &["", "Null", "https://null"]);
        check("http://a:8080", &["http://a:8080"], &["http://a", "http://a:80", "http://a:80800"]);
    }

    #[test]
    fn a_wildcard_takes_one_label_or_more() {
        check(
            "https://*.example.com",
            &["https://a.example.com", "https://a.b.example.com", "https://x-1_2.example.com"],
            &[
                "https://example.com",
                "https://.example.com",
                "https://evil-example.com",
                "https://evilexample.com",
                "https://a.example.com.evil",
                "https://a.example.com.",
                "https://a..example.com",
                "https://evil.com/.example.com",
                "https://evil.com#.example.com",
                "https://evil.com:1.example.com",
                "https://user@a.example.com",
                "https://A.example.com",
                "https://a.EXAMPLE.com",
                "http://a.example.com",
                "https://a.example.com:444",
                "https://\u{e9}.example.com",
                "null",
            ],
        );
        check(
            "https://*.example.com:8443",
            &["https://a.example.com:8443"],
            &["https://a.example.com", "https://a.example.com:443"],
        );
    }

    #[test]
    fn any_takes_all() {
        let any = Origins { any: true, patterns: Vec::new() };
        assert!(any.take(b"https://a") && any.take(b"null"));
    }
}
