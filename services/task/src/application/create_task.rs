//! Command: the caller makes a task.

use events::Draft;
use events::task::TaskCreated;
use kit::idempotency::{Done, Once};
use uuid::Uuid;

use super::{Application, Error, once};
use crate::domain::{Details, OwnerId, Task, TaskId};

impl Application {
    /// Makes it, once for each key. Publishes [`TaskCreated`]. [`Error::CategoryUnknown`],
    /// [`Error::KeyReused`].
    pub async fn create_task(&self, owner: OwnerId, details: Details, once: Once<Task>) -> Result<Done<Task>, Error> {
        let mut transaction = self.store.begin().await?;
        if let Some(answer) = once::answered(&mut transaction, &once).await? {
            return Ok(Done::Before(answer));
        }
        if let Some(category) = details.category {
            transaction.category(owner, category).await?.ok_or(Error::CategoryUnknown)?;
        }
        let task = Task::new(TaskId(Uuid::now_v7()), owner, details, self.clock.now());
        transaction.insert_task(&task).await?;
        let event =
            TaskCreated { task_id: task.id.0, owner_id: owner.0, title: task.details.title.as_str().to_owned() };
        transaction.publish(&[Draft::from(&event)]).await?;
        once::commit(transaction, &once, &task).await?;
        Ok(Done::Now(task))
    }
}
