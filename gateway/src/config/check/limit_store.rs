//! `[rate_limit] store`. What is wrong with its URL is told without a part of it: anything in it may be the password.
use std::time::Duration;

use rustls::pki_types::ServerName;

use super::Checks;
use crate::config::{
    LimitStore, Secret,
    diagnose::{Code, Finding},
    raw::RawLimitStore,
    read::{At, Length, Text, units},
};

/// The store that is no server.
const MEMORY: &str = "memory";
const PORT: u16 = 6379;
const TIMEOUT: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

/// None for the memory of this process.
pub(super) fn check(raw: &RawLimitStore, checks: &mut Checks) -> Option<LimitStore> {
    let timeout = raw.timeout.as_ref().map_or(Some(TIMEOUT), |written| timeout(written, checks));
    let text = raw.url.as_ref()?;
    if text.value.as_str() == MEMORY {
        if let Some(timeout) = &raw.timeout {
            let finding = Finding::new(Code::Conflict, &timeout.span, "nobody waits for the memory");
            checks.report(finding.label("means nothing here").help("remove it, or write the URL of a Redis"));
        }
        return None;
    }
    match parse(text.value.as_str()) {
        Ok(store) => Some(LimitStore { timeout: timeout?, ..store }),
        Err(fault) => {
            report(text, fault, checks);
            None
        }
    }
}

/// Each request may have to wait so long, once.
fn timeout(written: &At<Length>, checks: &mut Checks) -> Option<Duration> {
    let time = checks.time("timeout", written)?;
    if time <= LONGEST {
        return Some(time);
    }
    let message = format!("`timeout` cannot be {}", units::show_duration(time));
    let finding = Finding::new(Code::OutOfRange, &written.span, message).label("out of range");
    let help = "expected at most \"5s\": a store that is slower makes every request wait";
    checks.report(finding.help(help));
    None
}

fn report(text: &At<Text>, fault: &str, checks: &mut Checks) {
    let finding = Finding::new(Code::BadUrl, &text.span, format!("this is no store of limits: {fault}"));
    let help = "write \"memory\", or the URL of a Redis: \"redis://:${REDIS_PASSWORD}@cache.internal:6379/0\", with TLS \
                \"rediss://…\"";
    checks.report(finding.label("expected the URL of a Redis").help(help));
}

fn parse(url: &str) -> Result<LimitStore, &'static str> {
    let (is_tls, rest) = match (url.strip_prefix("redis://"), url.strip_prefix("rediss://")) {
        (Some(rest), _) => (false, rest),
        (_, Some(rest)) => (true, rest),
        _ => return Err("it begins with neither redis:// nor rediss://"),
    };
    // The last one: nobody is surprised by a password that has one.
    let (caller, place) = rest.rsplit_once('@').map_or((None, rest), |(caller, place)| (Some(caller), place));
    let (authority, database) = place.split_once('/').unwrap_or((place, ""));
    let database = if database.is_empty() { Ok(0) } else { database.parse() };
    let database = database.map_err(|_| "after the host stands no number of a database")?;
    let (host, port) = host_and_port(authority)?;
    let name = ServerName::try_from(host).map_err(|_| "it has no host")?.to_owned();
    let (user, password) = caller.map_or(Ok((None, None)), credentials)?;
    let server_name = is_tls.then_some(name);
    Ok(LimitStore { host: host.into(), port, server_name, user, password, database, timeout: TIMEOUT })
}

fn host_and_port(authority: &str) -> Result<(&str, u16), &'static str> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']').ok_or("a bracket is not closed")?,
        None => authority.find(':').map_or((authority, ""), |at| authority.split_at(at)),
    };
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => Ok(PORT),
        None => Err("after the host stands no port"),
        Some(port) => port.parse().ok().filter(|&port| port != 0).ok_or("its port is none"),
    };
    Ok((host, port?))
}

type Credentials = (Option<Box<str>>, Option<Secret>);

/// `user:password` or `:password`, percent-encoded where they have to be (RFC 3986 §2.1).
fn credentials(caller: &str) -> Result<Credentials, &'static str> {
    let (user, password) = caller.split_once(':').ok_or("it has a user without a password")?;
    let [user, password] = [user, password].map(decode);
    let fault = "a percent sign in it begins no byte: write it as %25";
    let (user, password) = (user.ok_or(fault)?, password.ok_or(fault)?);
    if password.is_empty() {
        // An environment variable that is not set: rather a fault than no password.
        return Err("its password is empty");
    }
    let user = String::from_utf8(user).map_err(|_| "its user is no text")?;
    Ok(((!user.is_empty()).then(|| user.into()), Some(Secret::new(&password))))
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                u8::try_from(digit()? << 4 | digit()?).ok()?
            }
            other => other,
        });
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use super::{Secret, parse};

    #[test]
    fn a_url_says_where_it_is_and_who_asks() {
        for (url, shown, user, password) in [
            ("redis://a", "redis://a:6379/0", None, None),
            ("redis://a/", "redis://a:6379/0", None, None),
            ("redis://10.0.0.2:1/15", "redis://10.0.0.2:1/15", None, None),
            ("redis://[fd00::2]:1/1", "redis://[fd00::2]:1/1", None, None),
            ("rediss://[fd00::2]", "rediss://[fd00::2]:6379/0", None, None),
            ("redis://:p@a", "redis://***@a:6379/0", None, Some("p")),
            ("redis://joe:p%40%2F:@@a:7", "redis://***@a:7/0", Some("joe"), Some("p@/:@")),
        ] {
            let store = parse(url).unwrap();
            assert_eq!(store.to_string(), shown);
            assert_eq!(store.user.as_deref(), user, "{url}");
            let found = store.password.as_ref().map(Secret::expose);
            assert_eq!(found, password.map(str::as_bytes), "{url}");
            assert_eq!(store.server_name.is_some(), url.starts_with("rediss:"), "{url}");
        }
    }

    #[test]
    fn what_is_no_url_of_a_redis_is_refused() {
        for url in [
            "",
            "redis",
            "redis:",
            "redis:a",
            "redis://",
            "redis:///0",
            "redis+unix:///run/redis",
            "REDIS://a",
            "http://a",
            "memory:",
            "redis://a:0",
            "redis://a:65536",
            "redis://a:x",
            "redis://a:",
            "redis://[fd00::2",
            "redis://[fd00::2]6379",
            "redis://fd00::2",
            "redis://a b",
            "redis://a/x",
            "redis://a/-1",
            "redis://a/0?db=1",
            "redis://joe@a",
            "redis://:@a",
            "redis://joe:@a",
            "redis://:p%4@a",
            "redis://:p%zz@a",
        ] {
            assert!(parse(url).is_err(), "{url}");
        }
    }
}
