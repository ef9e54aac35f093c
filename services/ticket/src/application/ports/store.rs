//! Where purchases are kept.

use async_trait::async_trait;
use events::Draft;
use jiff::Timestamp;
use kit::correlation::Correlation;
use kit::idempotency::{Answer, Earlier, IdempotencyKey};
use kit::storage::StorageFault;

use crate::domain::{Purchase, Status, TicketId};

/// Why the store did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It was not this transaction's turn in time, or the database is away; a retry may succeed.
    #[error("the store is busy")]
    Busy,
    /// There is no room, it is read-only, damaged or refused by the system; nothing was changed.
    #[error(transparent)]
    Storage(StorageFault),
    /// Anything else; the text is for the log and MUST NOT hold a bound value.
    #[error("{0}")]
    Failed(String),
}

/// A pending purchase, and the key that it was begun under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingUnderKey {
    /// [`IdempotencyKey::id`].
    pub key: String,
    /// [`IdempotencyKey::fingerprint`].
    pub fingerprint: String,
    /// The purchase.
    pub purchase: Purchase,
}

/// The purchases.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Begins a transaction.
    async fn begin(&self) -> Result<Box<dyn Transaction>, StoreError>;

    /// A purchase.
    async fn purchase(&self, id: TicketId) -> Result<Option<Purchase>, StoreError>;

    /// Lets every pending purchase expire.
    async fn expire_all(&self) -> Result<(), StoreError>;

    /// The first `limit` after the id `after` of those with something left to do: pending since before
    /// they expired at `now`, or cancelled and not yet settled.
    async fn unfinished(
        &self,
        now: Timestamp,
        after: Option<TicketId>,
        limit: i64,
    ) -> Result<Vec<Purchase>, StoreError>;

    /// Deletes up to `limit` purchases that were rejected, or cancelled and settled, before `instant`; gives
    /// how many.
    async fn forget_unsold(&self, instant: Timestamp, limit: i64) -> Result<u64, StoreError>;
}

/// A change: whole, or, when it is dropped without a commit, not at all.
#[async_trait]
pub trait Transaction: Send {
    /// What is known of each of these keys, in their order; it MUST stay true until the transaction ends.
    async fn earlier(&mut self, keys: &[&IdempotencyKey]) -> Result<Vec<Option<Earlier>>, StoreError>;

    /// The pending purchases under these keys.
    async fn pending(&mut self, keys: &[&IdempotencyKey]) -> Result<Vec<PendingUnderKey>, StoreError>;

    /// Adds pending purchases, each with its key, if it has one.
    async fn insert(&mut self, purchases: &[(Purchase, Option<IdempotencyKey>)]) -> Result<(), StoreError>;

    /// These purchases, in any order, locked for this transaction.
    async fn purchases(&mut self, ids: &[TicketId]) -> Result<Vec<Purchase>, StoreError>;

    /// Gives these pending purchases a status. A cancelled one has something left to do: it is to be
    /// settled.
    async fn decide(&mut self, ids: &[TicketId], status: Status, now: Timestamp) -> Result<(), StoreError>;

    /// Marks that nothing is left to do for these cancelled ones.
    async fn settle(&mut self, ids: &[TicketId], now: Timestamp) -> Result<(), StoreError>;

    /// Stores the answers to keys, which differ.
    async fn remember(&mut self, answers: &[(IdempotencyKey, Answer)]) -> Result<(), StoreError>;

    /// Publishes events, in this order, each as part of what caused it.
    async fn publish(&mut self, events: &[(Draft, Correlation)]) -> Result<(), StoreError>;

    /// Makes the change durable.
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;
}
