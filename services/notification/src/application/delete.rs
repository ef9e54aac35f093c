//! Command: a notification is no longer wanted.

use super::{Application, Error};
use crate::domain::{NotificationId, UserId};

impl Application {
    /// Deletes the owner's notification. One that is just being delivered may still arrive.
    pub async fn delete(&self, owner: UserId, id: NotificationId) -> Result<(), Error> {
        let mut transaction = self.store.begin().await?;
        if !transaction.delete(owner, id).await? {
            return Err(Error::NotFound);
        }
        Ok(transaction.commit().await?)
    }
}
