//! The purchases that this process is in the middle of.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::TicketId;

/// Clones are the same set.
#[derive(Debug, Clone, Default)]
pub(super) struct Running(Arc<Mutex<HashSet<TicketId>>>);

/// As long as it lives, nothing else of this process works on its purchase.
#[derive(Debug)]
pub(super) struct Guard {
    running: Running,
    id: TicketId,
}

impl Running {
    /// `None` when someone is at it already.
    pub(super) fn enter(&self, id: TicketId) -> Option<Guard> {
        let entered = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
        entered.then(|| Guard { running: self.clone(), id })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.running.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}
