//! Command: the caller wants a task no more.

use super::{Application, Error};
use crate::domain::{OwnerId, TaskId};

impl Application {
    /// Deletes the task if `expected` takes its version. Nobody is told: there is no event of it.
    /// [`Error::TaskNotFound`], [`Error::VersionMismatch`].
    pub async fn delete_task(
        &self,
        owner: OwnerId,
        id: TaskId,
        expected: impl Fn(i64) -> bool + Send,
    ) -> Result<(), Error> {
        let mut transaction = self.store.begin().await?;
        let task = transaction.task(owner, id).await?.ok_or(Error::TaskNotFound)?;
        if !expected(task.version) {
            return Err(Error::VersionMismatch);
        }
        transaction.delete_task(id).await?;
        Ok(transaction.commit().await?)
    }
}
