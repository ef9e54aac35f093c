//! One fetch for all who want the same: one leads, the others wait for what it brings, and take its place where it brings
//! nothing.
use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    sync::Semaphore,
    time::{Instant, timeout_at},
};

use super::store::{Key, Store};

/// How long a leader's own client may hold up the answer that others wait for, all in all.
const HELD_UP: Duration = Duration::from_secs(1);
/// The same of each leader after the first that was too slow.
const HELD_UP_AGAIN: Duration = Duration::from_millis(50);
/// How often those who wait look at that.
const LOOK: Duration = Duration::from_millis(100);

/// A fetch that runs, and those who wait for it.
#[derive(Debug)]
pub(super) struct Flight {
    store: Arc<Store>,
    key: Key,
    route: u64,
    /// One permit: whoever holds it leads. In the order in which they came, the others take it. Closed once the flight is over.
    baton: Semaphore,
    /// Whether all who wait may look for an answer now.
    is_done: AtomicBool,
    begun: Instant,
    /// Whether the head of the leader's answer is there.
    has_head: AtomicBool,
    /// How long its client has held up the body, and since when it does; both in milliseconds, 0 where it does not.
    held_up: AtomicU64,
    held_since: AtomicU64,
}

/// Whoever fetches an answer for all that wait for it. Where it goes without one, the next takes its place.
#[derive(Debug)]
pub(super) struct Leader(Arc<Flight>);

/// No head of an answer came to anybody while it waited.
#[derive(Debug)]
pub(super) struct Late;

impl Store {
    /// Takes on the fetch of an answer, or waits for at most `patience` until somebody else has ended one. None: whoever
    /// asks looks again, and fetches for itself alone.
    pub(super) async fn lead(
        self: &Arc<Self>,
        key: &Key,
        route: u64,
        now: u64,
        patience: Duration,
    ) -> Result<Option<Leader>, Late> {
        let until = Instant::now() + patience;
        let mut bearable = HELD_UP;
        while let Some(flight) = self.board(key, route, now) {
            let mut turn = pin!(flight.baton.acquire());
            let is_over = loop {
                let look = until.min(Instant::now() + LOOK);
                match timeout_at(look, turn.as_mut()).await {
                    Ok(Ok(permit)) => {
                        permit.forget();
                        flight.begin();
                        return Ok(Some(Leader(Arc::clone(&flight))));
                    }
                    Ok(Err(_)) => break flight.is_done.load(Relaxed),
                    Err(_) if flight.held_up() >= bearable => {
                        flight.leave_behind();
                        break false;
                    }
                    Err(_) if Instant::now() >= until => {
                        return if flight.has_head.load(Relaxed) { Ok(None) } else { Err(Late) };
                    }
                    Err(_) => {}
                }
            };
            if is_over {
                return Ok(None);
            }
            bearable = HELD_UP_AGAIN;
        }
        Ok(None)
    }

    /// The same, where nobody waits.
    pub(super) fn try_lead(self: &Arc<Self>, key: &Key, route: u64, now: u64) -> Option<Leader> {
        let flight = self.board(key, route, now)?;
        flight.baton.try_acquire().ok()?.forget();
        flight.begin();
        Some(Leader(flight))
    }
}

impl Flight {
    pub(super) fn new(store: &Arc<Store>, key: &Key, route: u64) -> Arc<Self> {
        Arc::new(Self {
            store: Arc::clone(store),
            key: Arc::clone(key),
            route,
            baton: Semaphore::new(1),
            is_done: AtomicBool::new(false),
            begun: Instant::now(),
            has_head: AtomicBool::new(false),
            held_up: AtomicU64::new(0),
            held_since: AtomicU64::new(0),
        })
    }

    /// Somebody new leads.
    fn begin(&self) {
        self.has_head.store(false, Relaxed);
        self.held_up.store(0, Relaxed);
        self.held_since.store(0, Relaxed);
    }

    /// Nobody waits for its leader any more.
    fn leave_behind(&self) {
        self.store.land(&self.key, self.route, self);
        self.baton.close();
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX).max(1)
    }

    fn held_up(&self) -> Duration {
        let running = match self.held_since.load(Relaxed) {
            0 => 0,
            since => self.millis().saturating_sub(since),
        };
        Duration::from_millis(self.held_up.load(Relaxed) + running)
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.store.land(&self.key, self.route, self);
    }
}

impl Leader {
    /// The head, or a piece, of the answer is there: now its client has to read.
    pub(super) fn has_read(&self) {
        self.0.has_head.store(true, Relaxed);
        self.waits();
        self.0.held_since.store(self.0.millis(), Relaxed);
    }

    /// Its client has read all that there is.
    pub(super) fn waits(&self) {
        let since = self.0.held_since.swap(0, Relaxed);
        if since != 0 {
            self.0.held_up.fetch_add(self.0.millis().saturating_sub(since), Relaxed);
        }
    }

    /// All who wait may look: an answer is stored, or none will be.
    pub(super) fn finish(self) {
        self.0.is_done.store(true, Relaxed);
        self.0.leave_behind();
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        self.0.baton.add_permits(1);
    }
}

#[cfg(test)]
mod tests;
