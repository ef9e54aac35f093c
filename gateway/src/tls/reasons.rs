//! Why there is no TLS with an upstream, for the log: each reason once, and not for each request.
use std::{
    io,
    sync::{Mutex, MutexGuard},
    time::{Duration, Instant},
};

use rustls::pki_types::ServerName;

use crate::h1::client::is_alert;

/// For how long an alert that is told is not told again. A handshake that goes well says nothing of what comes after it: under
/// TLS 1.3 an upstream refuses the gateway's certificate only then.
const QUIET: Duration = Duration::from_mins(1);

/// What the log was told of one upstream.
#[derive(Debug)]
pub(crate) struct Reasons {
    name: ServerName<'static>,
    told: Mutex<Told>,
}

#[derive(Debug, Default)]
struct Told {
    /// Why the last handshake failed, if it did.
    handshake: Option<String>,
    /// The last alert after a handshake.
    alert: Option<(String, Instant)>,
}

impl Reasons {
    pub(super) fn new(name: ServerName<'static>) -> Self {
        Self { name, told: Mutex::default() }
    }

    /// How a handshake ended. A reason that is new is logged.
    pub(super) fn tell_handshake<T>(&self, outcome: &io::Result<T>) {
        let mut told = self.told();
        let reason = outcome.as_ref().err().map(ToString::to_string);
        if let Some(reason) = reason.as_ref().filter(|&reason| told.handshake.as_ref() != Some(reason)) {
            self.log(reason);
        }
        told.handshake = reason;
    }

    /// A connection broke off after its handshake: an alert is logged, if it is new.
    pub(crate) fn tell_alert(&self, error: &io::Error) {
        if !is_alert(error) {
            return;
        }
        let (reason, now, mut told) = (error.to_string(), Instant::now(), self.told());
        if told.alert.as_ref().is_none_or(|(last, at)| *last != reason || now.duration_since(*at) > QUIET) {
            self.log(&reason);
            told.alert = Some((reason, now));
        }
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().expect("no holder of this lock panics")
    }

    fn log(&self, reason: &str) {
        tracing::warn!(server_name = %self.name.to_str(), reason, "no TLS with an upstream");
    }
}
