//! What every store has to do, on each database.

use jiff::Timestamp;
use kit::testing::TestDatabase;

use super::*;
use crate::domain::{Reservation, ReservationId, State, Stock};

kit::on_each_database!(std::future::ready =>
    the_stock_is_filled_the_first_time_only,
    reservations_are_read_as_they_were_written,
    what_is_not_committed_did_not_happen,
    the_stock_is_one_transactions_at_a_time,
    a_large_batch_is_one_statement_each,
    a_stock_that_cannot_be_is_refused,
    what_is_old_is_found_in_order_and_removed,
);

async fn store(test: &TestDatabase, initial: i64) -> SqlStore {
    SqlStore::migrated(test.open().await, initial).await.unwrap()
}

fn stock(available: i64, total: i64) -> Stock {
    Stock { available, total, forgotten_before: 0 }
}

fn reservation(id: &str, qty: i64, state: State) -> Reservation {
    Reservation { id: ReservationId::parse(id.to_owned()).unwrap(), qty, state, remaining: 7 }
}

async fn known(store: &SqlStore, ids: &[&str]) -> Vec<Reservation> {
    let ids: Vec<_> = ids.iter().map(|id| ReservationId::parse((*id).to_owned()).unwrap()).collect();
    let ids: Vec<_> = ids.iter().collect();
    let mut known = store.begin().await.unwrap().reservations(&ids).await.unwrap();
    known.sort_by(|one, other| one.id.cmp(&other.id));
    known
}

async fn the_stock_is_filled_the_first_time_only(test: &TestDatabase) {
    let first = store(test, 10).await;
    let mut transaction = first.begin().await.unwrap();
    assert_eq!(transaction.stock().await.unwrap(), stock(10, 10));
    transaction.save_stock(stock(3, 11)).await.unwrap();
    transaction.commit().await.unwrap();
    let second = store(test, 99).await;
    assert_eq!(second.available().await.unwrap(), 3);
    assert_eq!(second.begin().await.unwrap().stock().await.unwrap(), stock(3, 11));
}

async fn reservations_are_read_as_they_were_written(test: &TestDatabase) {
    let store = store(test, 10).await;
    let held = reservation("a", i64::MAX, State::Held);
    let refused = reservation("b';--", 2, State::Refused);
    let released = reservation("c", 0, State::Released);
    let mut transaction = store.begin().await.unwrap();
    transaction.save_reservations(&[held.clone(), refused.clone(), released.clone()]).await.unwrap();
    transaction.save_reservations(&[]).await.unwrap();
    assert_eq!(transaction.reservations(&[]).await.unwrap(), []);
    transaction.commit().await.unwrap();
    assert_eq!(known(&store, &["a", "b';--", "c", "d"]).await, [held.clone(), refused, released]);

    let held = Reservation { state: State::Released, ..held };
    let mut transaction = store.begin().await.unwrap();
    transaction.save_reservations(std::slice::from_ref(&held)).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(known(&store, &["a"]).await, [held]);
}

async fn what_is_not_committed_did_not_happen(test: &TestDatabase) {
    let store = store(test, 10).await;
    let mut transaction = store.begin().await.unwrap();
    transaction.save_stock(stock(3, 10)).await.unwrap();
    transaction.save_reservations(&[reservation("a", 7, State::Held)]).await.unwrap();
    assert_eq!(store.available().await.unwrap(), 10, "seen before its commit");
    drop(transaction);
    assert_eq!(store.available().await.unwrap(), 10);
    assert_eq!(known(&store, &["a"]).await, []);
}

/// Read, decide, write: were two to read before either wrote, both would sell the same place.
async fn the_stock_is_one_transactions_at_a_time(test: &TestDatabase) {
    let stores = [store(test, 0).await, store(test, 0).await];
    let mut adding = tokio::task::JoinSet::new();
    for n in 0..20 {
        let store = stores[n % 2].clone();
        adding.spawn(async move {
            let mut transaction = store.begin().await.unwrap();
            let Stock { available, total, .. } = transaction.stock().await.unwrap();
            tokio::task::yield_now().await;
            transaction.save_stock(stock(available + 1, total + 1)).await.unwrap();
            transaction.commit().await.unwrap();
        });
    }
    adding.join_all().await;
    assert_eq!(stores[0].available().await.unwrap(), 20);
}

async fn a_large_batch_is_one_statement_each(test: &TestDatabase) {
    let store = store(test, 10).await;
    let all: Vec<_> = (0..500).map(|n| reservation(&format!("id-{n:03}"), 1, State::Held)).collect();
    let mut transaction = store.begin().await.unwrap();
    transaction.save_reservations(&all).await.unwrap();
    let ids: Vec<_> = all.iter().map(|one| &one.id).collect();
    let mut found = transaction.reservations(&ids).await.unwrap();
    found.sort_by(|one, other| one.id.cmp(&other.id));
    assert_eq!(found, all);
    transaction.commit().await.unwrap();
}

/// The database is the last to say no, whatever the code above it does.
async fn a_stock_that_cannot_be_is_refused(test: &TestDatabase) {
    let store = store(test, 10).await;
    for stock in [stock(-1, 10), stock(11, 10)] {
        let mut transaction = store.begin().await.unwrap();
        let refused = transaction.save_stock(stock).await;
        assert!(matches!(refused, Err(StoreError::Failed(_))), "{refused:?}");
    }
    assert_eq!(store.available().await.unwrap(), 10);
}

async fn what_is_old_is_found_in_order_and_removed(test: &TestDatabase) {
    let store = store(test, 10).await;
    let at = |millisecond| Timestamp::from_millisecond(millisecond).unwrap();
    let chosen = |millisecond: i64, state| {
        let id = format!("{:08x}-{:04x}-7abc-8def-0123456789ab", millisecond >> 16, millisecond & 0xffff);
        reservation(&id, 1, state)
    };
    let (now, hour) = (Timestamp::now().as_millisecond(), 3_600_000);
    let old: Vec<_> = (1..=5).map(|n| chosen(n * hour, State::Held)).collect();
    let young = [chosen(now + hour, State::Held), chosen(now + 2 * hour, State::Refused)];
    let timeless = [reservation("0", 1, State::Held), reservation("zzz", 1, State::Released)];
    let mut transaction = store.begin().await.unwrap();
    transaction.save_reservations(&[&old[..], &young, &timeless].concat()).await.unwrap();
    transaction.save_stock(Stock { available: 1, total: 10, forgotten_before: 7 }).await.unwrap();
    transaction.commit().await.unwrap();

    let mut transaction = store.begin().await.unwrap();
    assert_eq!(transaction.stock().await.unwrap().forgotten_before, 7);
    // All were written after that.
    assert_eq!(transaction.old(at(now - hour), None, 10).await.unwrap(), []);
    let later = at(now + hour);
    assert_eq!(transaction.old(later, None, 2).await.unwrap(), old[..2]);
    assert_eq!(transaction.old(later, Some(&old[1].id), 10).await.unwrap(), old[2..]);
    transaction.remove(&[]).await.unwrap();
    transaction.remove(&[old[0].id.clone(), old[2].id.clone()]).await.unwrap();
    assert_eq!(transaction.old(later, None, 10).await.unwrap(), [&old[1..2], &old[3..]].concat());
    assert_eq!(transaction.old(Timestamp::MAX, None, 10).await.unwrap().len(), 5);
    assert_eq!(transaction.old(Timestamp::MIN, None, 10).await.unwrap(), []);
}
