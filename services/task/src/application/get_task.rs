//! Query: one task.

use super::{Application, Error};
use crate::domain::{OwnerId, Task, TaskId};

impl Application {
    /// The caller's task. [`Error::TaskNotFound`], also for another's.
    pub async fn get_task(&self, owner: OwnerId, id: TaskId) -> Result<Task, Error> {
        self.store.task(owner, id).await?.ok_or(Error::TaskNotFound)
    }
}
