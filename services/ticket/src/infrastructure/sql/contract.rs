//! What every store has to do, on each database.

use kit::idempotency::{Answer, Earlier, IdempotencyKey};
use kit::testing::TestDatabase;
use uuid::Uuid;

use super::*;
use crate::domain::{BuyerId, Quantity, Status};

kit::on_each_database!(std::future::ready =>
    a_purchase_is_read_as_it_was_written,
    what_is_not_committed_did_not_happen,
    only_what_is_pending_is_decided,
    what_is_unfinished_is_found_in_order,
    a_key_has_one_pending_purchase,
    keys_hold_others_off,
    a_large_batch_is_one_statement_each,
    only_what_came_to_nothing_long_ago_is_forgotten,
);

async fn store(test: &TestDatabase) -> SqlStore {
    SqlStore::migrated(test.open().await).await.unwrap()
}

fn at(millisecond: i64) -> Timestamp {
    Timestamp::from_millisecond(millisecond).unwrap()
}

fn pending(expires: i64) -> Purchase {
    Purchase {
        id: TicketId(Uuid::now_v7()),
        buyer: BuyerId(Uuid::now_v7()),
        qty: Quantity::parse(3).unwrap(),
        status: Status::Pending,
        expires_at: at(expires),
        created_at: at(7),
    }
}

fn key(key: &str, body: &str) -> IdempotencyKey {
    IdempotencyKey::new("ada", "POST /purchase", key, body.as_bytes())
}

async fn insert(store: &SqlStore, purchase: Purchase, key: Option<&IdempotencyKey>) -> Result<(), StoreError> {
    let mut transaction = store.begin().await?;
    transaction.insert(&[(purchase, key.cloned())]).await?;
    transaction.commit().await
}

async fn decide(store: &SqlStore, purchase: Purchase, status: Status) {
    let mut transaction = store.begin().await.unwrap();
    transaction.decide(&[purchase.id], status, at(8)).await.unwrap();
    transaction.commit().await.unwrap();
}

async fn status(store: &SqlStore, purchase: Purchase) -> Status {
    store.purchase(purchase.id).await.unwrap().unwrap().status
}

async fn a_purchase_is_read_as_it_was_written(test: &TestDatabase) {
    let store = store(test).await;
    let (one, other) = (pending(9), pending(10));
    insert(&store, one, Some(&key("k", "{}"))).await.unwrap();
    insert(&store, other, None).await.unwrap();
    assert_eq!(store.purchase(one.id).await.unwrap(), Some(one));
    assert_eq!(store.purchase(TicketId(Uuid::now_v7())).await.unwrap(), None);
    let mut transaction = store.begin().await.unwrap();
    let found = transaction.purchases(&[one.id, other.id, TicketId(Uuid::now_v7())]).await.unwrap();
    assert_eq!(found, [one, other]);
    assert_eq!(transaction.purchases(&[]).await.unwrap(), []);
}

async fn what_is_not_committed_did_not_happen(test: &TestDatabase) {
    let store = store(test).await;
    let purchase = pending(9);
    let mut transaction = store.begin().await.unwrap();
    transaction.insert(&[(purchase, None)]).await.unwrap();
    drop(transaction);
    assert_eq!(store.purchase(purchase.id).await.unwrap(), None);
}

async fn only_what_is_pending_is_decided(test: &TestDatabase) {
    let store = store(test).await;
    for (first, second) in [(Status::Confirmed, Status::Cancelled), (Status::Cancelled, Status::Confirmed)] {
        let purchase = pending(9);
        insert(&store, purchase, None).await.unwrap();
        decide(&store, purchase, first).await;
        decide(&store, purchase, second).await;
        assert_eq!(status(&store, purchase).await, first);
    }
}

async fn what_is_unfinished_is_found_in_order(test: &TestDatabase) {
    let store = store(test).await;
    let all = [pending(10), pending(10), pending(20), pending(10), pending(10)];
    for purchase in all {
        insert(&store, purchase, None).await.unwrap();
    }
    decide(&store, all[1], Status::Confirmed).await;
    decide(&store, all[3], Status::Cancelled).await;
    let found = async |now, after, limit| {
        let found = store.unfinished(now, after, limit).await.unwrap();
        found.into_iter().map(|one| one.id).collect::<Vec<_>>()
    };
    // Pending since before they expired, or cancelled and owing a release.
    assert_eq!(found(at(10), None, 10).await, [all[0].id, all[3].id, all[4].id]);
    assert_eq!(found(at(9), None, 10).await, [all[3].id]);
    assert_eq!(found(at(10), None, 2).await, [all[0].id, all[3].id]);
    assert_eq!(found(at(10), Some(all[3].id), 2).await, [all[4].id]);
    let mut transaction = store.begin().await.unwrap();
    transaction.settle(&[all[0].id, all[3].id], at(11)).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(found(at(10), None, 10).await, [all[0].id, all[4].id], "only what is cancelled is settled");
    store.expire_all().await.unwrap();
    assert_eq!(found(at(0), None, 10).await, [all[0].id, all[2].id, all[4].id]);
}

