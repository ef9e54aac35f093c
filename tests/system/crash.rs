//! kill -9 of ticket and of vacancy while they sell: what buyers ask again with their keys is sold once.
use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use e2e::eventually;
use serde_json::json;

use crate::{
    api::Caller,
    support::{Mode, System},
};

const BUYERS: usize = 60;
const PLACES: usize = 30;

#[test]
fn a_crash_in_the_middle_sells_nothing_twice_in_the_monolith() {
    sell_through_crashes(Mode::Monolith);
}

#[test]
fn a_crash_in_the_middle_sells_nothing_twice_in_microservices() {
    sell_through_crashes(Mode::Microservices);
}

fn sell_through_crashes(mode: Mode) {
    let mut system = System::start(mode, &[("INITIAL_STOCK", &PLACES.to_string())]);
    let caller = system.newcomer("ada");
    let answered = AtomicUsize::new(0);
    let outcomes: Vec<Option<String>> = thread::scope(|scope| {
        let (caller, answered) = (&caller, &answered);
        let buyer = move |n| {
            let outcome = buy(caller, &format!("key-{n}"));
            answered.fetch_add(1, Ordering::Relaxed);
            outcome
        };
        // A few at a time, so that some are under way whenever a process is killed.
        let lanes: Vec<_> =
            (0..6).map(|lane| scope.spawn(move || (lane..BUYERS).step_by(6).map(buyer).collect::<Vec<_>>())).collect();
        for (after, service) in [(10, "ticket"), (20, "vacancy")] {
            eventually("purchases", || (answered.load(Ordering::Relaxed) >= after).then_some(()));
            system.crash(service);
        }
        lanes.into_iter().flat_map(|lane| lane.join().expect("a buyer gets an answer")).collect()
    });
    let tickets: BTreeSet<_> = outcomes.iter().flatten().collect();
    assert_eq!((outcomes.iter().flatten().count(), tickets.len()), (PLACES, PLACES));
    for ticket in tickets {
        assert_eq!(caller.get(&format!("/api/v1/tickets/{ticket}")).json()["status"], "confirmed");
    }
    eventually("no place is left over", || {
        (caller.get("/api/v1/available").json() == json!({ "qty": 0 })).then_some(())
    });
}

/// Asks again, with the same key, until there is an answer that stays: the ticket, if there was a place.
fn buy(caller: &Caller, key: &str) -> Option<String> {
    eventually("an answer that stays", || {
        let answer = caller.try_post("/api/v1/purchase", &json!({ "qty": 1 }), Some(key))?;
        // 409: the first one with this key still runs.
        let stays = !matches!(answer.status(), 409 | 500..);
        assert!(!stays || answer.status() == 200, "{}", answer.text());
        stays.then(|| answer.json())
    })
    .as_object()
    .filter(|answer| answer["success"] == true)
    .map(|answer| answer["ticket_id"].as_str().expect("a ticket").to_owned())
}
