//! What the use cases need from outside, as they need it.

use async_trait::async_trait;
use events::Draft;
use jiff::Timestamp;
use kit::idempotency::{Answer, Earlier, IdempotencyKey};
use kit::paging::PageRequest;
use kit::storage::StorageFault;

use crate::domain::{Category, CategoryId, OwnerId, Task, TaskId, Title};

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The constraint that keeps names apart. A store MUST answer this whenever two categories of one
    /// owner would have the same name, and only then; also when both are written at once.
    #[error("there is a category of this name")]
    CategoryNameTaken,
    /// It was not this transaction's turn in time, or the store is away; nothing was changed and a
    /// retry may succeed.
    #[error("the store is busy")]
    Busy,
    /// There is no room, it is read-only, damaged or refused by the system; nothing was changed.
    #[error(transparent)]
    Storage(StorageFault),
    /// Anything else; the text is for the log and MUST NOT hold a bound value.
    #[error("{0}")]
    Failed(String),
}

/// A result of the store.
pub type Stored<T> = Result<T, StoreError>;

/// Which of the owner's tasks a list holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TaskFilter {
    /// Only those that are completed, or only those that are not.
    pub completed: Option<bool>,
    /// Only those of this category.
    pub category: Option<CategoryId>,
}

/// Where tasks and categories are kept. A query MUST see every transaction that was committed before it
/// began, and MUST find nothing of another owner.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Begins a transaction.
    async fn begin(&self) -> Stored<Box<dyn Transaction>>;
    /// The owner's task with this id.
    async fn task(&self, owner: OwnerId, id: TaskId) -> Stored<Option<Task>>;
    /// Up to [`PageRequest::fetch`] of the owner's tasks by ascending id, those after the cursor.
    async fn tasks(&self, owner: OwnerId, filter: TaskFilter, page: PageRequest) -> Stored<Vec<Task>>;
    /// Up to [`PageRequest::fetch`] of the owner's categories by ascending id, those after the cursor.
    async fn categories(&self, owner: OwnerId, page: PageRequest) -> Stored<Vec<Category>>;
}

/// A change, whole or not at all. Dropped without [`Transaction::commit`] it MUST leave nothing.
///
/// What it reads MUST NOT change under it until it ends: two that read, decide and write MUST come out
/// as if one ran after the other. Who reads a category and a task reads the category first, so that no
/// two wait for each other.
#[async_trait]
pub trait Transaction: Send {
    /// What is known of an idempotency key; of two transactions that ask for the same one the second
    /// MUST wait for the first one's end.
    async fn earlier(&mut self, key: &IdempotencyKey) -> Stored<Option<Earlier>>;
    /// Keeps the answer to an idempotency key.
    async fn remember(&mut self, key: &IdempotencyKey, answer: &Answer) -> Stored<()>;
    /// Publishes events, in their order, with this transaction: after the commit at least once, without
    /// it never.
    async fn publish(&mut self, events: &[Draft]) -> Stored<()>;

    /// The owner's task with this id.
    async fn task(&mut self, owner: OwnerId, id: TaskId) -> Stored<Option<Task>>;
    /// Adds a task.
    async fn insert_task(&mut self, task: &Task) -> Stored<()>;
    /// Writes all of a task but its id, owner and `created_at`.
    async fn update_task(&mut self, task: &Task) -> Stored<()>;
    /// Removes a task.
    async fn delete_task(&mut self, id: TaskId) -> Stored<()>;

    /// The owner's category with this id.
    async fn category(&mut self, owner: OwnerId, id: CategoryId) -> Stored<Option<Category>>;
    /// Adds a category; [`StoreError::CategoryNameTaken`].
    async fn insert_category(&mut self, category: &Category) -> Stored<()>;
    /// Takes up to `limit` tasks out of a category, each with a new version and `updated_at`; gives
    /// their ids and titles. None are left once it gives none.
    async fn empty_category(&mut self, id: CategoryId, at: Timestamp, limit: u32) -> Stored<Vec<(TaskId, Title)>>;
    /// Removes a category, which has no tasks.
    async fn delete_category(&mut self, id: CategoryId) -> Stored<()>;

    /// Makes the change durable and visible.
    async fn commit(self: Box<Self>) -> Stored<()>;
}
