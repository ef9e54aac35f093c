//! Query: the caller's tasks, in pages.

use kit::paging::{Page, PageRequest};

use super::ports::TaskFilter;
use super::{Application, Error};
use crate::domain::{OwnerId, Task};

impl Application {
    /// A page of the caller's tasks that `filter` takes, oldest first.
    pub async fn list_tasks(
        &self,
        owner: OwnerId,
        filter: TaskFilter,
        request: PageRequest,
    ) -> Result<Page<Task>, Error> {
        let tasks = self.store.tasks(owner, filter, request).await?;
        Ok(request.page(tasks, |task| task.id.0))
    }
}
