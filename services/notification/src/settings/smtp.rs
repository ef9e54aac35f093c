//! `SMTP_*`.

use kit::Reader;
use lettre::message::Mailbox;
use url::Url;

use crate::infrastructure::secret::Secret;
use crate::infrastructure::{SmtpSettings, Tls};

/// Where the server is, and how it is talked to.
struct Server {
    host: String,
    port: Option<u16>,
    tls: Tls,
    user: Option<String>,
    password: Option<Secret>,
}

/// `None` without a server, or with a faulty one.
pub(super) fn read(reader: &mut Reader) -> Option<SmtpSettings> {
    let faults = reader.faults();
    let expected = "smtp://HOST or smtps://HOST, with USER:PASSWORD@ and :PORT if needed, and ?tls=none for plain";
    let url = reader.secret("SMTP_URL", expected, parse);
    let host = reader.optional("SMTP_HOST", "a host's name or address", |value| {
        let plain = !value.contains(['/', '@', ' ']);
        plain.then(|| value.to_owned())
    });
    let port =
        reader.optional("SMTP_PORT", "a port from 1 to 65535", |value| value.parse().ok().filter(|port| *port > 0));
    let user = reader.optional("SMTP_USER", "a user", |value| Some(value.to_owned()));
    let password = reader.secret("SMTP_PASSWORD", "a password", |value| Some(Secret::new(value)));
    let tls = reader.optional("SMTP_TLS", "starttls, implicit or none", tls);
    let from = reader.optional("SMTP_FROM", "an address such as ada@example.com or Ada <ada@example.com>", |value| {
        value.parse::<Mailbox>().ok()
    });
    let ca = reader.optional("SMTP_CA_FILE", "a readable file of certificates (PEM)", |path| {
        std::fs::read(path).ok().filter(|pem| pem.starts_with(b"-----BEGIN "))
    });

    let parts = host.is_some() || port.is_some() || user.is_some() || password.is_some() || tls.is_some();
    if url.is_some() && parts {
        // Not at SMTP_URL: a fault shows the value.
        let name = if host.is_some() { "SMTP_HOST" } else { "SMTP_TLS" };
        reader
            .fault(name, "not to be set beside SMTP_URL, nor any of SMTP_PORT, SMTP_USER, SMTP_PASSWORD and SMTP_TLS");
    }
    let given = url.is_some() || parts;
    let server = url.or_else(|| {
        let tls = tls.unwrap_or(Tls::Starttls);
        host.map(|host| Server { host, port, tls, user, password })
    });
    if reader.faults() > faults || !given && from.is_none() {
        return None;
    }
    let Some(Server { host, port, tls, user, password }) = server else {
        reader.fault("SMTP_HOST", "to be set, as others of SMTP_* are");
        return None;
    };
    let credentials = match (user, password) {
        (Some(user), Some(password)) => Some((user, password)),
        (None, None) => None,
        _ => {
            reader.fault("SMTP_USER", "to be set together with a password");
            return None;
        }
    };
    let Some(from) = from else {
        reader.fault("SMTP_FROM", "to be set, as a mail server is");
        return None;
    };
    let port = port.unwrap_or(match tls {
        Tls::Starttls => 587,
        Tls::Implicit => 465,
        Tls::None => 25,
    });
    Some(SmtpSettings { host, port, tls, credentials, from, ca })
}

fn tls(text: &str) -> Option<Tls> {
    match text {
        "starttls" => Some(Tls::Starttls),
        "implicit" => Some(Tls::Implicit),
        "none" => Some(Tls::None),
        _ => None,
    }
}

fn parse(text: &str) -> Option<Server> {
    let url = Url::parse(text).ok()?;
    let tls = match (url.scheme(), url.query()) {
        ("smtp", None) => Tls::Starttls,
        ("smtps", None) => Tls::Implicit,
        ("smtp", Some(query)) => tls(query.strip_prefix("tls=")?).filter(|tls| *tls != Tls::Implicit)?,
        _ => return None,
    };
    let whole = matches!(url.path(), "" | "/") && url.fragment().is_none();
    let host = url.host_str().filter(|host| whole && !host.is_empty())?;
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let user = Some(url.username()).filter(|user| !user.is_empty()).map(decoded);
    let user = match user {
        Some(decoded) => Some(decoded?),
        None => None,
    };
    let password = match url.password() {
        Some(password) => Some(Secret::new(decoded(password)?)),
        None => None,
    };
    Some(Server { host, port: url.port(), tls, user, password })
}

/// The text of which `text` is the percent-encoded form (RFC 3986 section 2.1).
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_a_server() {
        type Expected<'a> = Option<(&'a str, Option<u16>, Tls, Option<(&'a str, &'a str)>)>;
        fn check(text: &str, expected: Expected) {
            let server = parse(text);
            let found = server.as_ref().map(|server| {
                let pair = server.user.as_deref().zip(server.password.as_ref().map(Secret::expose));
                (server.host.as_str(), server.port, server.tls, pair)
            });
            assert_eq!(found, expected, "{text}");
        }
        check("smtp://mail.example.com", Some(("mail.example.com", None, Tls::Starttls, None)));
        check("smtps://ada:pass@mail:1465/", Some(("mail", Some(1465), Tls::Implicit, Some(("ada", "pass")))));
        let escaped = "smtp://ada%40example.com:p%3Aw%2f+@mail";
        check(escaped, Some(("mail", None, Tls::Starttls, Some(("ada@example.com", "p:w/+")))));
        check("smtp://127.0.0.1:25?tls=none", Some(("127.0.0.1", Some(25), Tls::None, None)));
        check("smtp://[::1]?tls=starttls", Some(("::1", None, Tls::Starttls, None)));
        for bad in
            ["", "mail", "http://mail", "smtp://", "smtps://mail?tls=none", "smtp://mail?tls=maybe", "smtp://mail/x"]
        {
            check(bad, None);
        }
        for bad in ["smtp://a%zz:b@mail", "smtp://a%2:b@mail", "smtp://a%ff:b@mail"] {
            check(bad, None);
        }
    }
}
