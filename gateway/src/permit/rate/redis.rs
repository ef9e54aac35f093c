//! Limits that several gateways share: they count in one Redis, by one script (`gcra.lua`), which says the same as
//! [`super::Limiter`] does, by the clock of Redis.
//!
//! Each worker has one connection ([`Link`]), on which any number of checks are under way at once; what is spoken on it
//! is the crate's. A Redis that is away makes no request wait: whoever has begun to wait waits for the time-out of the
//! first of them at most; then, and until Redis is back, each gateway counts in its own memory. The connection is made
//! again beside that.
mod connection;
mod link;
mod script;

use std::{
    fmt, io,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
};

use redis::RedisError;
use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;

pub(crate) use link::Link;
pub(super) use script::{Check, Key};

use crate::{config::LimitStore, tls};

/// The Redis of one configuration, as all workers see it.
pub(crate) struct Store {
    config: LimitStore,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    /// Workers whose connection is lost.
    away: AtomicUsize,
    /// Requests that were counted in memory instead.
    fallbacks: AtomicU64,
}

impl Store {
    /// That of `config`: `known`, where it says the same.
    pub(super) fn or_known(config: &LimitStore, known: Option<&Arc<Self>>) -> Arc<Self> {
        if let Some(known) = known.filter(|known| known.config == *config) {
            return Arc::clone(known);
        }
        let tls = config.server_name.clone().map(|name| {
            let mut trust = (*tls::system()).clone();
            // What is spoken is agreed on by the URL.
            trust.alpn_protocols.clear();
            (TlsConnector::from(Arc::new(trust)), name)
        });
        Arc::new(Self { config: config.clone(), tls, away: AtomicUsize::new(0), fallbacks: AtomicU64::new(0) })
    }

    /// Whether every worker counts there.
    pub(crate) fn is_up(&self) -> bool {
        self.away.load(Relaxed) == 0
    }

    /// Requests that were counted in memory, since it was away.
    pub(crate) fn fallbacks(&self) -> u64 {
        self.fallbacks.load(Relaxed)
    }

    /// A worker has lost it.
    fn lost(&self, reason: &str) {
        if self.away.fetch_add(1, Relaxed) == 0 {
            tracing::warn!(store = %self.config, reason, "the store of the limits is away: this gateway counts for itself");
        }
    }

    /// A worker has it again.
    fn found(&self) {
        if self.away.fetch_sub(1, Relaxed) == 1 {
            tracing::info!(store = %self.config, "the store of the limits is back: all gateways count together again");
        }
    }

    /// A worker that had lost it needs it no more.
    fn forgotten(&self) {
        self.away.fetch_sub(1, Relaxed);
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("config", &self.config).finish_non_exhaustive()
    }
}

/// Why the store is away, in the log's words. Of what it answers these are the error's code alone, `NOAUTH`: the rest
/// may repeat what was sent.
fn reason(error: &RedisError) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    match error.code() {
        Some(code) => {
            let code: String = code.chars().take(24).take_while(char::is_ascii_uppercase).collect();
            format!("it answers with the error {code}")
        }
        None if error.is_io_error() => error.to_string(),
        None => "what answers is no Redis".to_owned(),
    }
}

fn too_slow() -> RedisError {
    io::Error::from(io::ErrorKind::TimedOut).into()
}

fn was_closed() -> RedisError {
    io::Error::from(io::ErrorKind::UnexpectedEof).into()
}

#[cfg(test)]
mod tests {
    use redis::{Value, parse_redis_value};

    use super::{reason, too_slow, was_closed};

    #[test]
    fn a_reason_says_an_errors_code_and_nothing_else_of_it() {
        let check = |answer: &str, expected: &str| {
            let error = parse_redis_value(answer.as_bytes()).and_then(Value::extract_error).unwrap_err();
            assert_eq!(reason(&error), expected, "{answer:?}");
        };
        check("-NOSCRIPT No matching script.\r\n", "it answers with the error NOSCRIPT");
        check("-WRONGPASS invalid username-password pair\r\n", "it answers with the error WRONGPASS");
        check("-NOPERM User joe has no permissions\r\n", "it answers with the error NOPERM");
        check("-ERR unknown command 'AUTH', with args beginning with: 'hunter2'\r\n", "it answers with the error ERR");
        check("-hunter2\r\n", "it answers with the error ");
        check("HTTP/1.1 400 Bad Request\r\n", "what answers is no Redis");
        assert_eq!(reason(&too_slow()), "no answer in time");
        assert_eq!(reason(&was_closed()), "unexpected end of file");
    }
}
