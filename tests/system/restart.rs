//! The monolith's end and new start: the bus is in memory, and no event is lost with it.
use e2e::eventually;
use serde_json::json;

use crate::{
    api::Caller,
    support::{Mode, System},
};

/// Every caller is told once of everything that it did.
fn each_is_told(callers: &[Caller]) {
    for caller in callers {
        let name = caller.email.split('@').next().expect("an address");
        let told = [format!("Task completed: of {name}"), format!("Welcome, {name}")];
        let told = told.map(|subject| (subject, "sent".to_owned()));
        eventually("both notifications, once each", || (caller.notifications() == told).then_some(()));
    }
}

fn act(system: &System, name: &str) -> Caller {
    let caller = system.newcomer(name);
    let task = caller.post("/tasks", &json!({ "title": format!("of {name}") })).json();
    let path = format!("/tasks/{}/complete", task["id"].as_str().expect("an id"));
    assert_eq!(caller.post(&path, &json!({})).status(), 200);
    caller
}

#[test]
fn a_kill_right_after_the_answer_loses_no_event() {
    let mut system = System::start(Mode::Monolith, &[]);
    let mut callers = Vec::new();
    for round in 0..3 {
        callers.push(act(&system, &format!("a{round}")));
        system.crash("user");
    }
    each_is_told(&callers);
}

#[test]
fn an_end_in_order_loses_no_event_and_is_exit_0() {
    let mut system = System::start(Mode::Monolith, &[]);
    let mut callers = vec![act(&system, "ada")];
    assert_eq!(system.stop(), Some(0));
    system.start_again();
    callers.push(act(&system, "bob"));
    each_is_told(&callers);
    assert_eq!(system.stop(), Some(0));
}
