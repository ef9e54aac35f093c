//! Command: the caller writes a task anew.

use events::Draft;
use events::task::TaskUpdated;

use super::{Application, Error};
use crate::domain::{Details, OwnerId, Task, TaskId};

impl Application {
    /// Replaces the task's details if `expected` takes its version. Details that are the same already
    /// change nothing and tell nothing; otherwise publishes [`TaskUpdated`]. [`Error::TaskNotFound`],
    /// [`Error::VersionMismatch`], [`Error::CategoryUnknown`].
    pub async fn update_task(
        &self,
        owner: OwnerId,
        id: TaskId,
        details: Details,
        expected: impl Fn(i64) -> bool + Send,
    ) -> Result<Task, Error> {
        let mut transaction = self.store.begin().await?;
        let category_known = match details.category {
            Some(category) => transaction.category(owner, category).await?.is_some(),
            None => true,
        };
        let mut task = transaction.task(owner, id).await?.ok_or(Error::TaskNotFound)?;
        if !expected(task.version) {
            return Err(Error::VersionMismatch);
        }
        if !category_known {
            return Err(Error::CategoryUnknown);
        }
        if !task.revise(details, self.clock.now()) {
            return Ok(task);
        }
        transaction.update_task(&task).await?;
        let event =
            TaskUpdated { task_id: task.id.0, owner_id: owner.0, title: task.details.title.as_str().to_owned() };
        transaction.publish(&[Draft::from(&event)]).await?;
        transaction.commit().await?;
        Ok(task)
    }
}