async fn a_key_has_one_pending_purchase(test: &TestDatabase) {
    let store = store(test).await;
    let (first, second, key) = (pending(9), pending(9), key("k", "{}"));
    insert(&store, first, Some(&key)).await.unwrap();
    let mut transaction = store.begin().await.unwrap();
    let found = transaction.pending(&[&key, &super::contract::key("l", "{}")]).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].key.as_str(), found[0].fingerprint.as_str()), (key.id(), key.fingerprint()));
    assert_eq!(found[0].purchase, first);
    drop(transaction);
    assert!(matches!(insert(&store, second, Some(&key)).await, Err(StoreError::Failed(_))));
    decide(&store, first, Status::Cancelled).await;
    insert(&store, second, Some(&key)).await.unwrap();
    let mut transaction = store.begin().await.unwrap();
    assert_eq!(transaction.pending(&[&key]).await.unwrap()[0].purchase, second);
    let answer = Answer::created("/tickets/7".to_owned(), &"made");
    transaction.remember(&[(key.clone(), answer.clone())]).await.unwrap();
    let earlier = transaction.earlier(&[&super::contract::key("k", "{ }"), &key]).await.unwrap();
    assert_eq!(earlier, [Some(Earlier::OtherBody), Some(Earlier::Answered(answer))]);
}

/// Look, then insert: were two to look before either inserted, one of them would fail.
async fn keys_hold_others_off(test: &TestDatabase) {
    let stores = [store(test).await, store(test).await];
    let mut beginning = tokio::task::JoinSet::new();
    for n in 0..12 {
        let store = stores[n % 2].clone();
        beginning.spawn(async move {
            let keys = [key("k", "{}"), key("l", "{}")];
            let asked = if n % 3 == 0 { [&keys[0], &keys[1]] } else { [&keys[1], &keys[0]] };
            let mut transaction = store.begin().await.unwrap();
            let new = transaction.pending(&asked).await.unwrap().is_empty();
            tokio::task::yield_now().await;
            if new {
                let both = keys.map(|key| (pending(9), Some(key)));
                transaction.insert(&both).await.unwrap();
            }
            transaction.commit().await.unwrap();
            usize::from(new)
        });
    }
    assert_eq!(beginning.join_all().await.into_iter().sum::<usize>(), 1);
}

async fn a_large_batch_is_one_statement_each(test: &TestDatabase) {
    let store = store(test).await;
    let all: Vec<_> = (0..500).map(|n| (pending(9), (n % 2 == 0).then(|| key(&n.to_string(), "{}")))).collect();
    let ids: Vec<_> = all.iter().map(|(purchase, _)| purchase.id).collect();
    let mut transaction = store.begin().await.unwrap();
    transaction.insert(&all).await.unwrap();
    let keys: Vec<_> = all.iter().filter_map(|(_, key)| key.as_ref()).collect();
    assert_eq!(transaction.pending(&keys).await.unwrap().len(), 250);
    transaction.decide(&ids, Status::Confirmed, at(8)).await.unwrap();
    let found = transaction.purchases(&ids).await.unwrap();
    assert!(found.len() == 500 && found.iter().all(|one| one.status == Status::Confirmed));
    transaction.commit().await.unwrap();
}

async fn only_what_came_to_nothing_long_ago_is_forgotten(test: &TestDatabase) {
    let store = store(test).await;
    let all @ [open, sold, rejected, cancelled, settled, other] = [(); 6].map(|()| pending(9));
    for purchase in all {
        insert(&store, purchase, None).await.unwrap();
    }
    // Decided at 8, and settled at 9.
    decide(&store, sold, Status::Confirmed).await;
    decide(&store, rejected, Status::Rejected).await;
    for purchase in [cancelled, settled, other] {
        decide(&store, purchase, Status::Cancelled).await;
    }
    let mut transaction = store.begin().await.unwrap();
    transaction.settle(&[settled.id, other.id], at(9)).await.unwrap();
    transaction.commit().await.unwrap();

    assert_eq!(store.forget_unsold(at(8), 10).await.unwrap(), 0);
    assert_eq!(store.forget_unsold(at(9), 10).await.unwrap(), 1);
    assert_eq!(store.purchase(rejected.id).await.unwrap(), None);
    assert_eq!(store.forget_unsold(at(1_000), 1).await.unwrap(), 1);
    assert_eq!(store.forget_unsold(at(1_000), 10).await.unwrap(), 1);
    assert_eq!(store.forget_unsold(at(1_000), 10).await.unwrap(), 0);
    for (purchase, expected) in [(open, Status::Pending), (sold, Status::Confirmed), (cancelled, Status::Cancelled)] {
        assert_eq!(status(&store, purchase).await, expected);
    }
}
