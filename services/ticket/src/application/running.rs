//! The purchases that this process is in the middle of.

use std::collections::HashSet;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::domain::TicketId;

/// Clones are the same set.
#[derive(Debug, Clone, Default)]
pub(super) struct Running(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    purchases: Mutex<HashSet<TicketId>>,
    /// Told whenever one leaves.
    left: Notify,
}

/// As long as it lives, nothing else of this process works on its purchase.
#[derive(Debug)]
pub(super) struct Guard {
    running: Running,
    id: TicketId,
}

impl Running {
    /// `None` when someone is at it already.
    pub(super) fn enter(&self, id: TicketId) -> Option<Guard> {
        let entered = self.purchases().insert(id);
        entered.then(|| Guard { running: self.clone(), id })
    }

    /// Whether someone is at it.
    pub(super) fn contains(&self, id: TicketId) -> bool {
        self.purchases().contains(&id)
    }

    /// Waits until nobody is at it.
    pub(super) async fn ended(&self, id: TicketId) {
        loop {
            let mut left = pin!(self.0.left.notified());
            // Before the look, so that an end in between is not missed.
            left.as_mut().enable();
            if !self.contains(id) {
                return;
            }
            left.await;
        }
    }

    fn purchases(&self) -> std::sync::MutexGuard<'_, HashSet<TicketId>> {
        self.0.purchases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.running.purchases().remove(&self.id);
        self.running.0.left.notify_waiters();
    }
}
