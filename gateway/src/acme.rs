//! Certificates from an authority that issues them by itself (ACME, RFC 8555): `[server.tls.acme]`.
//!
//! What is issued is written into one file, and that file is one that gateway.toml names: so it is watched, and a reload
//! shows it to clients. Nothing here serves, and nothing here stops what serves: before the first certificate there is one
//! that the gateway has signed itself, and whenever none is issued, the last one stays.
mod http;
mod order;
mod store;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use jiff::Timestamp;
use tokio::time::{sleep, timeout};

use crate::{config, tasks::Tasks};

pub(crate) use store::placeholder;

/// Where an authority looks for the proof that a name is ours (RFC 8555 §8.3).
const CHALLENGES: &str = "/.well-known/acme-challenge/";
/// Between two looks at the clock: the machine may have slept.
const LOOK: Duration = Duration::from_hours(1);
/// For one order as a whole.
const ORDER: Duration = Duration::from_mins(10);
/// The longest rest after failures in a row.
const LONGEST_REST: Duration = Duration::from_hours(6);

/// `[server.tls.acme]` at work.
#[derive(Debug)]
pub(crate) struct Acme {
    config: config::Acme,
    /// Tokens that are looked for now, and what is to be found there.
    proofs: Mutex<HashMap<String, String>>,
    pub(crate) outcomes: Arc<Outcomes>,
    tasks: Tasks,
}

/// How orders ended, over all configurations.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    pub(crate) issued: AtomicU64,
    pub(crate) failed: AtomicU64,
}

impl Acme {
    /// What `config` says; the one that is `known`, if that does the same already.
    pub(crate) fn or_known(config: &config::Acme, known: Option<&Arc<Self>>) -> Arc<Self> {
        match known {
            Some(known) if known.config == *config => Arc::clone(known),
            _ => Arc::new(Self {
                config: config.clone(),
                proofs: Mutex::default(),
                outcomes: known.map(|known| Arc::clone(&known.outcomes)).unwrap_or_default(),
                tasks: Tasks::default(),
            }),
        }
    }

    /// Starts, on the current runtime, to keep the certificate good.
    pub(crate) fn watch(self: &Arc<Self>) {
        let acme = Arc::clone(self);
        self.tasks.spawn(async move { acme.keep_good().await });
    }

    /// Orders nothing from now on.
    pub(crate) fn end(&self) {
        self.tasks.end();
    }

    /// What is to be found under a path, where an authority is to look for it now.
    pub(crate) fn proof(&self, path: &str) -> Option<String> {
        self.proofs().get(path.strip_prefix(CHALLENGES)?).cloned()
    }

    async fn keep_good(&self) {
        let mut rest = self.config.retry;
        loop {
            let wait = store::due(&self.config).duration_since(Timestamp::now());
            if let Ok(wait) = Duration::try_from(wait)
                && !wait.is_zero()
            {
                sleep(wait.min(LOOK)).await;
                continue;
            }
            let names = self.config.domains.join(", ");
            tracing::info!(names, directory = self.config.directory, "asking for a certificate");
            let outcome = timeout(ORDER, order::issue(self)).await;
            self.proofs().clear();
            match outcome.unwrap_or_else(|_| Err(format!("no certificate within {ORDER:?}"))) {
                Ok(()) => {
                    self.outcomes.issued.fetch_add(1, Relaxed);
                    tracing::info!(names, "a certificate is issued");
                    rest = self.config.retry;
                }
                Err(error) => {
                    self.outcomes.failed.fetch_add(1, Relaxed);
                    tracing::error!(names, error, retry = ?rest, "no certificate is issued: the last one stays");
                }
            }
            // Also after a good one: an authority whose certificates are due at once must not be asked without end.
            sleep(rest).await;
            rest = (rest * 2).min(LONGEST_REST.max(self.config.retry));
        }
    }

    fn proofs(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.proofs.lock().expect("no holder of this lock panics")
    }
}
