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
mod tests;
