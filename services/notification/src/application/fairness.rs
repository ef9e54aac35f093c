//! Of webhooks, whose receivers users choose, each owner has a bounded number under way: one whose receivers
//! hang holds up its own alone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::UserId;

/// Webhooks of one owner that this process delivers at once.
pub(super) const EACH: usize = 8;

/// How many of each owner are under way. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(super) struct UnderWay(Arc<Mutex<HashMap<UserId, usize>>>);

/// As long as it lives, one more of its owner is under way.
#[derive(Debug)]
pub(super) struct Slot {
    all: UnderWay,
    owner: UserId,
}

impl UnderWay {
    /// A slot for one more of `owner`, if it does not have all of them.
    pub(super) fn enter(&self, owner: UserId) -> Option<Slot> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = all.entry(owner).or_default();
        if *count >= EACH {
            return None;
        }
        *count += 1;
        Some(Slot { all: self.clone(), owner })
    }

    /// The owners that have all of theirs.
    pub(super) fn full(&self) -> Vec<UserId> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter(|(_, count)| **count >= EACH).map(|(owner, _)| *owner).collect()
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut all = self.all.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = all.get_mut(&self.owner) {
            *count -= 1;
            if *count == 0 {
                all.remove(&self.owner);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn an_owner_has_so_many_and_no_more() {
        let (all, ada, eve) = (UnderWay::default(), UserId(Uuid::now_v7()), UserId(Uuid::now_v7()));
        let mut slots: Vec<_> = (0..EACH).map(|_| all.enter(ada).unwrap()).collect();
        assert!(all.enter(ada).is_none());
        assert_eq!(all.full(), [ada]);
        slots.push(all.enter(eve).expect("another's are not hers"));
        slots.remove(0);
        assert!(all.full().is_empty() && all.enter(ada).is_some());
        drop(slots);
        assert!(all.0.lock().unwrap().is_empty(), "who has none takes no room");
    }
}
