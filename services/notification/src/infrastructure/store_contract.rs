//! What the store has to do on either database. Each test runs on each.

mod leases;
mod records;

use jiff::{SignedDuration, Timestamp};
use kit::testing::TestDatabase;
use uuid::Uuid;

use super::sql::SqlStore;
use crate::application::ports::{Lease, Store, Transaction};
use crate::domain::{Cause, LogName, Message, Notification, NotificationId, Recipient, Subject, UserId};

async fn store(database: &TestDatabase) -> SqlStore {
    SqlStore::migrated(database.open().await).await.unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn user() -> UserId {
    UserId(Uuid::now_v7())
}

/// Due from the given second on.
fn notification(owner: UserId, due: i64) -> Notification {
    let recipient = Recipient::Log(LogName::parse("Robert'); DROP TABLE notifications;--").unwrap());
    let (subject, message) = (Subject::parse("Grüße").unwrap(), Message::parse("Zeile\nZeile").unwrap());
    let cause = Cause::new("c-1", Some("00-1-2-01"));
    Notification::new(owner, recipient, subject, message, cause, at(due))
}

fn lease(until: i64) -> Lease {
    Lease { id: Uuid::now_v7(), until: at(until) }
}

/// Runs `change` in a transaction of its own.
async fn commit<T>(store: &SqlStore, change: impl AsyncFnOnce(&mut dyn Transaction) -> T) -> T {
    let mut transaction = store.begin().await.unwrap();
    let result = change(&mut *transaction).await;
    transaction.commit().await.unwrap();
    result
}

async fn insert(store: &SqlStore, notifications: &[Notification]) {
    commit(store, async |t| t.insert(notifications).await.unwrap()).await;
}

async fn take_due(store: &SqlStore, now: i64, limit: u32, lease: Lease) -> Vec<NotificationId> {
    commit(store, async |t| {
        let due = t.due(at(now), limit, &[]).await.unwrap();
        let ids: Vec<_> = due.into_iter().map(|one| one.id).collect();
        t.lease(&ids, &lease).await.unwrap();
        ids
    })
    .await
}

async fn reload(store: &SqlStore, one: &Notification) -> Notification {
    store.notification(one.owner, one.id).await.unwrap().unwrap()
}

fn later(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}
