use std::collections::HashMap;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tokio::task::JoinSet;
use vacancy::domain::{Quantity, ReservationId, Verdict};

use crate::support::{Outcome, Service};

fn id(text: &str) -> ReservationId {
    ReservationId::parse(text.to_owned()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_at_once_share_a_hundred_places() {
    let service = Service::start(100).await;
    let mut buyers = JoinSet::new();
    for n in 0..200 {
        let application = service.application.clone();
        let reserve = async move { application.reserve(id(&n.to_string()), Quantity::parse(1).unwrap()).await };
        buyers.spawn(reserve);
    }
    let outcomes: Vec<_> = buyers.join_all().await.into_iter().map(Result::unwrap).collect();
    let mut left: Vec<_> =
        outcomes.iter().filter(|one| one.verdict == Verdict::Reserved).map(|one| one.remaining).collect();
    left.sort_unstable();
    assert_eq!(left, (0..100).collect::<Vec<_>>(), "each has a place of its own");
    assert!(outcomes.iter().filter(|one| one.verdict != Verdict::Reserved).all(|one| one.remaining == 0));
    assert_eq!(service.available().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_id_at_once_is_one_reservation() {
    let service = Service::start(10).await;
    let other = service.second_instance().await;
    let mut asking = JoinSet::new();
    for n in 0..40 {
        let application = if n % 2 == 0 { &service } else { &other }.application.clone();
        asking.spawn(async move { application.reserve(id("a"), Quantity::parse(3).unwrap()).await.unwrap() });
    }
    assert!(asking.join_all().await.iter().all(|one| (one.verdict, one.remaining) == (Verdict::Reserved, 7)));
    service.restock(1).await.came_to(true, 8);
}

#[derive(Debug, Clone)]
enum Command {
    Reserve(u8, i64),
    Release(u8),
    Restock(i64),
}

fn commands() -> impl Strategy<Value = Vec<Command>> {
    let one = prop_oneof![
        4 => (0..40_u8, 1..8_i64).prop_map(|(id, qty)| Command::Reserve(id, qty)),
        2 => (0..40_u8).prop_map(Command::Release),
        1 => (1..5_i64).prop_map(Command::Restock),
    ];
    proptest::collection::vec(one, 1..120)
}

/// Any commands, all at once, on a real file: what is left and what is held are always the whole.
#[test]
fn nothing_is_lost_or_made_up_whatever_comes_at_once() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    let mut runner = TestRunner::new(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(12) });
    runner
        .run(&(0..60_i64, commands()), |(initial, commands)| {
            runtime.block_on(all_at_once(initial, commands));
            Ok(())
        })
        .unwrap();
}

async fn all_at_once(initial: i64, commands: Vec<Command>) {
    let service = Service::start(initial).await;
    let mut total = initial;
    let mut running = JoinSet::new();
    for command in commands {
        let application = service.application.clone();
        if let Command::Restock(qty) = command {
            total += qty;
        }
        running.spawn(async move {
            match command {
                Command::Reserve(n, qty) => {
                    let asked = application.reserve(id(&n.to_string()), Quantity::parse(qty).unwrap()).await;
                    let held = asked.is_ok_and(|outcome| outcome.verdict == Verdict::Reserved);
                    held.then_some((n, Some(qty)))
                }
                Command::Release(n) => {
                    application.release(id(&n.to_string())).await.unwrap();
                    Some((n, None))
                }
                Command::Restock(qty) => {
                    let once = kit::idempotency::Once::unkeyed(|_| unreachable!("without a key nothing is kept"));
                    application.restock(Quantity::parse(qty).unwrap(), once).await.unwrap();
                    None
                }
            }
        });
    }
    let mut held: HashMap<u8, i64> = HashMap::new();
    let done = running.join_all().await;
    for (n, qty) in done.iter().flatten() {
        if let Some(qty) = qty {
            held.insert(*n, *qty);
        }
    }
    // A released id holds nothing, whichever came first.
    for (n, _) in done.iter().flatten().filter(|(_, qty)| qty.is_none()) {
        held.remove(n);
    }
    assert_eq!(service.available().await + held.values().sum::<i64>(), total);
}
