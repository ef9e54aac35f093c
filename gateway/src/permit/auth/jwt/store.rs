//! An issuer's keys as they are at a moment: a whole set that is swapped for another whole one, and who may ask for that.
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwapOption;
use tokio::{
    sync::{Notify, watch},
    time::{Instant, timeout_at},
};

use crate::token::KeySet;

/// How often requests with a key that is not known may make the gateway ask the issuer again.
const ASK_AGAIN: Duration = Duration::from_secs(10);

/// Numbers sets, over all issuers of the process: no two have the same.
static GENERATIONS: AtomicU64 = AtomicU64::new(1);

/// A set and its number.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) keys: KeySet,
    pub(super) generation: u64,
}

/// The keys of one issuer.
#[derive(Debug)]
pub(super) struct Store {
    held: ArcSwapOption<Held>,
    /// Of what is held; another one for nothing.
    generation: AtomicU64,
    /// Attempts to fetch them that have ended.
    attempts: watch::Sender<u64>,
    /// Whether one is under way.
    fetching: AtomicBool,
    /// Whether a request asks for one that has not begun.
    wanted: AtomicBool,
    pub(super) wake: Notify,
    /// From when on a request may ask, in milliseconds after `started`.
    ask_from: AtomicU64,
    started: Instant,
    /// Whether anybody fetches: the keys are not a secret of the file's.
    can_change: bool,
}

impl Store {
    /// Keys that never change.
    pub(super) fn holding(keys: KeySet) -> Self {
        let store = Self { can_change: false, ..Self::empty() };
        store.replace(Some(keys));
        store
    }

    /// None yet; somebody fetches them.
    pub(super) fn empty() -> Self {
        Self {
            held: ArcSwapOption::empty(),
            generation: AtomicU64::new(GENERATIONS.fetch_add(1, Ordering::Relaxed)),
            attempts: watch::Sender::new(0),
            fetching: AtomicBool::new(false),
            wanted: AtomicBool::new(false),
            wake: Notify::new(),
            ask_from: AtomicU64::new(0),
            started: Instant::now(),
            can_change: true,
        }
    }

    /// What there is.
    pub(super) fn held(&self) -> Option<Arc<Held>> {
        self.held.load_full()
    }

    /// The number of what there is.
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Swaps the keys for those that the issuer has now, unless they are the same; an empty set is as good as none.
    /// Whether it was another.
    pub(super) fn replace(&self, keys: Option<KeySet>) -> bool {
        let keys = keys.filter(|keys| !keys.is_empty());
        if self.held.load().as_ref().map(|held| &held.keys) == keys.as_ref() {
            return false;
        }
        let generation = GENERATIONS.fetch_add(1, Ordering::Relaxed);
        self.held.store(keys.map(|keys| Arc::new(Held { keys, generation })));
        self.generation.store(generation, Ordering::Release);
        true
    }

    /// An attempt begins.
    pub(super) fn begin(&self) {
        self.fetching.store(true, Ordering::SeqCst);
        self.wanted.store(false, Ordering::SeqCst);
    }

    /// It has ended, however it did: whoever waits looks again.
    pub(super) fn end(&self) {
        self.fetching.store(false, Ordering::SeqCst);
        self.attempts.send_modify(|attempts| *attempts += 1);
    }

    /// Has keys fetched now, whenever that was due.
    pub(super) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Tells when an attempt ends after this call.
    pub(super) fn attempts(&self) -> watch::Receiver<u64> {
        self.attempts.subscribe()
    }

    /// Asks for an attempt, at most once in [`ASK_AGAIN`]. Whether there is one to wait for.
    pub(super) fn ask_again(&self) -> bool {
        if !self.can_change {
            return false;
        }
        if self.fetching.load(Ordering::SeqCst) || self.wanted.load(Ordering::SeqCst) {
            return true;
        }
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let (now, from) = (millis(self.started.elapsed()), self.ask_from.load(Ordering::SeqCst));
        let next = now.saturating_add(millis(ASK_AGAIN));
        if now < from || self.ask_from.compare_exchange(from, next, Ordering::SeqCst, Ordering::SeqCst).is_err() {
            // Somebody asked: perhaps in this moment.
            return self.wanted.load(Ordering::SeqCst);
        }
        self.wanted.store(true, Ordering::SeqCst);
        self.wake.notify_one();
        true
    }

    /// Waits until `is_so`, or until `deadline`.
    pub(super) async fn until(&self, deadline: Instant, is_so: impl Fn(&Self) -> bool) {
        let mut attempts = self.attempts();
        while !is_so(self) {
            if timeout_at(deadline, attempts.changed()).await.is_err() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Algorithm;

    fn keys(secret: u8) -> KeySet {
        let jwks = format!(
            r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","kid":"{secret}","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}]}}"#
        );
        KeySet::parse(jwks.as_bytes(), &[Algorithm::EdDsa]).unwrap()
    }

    #[test]
    fn a_generation_is_one_sets_alone() {
        let store = Store::empty();
        let empty = store.generation();
        assert!(store.replace(Some(keys(1))));
        let first = store.generation();
        assert_eq!(store.held().unwrap().generation, first);
        assert!(!store.replace(Some(keys(1))), "the same keys are no rotation");
        assert_eq!(store.generation(), first);
        assert!(store.replace(Some(keys(2))));
        let second = store.generation();
        assert!(store.replace(None) && store.held().is_none());
        let generations = [empty, first, second, store.generation()];
        assert!(generations.is_sorted_by(|a, b| a < b), "{generations:?}");
        let none = KeySet::parse(br#"{"keys":[]}"#, &[Algorithm::EdDsa]);
        assert!(!store.replace(none) && store.held().is_none(), "an empty set is none");
    }

    #[tokio::test(start_paused = true)]
    async fn a_storm_asks_once_in_ten_seconds() {
        let store = Store::empty();
        let fetch = || {
            store.begin();
            store.end();
        };
        assert!((0..1000).all(|_| store.ask_again()), "all wait for the one that is wanted");
        store.begin();
        assert!(store.ask_again(), "and for the one that is under way");
        store.end();
        assert!(!store.ask_again());
        tokio::time::advance(Duration::from_millis(9_999)).await;
        assert!(!store.ask_again());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(store.ask_again());
        fetch();
        assert!(!store.ask_again());
        assert!(!Store::holding(keys(1)).ask_again(), "what can't change is not asked for");
    }
}
