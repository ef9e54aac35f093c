//! What the use cases need from outside, as they need it.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use jiff::Timestamp;
use kit::idempotency::{Answer, Earlier, IdempotencyKey};
use kit::paging::PageRequest;
use kit::storage::StorageFault;
use uuid::Uuid;

use crate::domain::{Cause, Channel, Email, Notification, NotificationId, Recipient, Undelivered, UserId};

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It was not this transaction's turn in time; nothing was changed and a retry may succeed.
    #[error("the store is busy")]
    Busy,
    /// A value or a constraint of the statement's own: a retry cannot succeed.
    #[error("{0}")]
    Refused(String),
    /// There is no room, it is read-only, damaged or refused by the system; nothing was changed.
    #[error(transparent)]
    Storage(StorageFault),
    /// Anything else; the text is for the log and MUST NOT hold a bound value.
    #[error("{0}")]
    Failed(String),
}

/// A result of the store.
pub type Stored<T> = Result<T, StoreError>;

/// The right to deliver a notification until its time is over. Each taking has its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lease {
    /// Tells it from every other.
    pub id: Uuid,
    /// From then on another may take the notification.
    pub until: Timestamp,
}

/// A notification, and whether someone is delivering it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The notification.
    pub notification: Notification,
    /// Until when it is someone's; not given once that is over.
    pub leased_until: Option<Timestamp>,
}

/// Where a user is reached, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The user.
    pub user: UserId,
    /// The e-mail address.
    pub email: Email,
    /// When it was so.
    pub as_of: Timestamp,
}

/// Where notifications are kept. A query MUST see every transaction that was committed before it began.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Begins a transaction.
    async fn begin(&self) -> Stored<Box<dyn Transaction>>;
    /// The owner's notification with this id.
    async fn notification(&self, owner: UserId, id: NotificationId) -> Stored<Option<Notification>>;
    /// Up to [`PageRequest::fetch`] of the owner's notifications by ascending id, those after the cursor.
    async fn notifications(&self, owner: UserId, page: PageRequest) -> Stored<Vec<Notification>>;
    /// When the first pending notification is due, or its lease over, webhooks of the owners `full` aside.
    async fn next_due(&self, full: &[UserId]) -> Stored<Option<Timestamp>>;
    /// Resolves after a commit of this process that added notifications; MAY resolve without one.
    async fn added(&self);
}

/// A change, whole or not at all. Dropped without [`Transaction::commit`] it MUST leave nothing.
#[async_trait]
pub trait Transaction: Send {
    /// What is known of a key; it MUST stay so until the transaction ends.
    async fn earlier(&mut self, key: &IdempotencyKey) -> Stored<Option<Earlier>>;
    /// Stores the answer to a key.
    async fn remember(&mut self, key: &IdempotencyKey, answer: &Answer) -> Stored<()>;

    /// Notes events; gives those that no transaction has noted before, even of those that run now.
    async fn note(&mut self, events: &[Uuid]) -> Stored<HashSet<Uuid>>;
    /// Writes addresses, at most one for a user; one that is as old as the stored one or younger replaces it.
    async fn save_addresses(&mut self, addresses: &[Address]) -> Stored<()>;
    /// The addresses of those users of whom one is known.
    async fn addresses(&mut self, users: &[UserId]) -> Stored<HashMap<UserId, Email>>;

    /// Adds notifications.
    async fn insert(&mut self, notifications: &[Notification]) -> Stored<()>;
    /// The owner's notification with this id; it MUST NOT change until the transaction ends.
    async fn find(&mut self, owner: UserId, id: NotificationId, now: Timestamp) -> Stored<Option<Held>>;
    /// Deletes the owner's notification; `false` when there is none.
    async fn delete(&mut self, owner: UserId, id: NotificationId) -> Stored<bool>;

    /// Up to `limit` notifications that are due at `now`, the longest due first, webhooks of the owners
    /// `full` aside. Until the transaction ends no other one MUST be given them.
    async fn due(&mut self, now: Timestamp, limit: u32, full: &[UserId]) -> Stored<Vec<Notification>>;
    /// Leases notifications of [`Transaction::due`]: they are due again when the lease is over.
    async fn lease(&mut self, ids: &[NotificationId], lease: &Lease) -> Stored<()>;
    /// Writes how far a notification of [`Transaction::find`] is, and leases it.
    async fn take(&mut self, notification: &Notification, lease: &Lease) -> Stored<()>;
    /// Writes how far notifications are and ends their lease; gives those that were still held under it.
    async fn settle(&mut self, lease: &Lease, notifications: &[Notification]) -> Stored<HashSet<NotificationId>>;

    /// Publishes events with this transaction, each as a part of its cause.
    async fn publish(&mut self, events: Vec<(events::Draft, Cause)>) -> Stored<()>;
    /// Makes the change durable and visible.
    async fn commit(self: Box<Self>) -> Stored<()>;
}

/// Why a recipient cannot be served here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsuitable {
    /// The operator has not set the channel up.
    #[error("the channel {} is not set up", .0.as_str())]
    Channel(Channel),
    /// The recipient's address is of a network that is not the Internet.
    #[error("the address is not a public one")]
    Address,
}

/// The ways to recipients.
#[async_trait]
pub trait Channels: Send + Sync + 'static {
    /// Whether a recipient can be served, as far as that shows without asking anyone.
    fn check(&self, recipient: &Recipient) -> Result<(), Unsuitable>;
    /// Delivers one notification. It MUST end within a time well below [`Lease::until`].
    async fn deliver(&self, notification: &Notification) -> Result<(), Undelivered>;
}
