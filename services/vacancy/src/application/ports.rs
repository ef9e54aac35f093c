//! What the use cases need from outside, as they need it.

use async_trait::async_trait;
use events::Draft;
use jiff::Timestamp;
use kit::correlation::Correlation;
use kit::idempotency::{Answer, Earlier, IdempotencyKey};
use kit::storage::StorageFault;

use crate::domain::{Reservation, ReservationId, Stock};

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

/// The stock and its reservations.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Begins a transaction. A transaction that reads the stock MUST be the only one between that and
    /// its end, also among several processes.
    async fn begin(&self) -> Result<Box<dyn Transaction>, StoreError>;

    /// The places that are left, as of the last commit.
    async fn available(&self) -> Result<i64, StoreError>;
}

/// A change: whole, or, when it is dropped without a commit, not at all.
#[async_trait]
pub trait Transaction: Send {
    /// The stock, locked for this transaction.
    async fn stock(&mut self) -> Result<Stock, StoreError>;

    /// What is known of these ids, in any order.
    async fn reservations(&mut self, ids: &[&ReservationId]) -> Result<Vec<Reservation>, StoreError>;

    /// The first `limit` after the id `after`, in the order of their ids, of the reservations that have not
    /// changed since `instant`: all whose ids were chosen before it, and maybe some whose ids tell no instant.
    async fn old(
        &mut self,
        instant: Timestamp,
        after: Option<&ReservationId>,
        limit: i64,
    ) -> Result<Vec<Reservation>, StoreError>;

    /// Deletes reservations.
    async fn remove(&mut self, ids: &[ReservationId]) -> Result<(), StoreError>;

    /// Replaces the stock.
    async fn save_stock(&mut self, stock: Stock) -> Result<(), StoreError>;

    /// Adds or replaces reservations, whose ids differ.
    async fn save_reservations(&mut self, reservations: &[Reservation]) -> Result<(), StoreError>;

    /// What is known of a key.
    async fn earlier(&mut self, key: &IdempotencyKey) -> Result<Option<Earlier>, StoreError>;

    /// Stores the answer to a key.
    async fn remember(&mut self, key: &IdempotencyKey, answer: &Answer) -> Result<(), StoreError>;

    /// Publishes events, in this order, each as part of what caused it.
    async fn publish(&mut self, events: &[(Draft, Correlation)]) -> Result<(), StoreError>;

    /// Makes the change durable.
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;
}
