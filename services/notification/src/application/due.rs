//! Command: take what is due, for its delivery.

use jiff::Timestamp;
use uuid::Uuid;

#[cfg(doc)]
use super::fairness;
use super::ports::Lease;
use super::{Application, Delivery, Error};
use crate::domain::Channel;

impl Application {
    /// Takes up to `limit` notifications that are due, and of one owner only so many webhooks that no more
    /// than `EACH` of `fairness` are under way. Others may take them once the lease is over, so that a process
    /// which dies loses none.
    pub async fn take_due(&self, limit: u32) -> Result<Vec<Delivery>, Error> {
        let now = self.clock.now();
        // Looking costs no turn at the writer.
        if self.store.next_due(&self.under_way.full()).await?.is_none_or(|due| due > now) {
            return Ok(Vec::new());
        }
        let lease = self.lease(now);
        let mut transaction = self.store.begin().await?;
        let mut taken = Vec::new();
        // Each round is without the owners that the one before has found to have too many.
        while let room = limit.saturating_sub(u32::try_from(taken.len()).unwrap_or(u32::MAX))
            && room > 0
        {
            let due = transaction.due(now, room, &self.under_way.full()).await?;
            let (found, before) = (due.len(), taken.len());
            taken.extend(due.into_iter().filter_map(|notification| {
                let slot = match notification.recipient.channel() {
                    Channel::Webhook => Some(self.under_way.enter(notification.owner)?),
                    // Nobody there waits for a stranger.
                    Channel::Email | Channel::Log => None,
                };
                Some(Delivery { notification, lease, slot })
            }));
            let new: Vec<_> = taken[before..].iter().map(|delivery| delivery.notification.id).collect();
            transaction.lease(&new, &lease).await?;
            if new.len() == found {
                break;
            }
        }
        transaction.commit().await?;
        Ok(taken)
    }

    /// How long until something is due that may be taken: zero when it is already, `None` when nothing waits.
    pub async fn until_due(&self) -> Result<Option<std::time::Duration>, Error> {
        let now = self.clock.now();
        let due = self.store.next_due(&self.under_way.full()).await?;
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
