//! Command: send a notification now.

use super::{Application, Delivery, Error};
use crate::domain::{Notification, NotificationId, UserId};

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sending {
    /// It is sent, by this or earlier; or this attempt failed, and the notification says why.
    Over(Notification),
    /// Someone else delivers it at this moment: ask again soon.
    UnderWay(Notification),
}

impl Application {
    /// Delivers the owner's notification at once: a pending one ahead of its time, a failed one anew with all
    /// of its attempts. One that is sent is not sent again.
    pub async fn send(&self, owner: UserId, id: NotificationId) -> Result<Sending, Error> {
        let now = self.clock.now();
        let mut transaction = self.store.begin().await?;
        let held = transaction.find(owner, id, now).await?.ok_or(Error::NotFound)?;
        let mut notification = held.notification;
        if notification.is_sent() {
            return Ok(Sending::Over(notification));
        }
        if held.leased_until.is_some() {
            return Ok(Sending::UnderWay(notification));
        }
        let lease = self.lease(now);
        notification.try_again(now);
        transaction.take(&notification, &lease).await?;
        transaction.commit().await?;

        let delivered = self.deliver(Delivery { notification, lease, slot: None }).await;
        self.settle(std::slice::from_ref(&delivered)).await?;
        Ok(Sending::Over(delivered.0.notification))
    }
}
