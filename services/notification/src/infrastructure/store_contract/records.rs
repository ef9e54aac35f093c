//! What is written is read, and by nobody else.

use std::collections::HashSet;

use kit::idempotency::{Answer, Earlier, IdempotencyKey};
use kit::paging::PageRequest;
use uuid::Uuid;

use super::{at, commit, insert, notification, reload, user};
use crate::application::ports::{Address, Store};
use crate::domain::{Channel, Email, Recipient, State, Undelivered, UserId};
use crate::infrastructure::sql::SqlStore;

kit::on_each_database!(super::super::store =>
    a_notification_is_read_as_it_was_written,
    another_owner_sees_nothing_of_it,
    what_is_not_committed_did_not_happen,
    a_list_is_in_order_and_from_the_cursor,
    the_youngest_address_stands,
    an_event_is_new_once,
    a_key_is_remembered_with_its_effect,
    adding_wakes_whoever_waits,
);

async fn a_notification_is_read_as_it_was_written(store: &SqlStore) {
    let backoff = crate::domain::Backoff { attempts: 2, first: std::time::Duration::from_secs(1) };
    let mut all = vec![notification(user(), 1), notification(user(), 2), notification(user(), 3)];
    all[0].recipient = Recipient::parse(Channel::Email, "ada@example.com").unwrap();
    all[1].recipient = Recipient::parse(Channel::Webhook, "https://example.com/?a=ü").unwrap();
    all[1].undelivered(Undelivered { reason: "no".into(), permanent: true }, &backoff, 1.0, at(3));
    all[2].delivered(at(4));
    all.extend((0..1_200).map(|_| notification(user(), 5)));
    insert(store, &all).await;
    for one in all.iter().take(4).chain(all.last()) {
        assert_eq!(&reload(store, one).await, one);
    }
    assert_eq!(reload(store, &all[2]).await.state, State::Sent { at: at(4) });
}

async fn another_owner_sees_nothing_of_it(store: &SqlStore) {
    let (one, stranger) = (notification(user(), 1), user());
    insert(store, std::slice::from_ref(&one)).await;
    assert_eq!(store.notification(stranger, one.id).await.unwrap(), None);
    let page = PageRequest { limit: 10, after: None };
    assert_eq!(store.notifications(stranger, page).await.unwrap(), []);
    commit(store, async |t| {
        assert_eq!(t.find(stranger, one.id, at(1)).await.unwrap(), None);
        assert!(!t.delete(stranger, one.id).await.unwrap());
        assert!(t.delete(one.owner, one.id).await.unwrap());
        assert!(!t.delete(one.owner, one.id).await.unwrap());
    })
    .await;
    assert_eq!(store.notification(one.owner, one.id).await.unwrap(), None);
}

async fn what_is_not_committed_did_not_happen(store: &SqlStore) {
    let one = notification(user(), 1);
    let mut transaction = store.begin().await.unwrap();
    transaction.insert(std::slice::from_ref(&one)).await.unwrap();
    assert_eq!(store.notification(one.owner, one.id).await.unwrap(), None);
    drop(transaction);
    assert_eq!(store.notification(one.owner, one.id).await.unwrap(), None);
    assert_eq!(store.next_due(&[]).await.unwrap(), None);
}

async fn a_list_is_in_order_and_from_the_cursor(store: &SqlStore) {
    let owner = user();
    let all: Vec<_> = (0..5).map(|_| notification(owner, 1)).collect();
    insert(store, &all).await;
    insert(store, &[notification(user(), 1)]).await;
    let list = async |limit, after: Option<usize>| {
        let page = PageRequest { limit, after: after.map(|index| all[index].id.0) };
        store.notifications(owner, page).await.unwrap()
    };
    // One more than the limit is how a page knows that there is a next.
    assert_eq!(list(2, None).await, all[..3]);
    assert_eq!(list(2, Some(1)).await, all[2..5]);
    assert_eq!(list(100, Some(4)).await, []);
}

async fn the_youngest_address_stands(store: &SqlStore) {
    let (one, other, unknown) = (user(), user(), user());
    let address =
        |user: UserId, email: &str, second| Address { user, email: Email::parse(email).unwrap(), as_of: at(second) };
    let written = [
        vec![address(one, "b@example.com", 2), address(other, "o@example.com", 1)],
        vec![address(one, "a@example.com", 1)],
        vec![address(one, "c@example.com", 2)],
        vec![],
    ];
    for some in written {
        commit(store, async |t| t.save_addresses(&some).await.unwrap()).await;
    }
    let found = commit(store, async |t| t.addresses(&[one, other, unknown]).await.unwrap()).await;
    assert_eq!(found.len(), 2);
    assert_eq!((found[&one].as_str(), found[&other].as_str()), ("c@example.com", "o@example.com"));
    assert!(commit(store, async |t| t.addresses(&[]).await.unwrap()).await.is_empty());
}

async fn an_event_is_new_once(store: &SqlStore) {
    let (one, other) = (Uuid::now_v7(), Uuid::now_v7());
    let first = commit(store, async |t| t.note(&[one, one]).await.unwrap()).await;
    assert_eq!(first, HashSet::from([one]));
    let second = commit(store, async |t| t.note(&[one, other]).await.unwrap()).await;
    assert_eq!(second, HashSet::from([other]));
}

async fn a_key_is_remembered_with_its_effect(store: &SqlStore) {
    let key = IdempotencyKey::new("ada", "POST /notifications", "k", b"{}");
    let answer = Answer::created("/notifications/7".to_owned(), &"made");
    commit(store, async |t| {
        assert_eq!(t.earlier(&key).await.unwrap(), None);
        t.remember(&key, &answer).await.unwrap();
    })
    .await;
    let known = commit(store, async |t| t.earlier(&key).await.unwrap()).await;
    assert_eq!(known, Some(Earlier::Answered(answer)));
}

async fn adding_wakes_whoever_waits(store: &SqlStore) {
    insert(store, &[]).await;
    let deadline = std::time::Duration::from_millis(50);
    assert!(tokio::time::timeout(deadline, store.added()).await.is_err(), "nothing was added");
    insert(store, &[notification(user(), 1)]).await;
    tokio::time::timeout(std::time::Duration::from_secs(10), store.added()).await.expect("nobody was woken");
}
