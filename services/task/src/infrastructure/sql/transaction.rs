//! A transaction of the store.

use async_trait::async_trait;
use events::Draft;
use jiff::Timestamp;
use kit::idempotency::{self, Answer, Earlier, IdempotencyKey};
use kit::outbox;

use super::{categories, failed, tasks};
use crate::application::ports::{Stored, Transaction};
use crate::domain::{Category, CategoryId, OwnerId, Task, TaskId, Title};

/// The name under which its events are published.
const SERVICE: &str = "task";

pub(super) struct SqlTransaction {
    pub(super) inner: kit::database::Transaction,
}

#[async_trait]
impl Transaction for SqlTransaction {
    async fn earlier(&mut self, key: &IdempotencyKey) -> Stored<Option<Earlier>> {
        idempotency::earlier(&mut self.inner, key).await.map_err(failed)
    }

    async fn remember(&mut self, key: &IdempotencyKey, answer: &Answer) -> Stored<()> {
        idempotency::remember(&mut self.inner, key, answer).await.map_err(failed)
    }

    async fn publish(&mut self, events: &[Draft]) -> Stored<()> {
        outbox::publish(&mut self.inner, SERVICE, events).await.map_err(failed)
    }

    async fn task(&mut self, owner: OwnerId, id: TaskId) -> Stored<Option<Task>> {
        let lock = self.inner.for_update();
        tasks::find(&mut self.inner, owner, id, lock).await
    }

    async fn insert_task(&mut self, task: &Task) -> Stored<()> {
        tasks::insert(&mut self.inner, task).await
    }

    async fn update_task(&mut self, task: &Task) -> Stored<()> {
        tasks::update(&mut self.inner, task).await
    }

    async fn delete_task(&mut self, id: TaskId) -> Stored<()> {
        tasks::delete(&mut self.inner, id).await
    }

    async fn category(&mut self, owner: OwnerId, id: CategoryId) -> Stored<Option<Category>> {
        let lock = self.inner.for_update();
        categories::find(&mut self.inner, owner, id, lock).await
    }

    async fn insert_category(&mut self, category: &Category) -> Stored<()> {
        categories::insert(&mut self.inner, category).await
    }

    async fn empty_category(&mut self, id: CategoryId, at: Timestamp, limit: u32) -> Stored<Vec<(TaskId, Title)>> {
        tasks::take_out(&mut self.inner, id, at, limit).await
    }

    async fn delete_category(&mut self, id: CategoryId) -> Stored<()> {
        categories::delete(&mut self.inner, id).await
    }

    async fn commit(self: Box<Self>) -> Stored<()> {
        self.inner.commit().await.map_err(failed)
    }
}
