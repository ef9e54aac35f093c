//! Whoever takes a notification has it alone, for a time.

use std::collections::HashSet;
use std::time::Duration;

use super::{at, commit, insert, later, lease, notification, reload, take_due, user};
use crate::application::ports::Store;
use crate::domain::{Backoff, Channel, Notification, Recipient, State, Undelivered, UserId};
use crate::infrastructure::sql::SqlStore;

kit::on_each_database!(super::super::store =>
    what_is_due_is_taken_by_one_and_again_after_its_lease,
    of_several_at_once_each_takes_others,
    webhooks_of_some_owners_are_left_aside,
    only_the_holder_settles,
    what_failed_is_due_again_later,
    one_that_is_asked_for_is_found_with_its_lease,
    an_event_is_published_with_its_cause,
);

async fn what_is_due_is_taken_by_one_and_again_after_its_lease(store: &SqlStore) {
    let (early, late, future) = (notification(user(), 10), notification(user(), 20), notification(user(), 99));
    insert(store, &[late.clone(), early.clone(), future.clone()]).await;
    assert_eq!(store.next_due(&[]).await.unwrap(), Some(at(10)));
    assert_eq!(take_due(store, 9, 10, lease(50)).await, []);
    assert_eq!(take_due(store, 30, 1, lease(50)).await, [early.id]);
    assert_eq!(take_due(store, 30, 10, lease(60)).await, [late.id]);
    assert_eq!(take_due(store, 49, 10, lease(90)).await, []);
    assert_eq!(store.next_due(&[]).await.unwrap(), Some(at(50)));
    assert_eq!(take_due(store, 50, 10, lease(90)).await, [early.id]);
}

async fn of_several_at_once_each_takes_others(store: &SqlStore) {
    let owner = user();
    let all: Vec<_> = (0..200).map(|_| notification(owner, 1)).collect();
    insert(store, &all).await;
    let round = || async {
        let mut mine = Vec::new();
        // On PostgreSQL one may pass over what another holds at that moment, and find nothing more.
        for _ in 0..20 {
            mine.extend(take_due(store, 2, 20, lease(1_000)).await);
        }
        mine
    };
    let (one, two, three, four) = tokio::join!(round(), round(), round(), round());
    let taken: Vec<_> = [one, two, three, four].concat();
    let distinct: HashSet<_> = taken.iter().collect();
    assert_eq!((taken.len(), distinct.len()), (200, 200));
}

async fn webhooks_of_some_owners_are_left_aside(store: &SqlStore) {
    let (ada, bob, eve) = (user(), user(), user());
    let webhook = |owner, due| Notification {
        recipient: Recipient::parse(Channel::Webhook, "https://example.com/").unwrap(),
        ..notification(owner, due)
    };
    let all = [webhook(ada, 1), webhook(bob, 2), webhook(eve, 3), notification(ada, 4)];
    insert(store, &all).await;
    let due = async |limit, full: &[UserId]| {
        let due = commit(store, async |t| t.due(at(9), limit, full).await.unwrap()).await;
        due.into_iter().map(|one| one.id).collect::<Vec<_>>()
    };
    assert_eq!(due(10, &[ada, bob]).await, [all[2].id, all[3].id], "what goes to the log waits for no one");
    assert_eq!(due(1, &[ada]).await, [all[1].id]);
    assert_eq!(due(10, &[]).await.len(), 4, "what is not leased is given again");
    assert_eq!(store.next_due(&[ada, bob]).await.unwrap(), Some(at(3)));
    assert_eq!(store.next_due(&[ada, bob, eve]).await.unwrap(), Some(at(4)));
}

