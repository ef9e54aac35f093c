//! What this process is in the middle of, so that nobody else of it begins the same.

use std::collections::HashSet;
use std::hash::Hash;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

/// A set of what is being done, by its keys. Clones are the same set.
#[derive(Debug)]
pub struct InProgress<K: Eq + Hash>(Arc<Shared<K>>);

#[derive(Debug)]
struct Shared<K> {
    keys: Mutex<HashSet<K>>,
    /// Told whenever one leaves.
    left: Notify,
}

/// As long as it lives, nothing else of this process is at the same.
#[derive(Debug)]
pub struct Turn<K: Eq + Hash> {
    of: InProgress<K>,
    key: K,
}

impl<K: Eq + Hash> Default for InProgress<K> {
    fn default() -> Self {
        Self(Arc::new(Shared { keys: Mutex::default(), left: Notify::new() }))
    }
}

impl<K: Eq + Hash> Clone for InProgress<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Eq + Hash + Clone> InProgress<K> {
    /// `None` when someone is at it already.
    pub fn enter(&self, key: K) -> Option<Turn<K>> {
        let entered = self.keys().insert(key.clone());
        entered.then(|| Turn { of: self.clone(), key })
    }

    /// Whether someone is at it.
    pub fn contains(&self, key: &K) -> bool {
        self.keys().contains(key)
    }

    /// Waits until nobody is at it, for at most so long; whether that is so then.
    pub async fn ended(&self, key: &K, within: Duration) -> bool {
        let waiting = async {
            loop {
                let mut left = pin!(self.0.left.notified());
                // Before the look, so that an end in between is not missed.
                left.as_mut().enable();
                if !self.contains(key) {
                    return;
                }
                left.await;
            }
        };
        tokio::time::timeout(within, waiting).await.is_ok()
    }
}

impl<K: Eq + Hash> InProgress<K> {
    fn keys(&self) -> MutexGuard<'_, HashSet<K>> {
        self.0.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash> Drop for Turn<K> {
    fn drop(&mut self) {
        self.of.keys().remove(&self.key);
        self.of.0.left.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_at_a_time_and_the_others_wait() {
        let all = InProgress::default();
        let turn = all.enter(7).unwrap();
        assert!(all.enter(7).is_none() && all.contains(&7));
        assert!(all.ended(&8, Duration::ZERO).await, "nobody is at another");
        assert!(!all.ended(&7, Duration::from_secs(1)).await);
        let waiting = tokio::spawn({
            let all = all.clone();
            async move { all.ended(&7, Duration::from_mins(1)).await }
        });
        tokio::task::yield_now().await;
        drop(turn);
        assert!(waiting.await.unwrap());
        assert!(all.enter(7).is_some());
    }
}
