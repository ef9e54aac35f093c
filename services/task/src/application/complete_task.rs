//! Command: the caller has done a task.

use events::Draft;
use events::task::TaskCompleted;

use super::{Application, Error};
use crate::domain::{OwnerId, Task, TaskId};

impl Application {
    /// Completes it if `expected` takes its version. The first time publishes [`TaskCompleted`]; from then on
    /// changes nothing and gives the task as it is. [`Error::TaskNotFound`], [`Error::VersionMismatch`].
    pub async fn complete_task(
        &self,
        owner: OwnerId,
        id: TaskId,
        expected: impl Fn(i64) -> bool + Send,
    ) -> Result<Task, Error> {
        let mut transaction = self.store.begin().await?;
        let mut task = transaction.task(owner, id).await?.ok_or(Error::TaskNotFound)?;
        if !expected(task.version) {
            return Err(Error::VersionMismatch);
        }
        if !task.complete(self.clock.now()) {
            return Ok(task);
        }
        transaction.update_task(&task).await?;
        let event =
            TaskCompleted { task_id: task.id.0, owner_id: owner.0, title: task.details.title.as_str().to_owned() };
        transaction.publish(&[Draft::from(&event)]).await?;
        transaction.commit().await?;
        Ok(task)
    }
}