async fn only_the_holder_settles(store: &SqlStore) {
    let (mut one, mut gone) = (notification(user(), 1), notification(user(), 1));
    insert(store, &[one.clone(), gone.clone()]).await;
    let (lost, held) = (lease(10), lease(50));
    assert_eq!(take_due(store, 2, 10, lost).await.len(), 2);
    assert_eq!(take_due(store, 11, 10, held).await.len(), 2);
    commit(store, async |t| t.delete(gone.owner, gone.id).await.unwrap()).await;
    one.delivered(at(12));
    gone.delivered(at(12));
    let settled = [one.clone(), gone];
    let none = commit(store, async |t| t.settle(&lost, &settled).await.unwrap()).await;
    assert!(none.is_empty());
    assert!(!reload(store, &one).await.is_sent());
    let both = commit(store, async |t| t.settle(&held, &settled).await.unwrap()).await;
    assert_eq!(both, HashSet::from([one.id]), "the other was deleted");
    assert_eq!(reload(store, &one).await, one);
    let again = commit(store, async |t| t.settle(&held, &settled).await.unwrap()).await;
    assert!(again.is_empty(), "a lease ends with its settling");
    assert_eq!(store.next_due(&[]).await.unwrap(), None);
}

async fn what_failed_is_due_again_later(store: &SqlStore) {
    let backoff = Backoff { attempts: 2, first: Duration::from_secs(5) };
    let refused = || Undelivered { reason: "no".into(), permanent: false };
    let mut one = notification(user(), 1);
    insert(store, std::slice::from_ref(&one)).await;
    let settle = async |one: &Notification, now: i64| {
        let held = lease(now + 50);
        assert_eq!(take_due(store, now, 10, held).await, [one.id]);
        commit(store, async |t| t.settle(&held, std::slice::from_ref(one)).await.unwrap()).await;
        assert_eq!(&reload(store, one).await, one);
    };
    one.undelivered(refused(), &backoff, 1.0, at(10));
    settle(&one, 10).await;
    assert_eq!(store.next_due(&[]).await.unwrap(), Some(at(10) + later(5)));
    one.undelivered(refused(), &backoff, 1.0, at(15));
    assert_eq!(one.state, State::Failed);
    settle(&one, 15).await;
    assert_eq!(store.next_due(&[]).await.unwrap(), None);
}

async fn one_that_is_asked_for_is_found_with_its_lease(store: &SqlStore) {
    let mut one = notification(user(), 1);
    one.state = State::Failed;
    one.attempts = 7;
    insert(store, std::slice::from_ref(&one)).await;
    let held = commit(store, async |t| t.find(one.owner, one.id, at(2)).await.unwrap()).await.unwrap();
    assert_eq!((held.leased_until, &held.notification), (None, &one));
    one.try_again(at(2));
    let lease = lease(10);
    commit(store, async |t| t.take(&one, &lease).await.unwrap()).await;
    let (owner, id) = (one.owner, one.id);
    let find = async |now| commit(store, async |t| t.find(owner, id, at(now)).await.unwrap()).await.unwrap();
    assert_eq!(find(9).await.leased_until, Some(at(10)));
    assert_eq!(find(10).await.leased_until, None, "it is over");
    assert_eq!(find(9).await.notification.attempts, 0);
    assert_eq!(take_due(store, 9, 10, lease).await, []);
    one.delivered(at(9));
    let settled = commit(store, async |t| t.settle(&lease, std::slice::from_ref(&one)).await.unwrap()).await;
    assert_eq!(settled, HashSet::from([one.id]));
    assert_eq!(find(9).await.notification, one);
}

async fn an_event_is_published_with_its_cause(store: &SqlStore) {
    let one = notification(user(), 1);
    let event = events::notification::NotificationSent {
        notification_id: one.id.0,
        owner_id: one.owner.0,
        channel: "log".into(),
    };
    let draft = events::Draft::from(&event);
    commit(store, async |t| t.publish(vec![(draft.clone(), one.cause.clone())]).await.unwrap()).await;
    let mut dropped = store.begin().await.unwrap();
    dropped.publish(vec![(draft, one.cause.clone())]).await.unwrap();
    drop(dropped);
    let outbox = store.outbox().await;
    let [(topic, key, value, headers)] = outbox.as_slice() else { panic!("{outbox:?}") };
    assert_eq!((topic.as_str(), key.as_str()), ("notification.events", one.id.to_string().as_str()));
    let envelope: events::Envelope = serde_json::from_slice(value).unwrap();
    assert_eq!((envelope.correlation_id.as_str(), envelope.service_name.as_str()), ("c-1", "notification"));
    assert_eq!(envelope.read::<events::notification::NotificationSent>().unwrap(), event);
    assert_eq!(headers, "{\"traceparent\":\"00-1-2-01\"}");
}
