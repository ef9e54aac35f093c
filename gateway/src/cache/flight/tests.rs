use super::*;

const PATIENCE: Duration = Duration::from_mins(1);

fn key() -> Key {
    b"/a"[..].into()
}

/// Somebody who waits, and says in what order.
fn waiting(store: &Arc<Store>) -> tokio::task::JoinHandle<Result<Option<Leader>, Late>> {
    let store = Arc::clone(store);
    tokio::spawn(async move { store.lead(&key(), 1, 0, PATIENCE).await })
}

async fn settle() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn one_fetches_and_the_others_wait() {
    let store = Store::new(1 << 20);
    let leader = store.lead(&key(), 1, 0, PATIENCE).await.unwrap().unwrap();
    assert!(store.try_lead(&key(), 1, 0).is_none());
    assert!(store.try_lead(&key(), 2, 0).is_some(), "another route's");
    let others = [waiting(&store), waiting(&store)];
    settle().await;
    assert!(others.iter().all(|other| !other.is_finished()));
    leader.finish();
    for other in others {
        assert!(other.await.unwrap().unwrap().is_none());
    }
    assert!(store.try_lead(&key(), 1, 0).is_some(), "the next one is another flight");
    store.pass(&key(), 0);
    assert!(store.try_lead(&key(), 1, 9).is_none() && store.try_lead(&key(), 1, 10).is_some());
}

#[tokio::test(start_paused = true)]
async fn one_takes_the_place_of_a_leader_that_brings_nothing() {
    let store = Store::new(1 << 20);
    let leader = store.lead(&key(), 1, 0, PATIENCE).await.unwrap().unwrap();
    let first = waiting(&store);
    settle().await;
    let second = waiting(&store);
    settle().await;
    drop(leader);
    let leader = first.await.unwrap().unwrap().expect("it leads");
    settle().await;
    assert!(!second.is_finished(), "one at a time");
    leader.finish();
    assert!(second.await.unwrap().unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn patience_ends() {
    let store = Store::new(1 << 20);
    let leader = store.lead(&key(), 1, 0, PATIENCE).await.unwrap().unwrap();
    let begun = Instant::now();
    assert!(waiting(&store).await.unwrap().is_err());
    assert_eq!(begun.elapsed(), PATIENCE);
    leader.has_read();
    leader.waits();
    assert!(waiting(&store).await.unwrap().unwrap().is_none(), "an answer comes, but slowly: it asks for itself");
}

#[tokio::test(start_paused = true)]
async fn a_leader_whose_client_does_not_read_is_left_behind() {
    let store = Store::new(1 << 20);
    let slow = store.lead(&key(), 1, 0, PATIENCE).await.unwrap().unwrap();
    let (begun, first) = (Instant::now(), waiting(&store));
    settle().await;
    let second = waiting(&store);
    slow.has_read();
    let next = first.await.unwrap().unwrap().expect("it leads");
    assert!(begun.elapsed() < HELD_UP + 2 * LOOK);
    settle().await;
    assert!(!second.is_finished(), "one by one");
    next.has_read();
    drop(slow);
    let third = second.await.unwrap().unwrap().expect("it leads");
    assert!(begun.elapsed() < HELD_UP + 4 * LOOK);
    drop((next, third));
    assert!(store.try_lead(&key(), 1, 0).is_some());
}

/// A service that takes its time is nobody's fault.
#[tokio::test(start_paused = true)]
async fn a_leader_that_waits_is_waited_for() {
    let store = Store::new(1 << 20);
    let leader = store.lead(&key(), 1, 0, PATIENCE).await.unwrap().unwrap();
    let other = waiting(&store);
    for _ in 0..40 {
        leader.has_read();
        leader.waits();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert!(!other.is_finished());
}
