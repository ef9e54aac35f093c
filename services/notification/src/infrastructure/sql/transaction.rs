//! A transaction of the store.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use kit::correlation::Correlation;
use kit::idempotency::{self, Answer, Earlier, IdempotencyKey};
use kit::{inbox, outbox};
use tokio::sync::Notify;
use uuid::Uuid;

use super::{addresses, delivery, failed, notifications};
use crate::application::ports::{Address, Held, Lease, Stored, Transaction};
use crate::domain::{Cause, Email, Notification, NotificationId, UserId};

/// The name under which the service publishes.
const SERVICE: &str = "notification";

pub(super) struct SqlTransaction {
    inner: kit::database::Transaction,
    /// Woken by the commit if something was added.
    added: Arc<Notify>,
    adds: bool,
}

impl SqlTransaction {
    pub(super) fn new(inner: kit::database::Transaction, added: Arc<Notify>) -> Self {
        Self { inner, added, adds: false }
    }
}

#[async_trait]
impl Transaction for SqlTransaction {
    async fn earlier(&mut self, key: &IdempotencyKey) -> Stored<Option<Earlier>> {
        idempotency::earlier(&mut self.inner, key).await.map_err(failed)
    }

    async fn remember(&mut self, key: &IdempotencyKey, answer: &Answer) -> Stored<()> {
        idempotency::remember(&mut self.inner, key, answer).await.map_err(failed)
    }

    async fn note(&mut self, events: &[Uuid]) -> Stored<HashSet<Uuid>> {
        inbox::note_all(&mut self.inner, events).await.map_err(failed)
    }

    async fn save_addresses(&mut self, addresses: &[Address]) -> Stored<()> {
        addresses::save(&mut self.inner, addresses).await
    }

    async fn addresses(&mut self, users: &[UserId]) -> Stored<HashMap<UserId, Email>> {
        addresses::of(&mut self.inner, users).await
    }

    async fn insert(&mut self, notifications: &[Notification]) -> Stored<()> {
        self.adds |= !notifications.is_empty();
        notifications::insert(&mut self.inner, notifications).await
    }

    async fn find(&mut self, owner: UserId, id: NotificationId, now: Timestamp) -> Stored<Option<Held>> {
        delivery::find(&mut self.inner, owner, id, now).await
    }

    async fn delete(&mut self, owner: UserId, id: NotificationId) -> Stored<bool> {
        notifications::delete(&mut self.inner, owner, id).await
    }

    async fn due(&mut self, now: Timestamp, limit: u32, full: &[UserId]) -> Stored<Vec<Notification>> {
        delivery::due(&mut self.inner, now, limit, full).await
    }

    async fn lease(&mut self, ids: &[NotificationId], lease: &Lease) -> Stored<()> {
        delivery::lease(&mut self.inner, ids, lease).await
    }

    async fn take(&mut self, notification: &Notification, lease: &Lease) -> Stored<()> {
        delivery::take(&mut self.inner, notification, lease).await
    }

    async fn settle(&mut self, lease: &Lease, settled: &[Notification]) -> Stored<HashSet<NotificationId>> {
        delivery::settle(&mut self.inner, lease, settled).await
    }

    async fn publish(&mut self, events: Vec<(events::Draft, Cause)>) -> Stored<()> {
        let messages: Vec<_> = events
            .iter()
            .map(|(draft, cause)| {
                let id = cause.correlation_id().to_owned();
                let correlation = Correlation { id, traceparent: cause.traceparent().map(ToOwned::to_owned) };
                outbox::message(SERVICE, draft, &correlation)
            })
            .collect();
        outbox::append(&mut self.inner, &messages).await.map_err(failed)
    }

    async fn commit(self: Box<Self>) -> Stored<()> {
        self.inner.commit().await.map_err(failed)?;
        if self.adds {
            self.added.notify_one();
        }
        Ok(())
    }
}
