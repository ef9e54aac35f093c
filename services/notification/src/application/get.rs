//! Query: one notification.

use super::{Application, Error};
use crate::domain::{Notification, NotificationId, UserId};

impl Application {
    /// The owner's notification; another's is not found.
    pub async fn get(&self, owner: UserId, id: NotificationId) -> Result<Notification, Error> {
        self.store.notification(owner, id).await?.ok_or(Error::NotFound)
    }
}
