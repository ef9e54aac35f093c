//! Command: the caller wants a category no more.

use events::Draft;
use events::task::TaskUpdated;

use super::{Application, Error};
use crate::domain::{CategoryId, OwnerId};

/// Tasks that are taken out of a category at once.
const AT_ONCE: u32 = 500;

impl Application {
    /// Deletes the category. Its tasks stay, without a category: each changes by that, and so each has a
    /// new version and its own [`TaskUpdated`]. [`Error::CategoryNotFound`].
    pub async fn delete_category(&self, owner: OwnerId, id: CategoryId) -> Result<(), Error> {
        let mut transaction = self.store.begin().await?;
        transaction.category(owner, id).await?.ok_or(Error::CategoryNotFound)?;
        let now = self.clock.now();
        loop {
            let tasks = transaction.empty_category(id, now, AT_ONCE).await?;
            if tasks.is_empty() {
                break;
            }
            let updated = tasks.iter().map(|(task, title)| {
                Draft::from(&TaskUpdated { task_id: task.0, owner_id: owner.0, title: title.as_str().to_owned() })
            });
            transaction.publish(&updated.collect::<Vec<_>>()).await?;
        }
        transaction.delete_category(id).await?;
        Ok(transaction.commit().await?)
    }
}
