//! A changed file is applied: first all of it is made, and only when nothing of it can fail any more does anything change.
use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Instant,
};

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::{
    sync::OwnedSemaphorePermit,
    task::{JoinError, JoinHandle},
};

use super::{
    StartError, descriptors,
    supervisor::{AdminDoor, Supervisor, shards, warn_of_certificates},
    watch::Files,
};
use crate::{
    admin,
    config::{Config, Faults},
    live::{Live, Surroundings},
    names,
};

/// The file on its way: the file system may be slow, and a large file takes its time to check.
pub(super) struct Reading {
    /// Whether somebody wants to know what comes of it.
    asked: bool,
    again: bool,
    began: Instant,
    load: JoinHandle<Result<Config, Faults>>,
}

/// What the file says, or its faults, or why nobody could look.
type Loaded = Result<Result<Config, Faults>, JoinError>;

impl Reading {
    /// What is read may be old already: it is to be read once more after this.
    pub(super) fn again(&mut self) {
        self.again = true;
    }

    pub(super) fn is_wanted_again(&self) -> bool {
        self.again
    }

    /// Waits for it; to be called until it is there, and not after that.
    pub(super) async fn end(&mut self) -> Loaded {
        (&mut self.load).await
    }
}

impl Supervisor {
    /// Begins to read the file; `asked`: whether somebody wants to know.
    pub(super) fn read(&self, asked: bool) -> Reading {
        let path = self.live.config.file.clone();
        let load = tokio::task::spawn_blocking(move || Config::load(&path));
        Reading { asked, again: false, began: Instant::now(), load }
    }

    /// Applies what was read, if it is sound and says something else than the file did.
    pub(super) async fn reload(&mut self, reading: &Reading, loaded: Loaded) {
        let Reading { asked, began, .. } = *reading;
        let file = self.live.config.file.display().to_string();
        let config = match loaded {
            Ok(Ok(config)) => config,
            Ok(Err(faults)) => {
                self.files = Files::new(faults.sources());
                tracing::error!("{file} is not applied, what served before serves on:\n{faults}");
                return self.note_rejected(&faults.to_json());
            }
            Err(panic) => {
                tracing::error!(%panic, "{file} is not applied, what served before serves on");
                return self.note_rejected(&json!([{ "message": "it could not be checked" }]));
            }
        };
        self.files = Files::new(&config.sources);
        let changes = config.changes_since(&self.live.config);
        if changes.is_empty() && !self.names_changed_file(&config) {
            self.metrics.reloads.unchanged.fetch_add(1, Relaxed);
            tracing::debug!(asked, "{file} says what it said before");
            return self.note("unchanged", &json!([]));
        }
        match self.apply(config).await {
            Ok(()) => {
                self.metrics.reloads.applied.fetch_add(1, Relaxed);
                let told = if changes.is_empty() { String::from("a file that it names") } else { changes.join("; ") };
                tracing::info!(took_ms = began.elapsed().as_millis(), "{file} is applied: {told}");
                self.note("applied", &json!(changes));
            }
            Err(error) => {
                tracing::error!("{file} is not applied, what served before serves on: {error}");
                self.note_rejected(&json!([{ "message": error.to_string() }]));
            }
        }
    }

    /// Whether a file that the configuration names, such as one of keys, is another than before.
    fn names_changed_file(&self, config: &Config) -> bool {
        config.sources.iter().skip(1).ne(self.live.config.sources.iter().skip(1))
    }

    /// Has the servers that names stand for now asked, and no others.
    pub(super) async fn readdress(&mut self) {
        let changes = names::differences(&self.live.addresses, &self.names.addresses());
        if changes.is_empty() {
            return;
        }
        match self.apply(self.live.config.clone()).await {
            Ok(()) => changes.iter().for_each(|change| tracing::info!("{change}")),
            // The next look tries again.
            Err(error) => tracing::error!("the addresses of upstreams are not renewed: {error}"),
        }
    }

    async fn apply(&mut self, config: Config) -> Result<(), StartError> {
        let outcome = self.try_apply(config).await;
        // What serves now, be that the old or the new, says which names matter.
        self.names.follow_only(&self.live.config, &self.mounts);
        outcome
    }

    async fn try_apply(&mut self, config: Config) -> Result<(), StartError> {
        // 1. Everything that can fail: sockets, then threads.
        let accepting = self.threads.accepting();
        let opened = self.public.renew(&config.server, accepting)?;
        let admin = (config.admin != self.live.config.admin)
            .then(|| {
                let bound =
                    admin::bind(config.admin.listen).and_then(|listener| AdminDoor::open(listener, &self.admin));
                let address = config.admin.listen;
                bound.map_err(|error| StartError::Listen { key: "admin.listen", address, error })
            })
            .transpose()?;
        let (before, mounts) = (Arc::clone(&self.live), self.mounts.clone());
        let live = {
            let (before, https_port) = (Arc::clone(&before), opened.https_port());
            let addresses = self.names.follow(&config, &mounts).await;
            // Many routes take a while, in which signals are still to be heard.
            let build = move || {
                let around = Surroundings { mounts: &mounts, addresses: &addresses, https_port };
                Arc::new(Live::new(config, &around, Some(&before)))
            };
            tokio::task::spawn_blocking(build).await
        };
        let live = live.map_err(std::io::Error::other)?;
        let old = self.threads.count();
        let shards = shards(&live, old + opened.new_workers.len());
        self.public.commit(&opened);
        for (listeners, shard) in opened.new_workers.into_iter().zip(&shards[old..]) {
            if let Err(error) = self.threads.start(listeners, (&live, shard), self.writer.sink(), &self.permits) {
                // The others can serve for it.
                tracing::error!(%error, "a worker cannot be started");
            }
        }
        warn_of_certificates(&live.config.server);
        // 2. From here on nothing fails. What is new is looked at before the first request comes to it.
        live.watch(Some(&before));
        self.threads.serve(&live, &shards[..old]).await;
        self.threads.listen(opened.old_workers);
        self.threads.unlisten(&opened.gone);
        self.threads.retire(live.config.server.workers);
        if let Some(door) = admin {
            self.admin_door = Some(door);
        }
        self.allow_connections(before.config.server.max_connections, live.config.server.max_connections);
        // 3. What nobody needs any more goes.
        before.retire(&live);
        self.metrics.generations.open(&live, shards);
        *self.metrics.gauges() = self.threads.gauges();
        self.metrics.live.store(Arc::clone(&live));
        self.live = live;
        Ok(())
    }

    /// Lets so many connections in from now on. Of those that are too many none is closed: others are let in once they
    /// have gone.
    fn allow_connections(&self, before: usize, now: usize) {
        if now > before {
            descriptors::raise(now);
            self.permits.add_permits(now - before);
        }
        let excess = before.saturating_sub(now);
        let rest = excess - self.permits.forget_permits(excess);
        let permits = Arc::clone(&self.permits);
        if let Ok(rest @ 1..) = u32::try_from(rest) {
            tokio::spawn(async move { permits.acquire_many_owned(rest).await.map(OwnedSemaphorePermit::forget) });
        }
    }

    fn note_rejected(&self, faults: &Value) {
        self.metrics.reloads.rejected.fetch_add(1, Relaxed);
        self.admin.note_reload(json!({ "at": at(), "result": "rejected", "faults": faults }));
    }

    fn note(&self, result: &str, changes: &Value) {
        self.admin.note_reload(json!({ "at": at(), "result": result, "changes": changes }));
    }
}

/// `2026-01-15T10:30:00.123Z`.
fn at() -> String {
    format!("{:.3}", Timestamp::now())
}
