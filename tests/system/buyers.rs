//! 200 buyers for 100 places: exactly 100 get one, however fast they come.
use std::{collections::BTreeSet, thread};

use serde_json::json;

use crate::{
    api::{Caller, text},
    support::{Mode, System},
};

#[test]
fn a_hundred_places_are_sold_once_each_in_the_monolith() {
    sell_out(Mode::Monolith);
}

#[test]
fn a_hundred_places_are_sold_once_each_in_microservices() {
    sell_out(Mode::Microservices);
}

fn sell_out(mode: Mode) {
    let system = System::start(mode, &[("INITIAL_STOCK", "100")]);
    // A password's hash takes long on purpose: some share an account.
    let callers: Vec<Caller> = (0..4).map(|n| system.newcomer(&format!("buyer{n}"))).collect();
    let outcomes: Vec<(Option<String>, i64)> = thread::scope(|scope| {
        let buyers: Vec<_> = (0..200)
            .map(|n| {
                scope.spawn({
                    let caller = &callers[n % callers.len()];
                    move || buy(caller)
                })
            })
            .collect();
        buyers.into_iter().map(|buyer| buyer.join().expect("a buyer gets an answer")).collect()
    });
    let sold: Vec<_> = outcomes.iter().filter_map(|(ticket, left)| Some((ticket.as_ref()?, *left))).collect();
    assert_eq!(sold.len(), 100);
    let tickets: BTreeSet<_> = sold.iter().map(|(ticket, _)| ticket).collect();
    assert_eq!(tickets.len(), 100, "each is another ticket");
    let left: BTreeSet<_> = sold.iter().map(|(_, left)| *left).collect();
    assert_eq!(left, (0..100).collect(), "what was left is told as it was after each");
    assert!(outcomes.iter().all(|(ticket, left)| ticket.is_some() || *left == 0), "the others find nothing");
    assert_eq!(callers[0].get("/api/v1/available").json(), json!({ "qty": 0 }));
}

/// The ticket, if there was a place, and how many were left.
fn buy(caller: &Caller) -> (Option<String>, i64) {
    let answer = caller.post("/api/v1/purchase", &json!({ "qty": 1 }));
    assert_eq!(answer.status(), 200, "{}", answer.text());
    let answer = answer.json();
    let ticket = answer["success"].as_bool().expect("success").then(|| text(&answer, "ticket_id"));
    (ticket, answer["remaining"].as_i64().expect("remaining"))
}
