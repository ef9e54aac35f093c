//! Command: take what is due, for its delivery.

use jiff::Timestamp;
use uuid::Uuid;

use super::ports::Lease;
use super::{Application, Delivery, Error};

impl Application {
    /// Takes up to `limit` notifications that are due. Others may take them once the lease is over, so that
    /// a process which dies loses none.
    pub async fn take_due(&self, limit: u32) -> Result<Vec<Delivery>, Error> {
        let now = self.clock.now();
        // Looking costs no turn at the writer.
        if self.store.next_due().await?.is_none_or(|due| due > now) {
            return Ok(Vec::new());
        }
        let lease = self.lease(now);
        let mut transaction = self.store.begin().await?;
        let taken = transaction.take_due(now, limit, &lease).await?;
        transaction.commit().await?;
        Ok(taken.into_iter().map(|notification| Delivery { notification, lease }).collect())
    }

    /// How long until something is due: zero when it is already, `None` when nothing waits.
    pub async fn until_due(&self) -> Result<Option<std::time::Duration>, Error> {
        let now = self.clock.now();
        let due = self.store.next_due().await?;
        Ok(due.map(|due| due.duration_since(now).try_into().unwrap_or_default()))
    }

    /// Resolves after notifications were added by this process.
    pub async fn added(&self) {
        self.store.added().await;
    }

    pub(super) fn lease(&self, now: Timestamp) -> Lease {
        let until = now.checked_add(self.policy.lease).unwrap_or(Timestamp::MAX);
        Lease { id: Uuid::now_v7(), until }
    }
}
