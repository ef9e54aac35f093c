//! A newcomer's story, told once and run in both modes.
use e2e::eventually;
use serde_json::json;

use crate::{
    api::{Caller, get, post, text},
    refund::refund,
    support::{Mode, RealParts, System},
};

const STOCK: &[(&str, &str)] = &[("INITIAL_STOCK", "3")];

#[test]
fn the_story_in_the_monolith() {
    own_parts(Mode::Monolith);
}

#[test]
fn the_story_in_microservices() {
    own_parts(Mode::Microservices);
}

/// The story on the parts that the system brings itself, with the refund of what is left at its end.
fn own_parts(mode: Mode) {
    let mut system = System::start(mode, STOCK);
    let bob = story(&system);
    refund(&mut system, &bob);
    no_secret_is_said(&system, &bob);
}

/// On PostgreSQL and Apache Kafka: a database for each service, and the topics as they are called. Fails where
/// `REQUIRE_REAL_PARTS` is set and a part is missing.
#[test]
fn the_story_on_real_parts() {
    let Some(parts) = RealParts::named() else { return };
    let settings = parts.settings();
    let settings: Vec<_> = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let system = System::start(Mode::Microservices, &[STOCK, &settings].concat());
    let bob = story(&system);
    no_secret_is_said(&system, &bob);
    assert!(!system.data().exists(), "a service has an SQLite file all the same");
}

/// Told by all that they do; leaves one place, and Bob, who has done nothing yet.
fn story(system: &System) -> Caller {
    let health = get(system.gateway, "/health").json();
    assert_eq!(health["mode"], system.mode());
    for service in ["user", "task", "notification", "vacancy", "ticket"] {
        assert_eq!(health["services"][service], "healthy");
    }
    assert_eq!(get(system.gateway, "/tasks").status(), 401, "nobody is no caller");

    // Ada registers, logs in, and does a thing.
    let ada = system.newcomer("ada");
    assert_eq!(ada.get(&format!("/users/{}", ada.id)).json()["email"], ada.email);
    let created = ada.post("/tasks", &json!({ "title": "Write a program" }));
    assert_eq!(created.status(), 201, "{}", created.text());
    let task = format!("/tasks/{}", text(&created.json(), "id"));
    let done = ada.post(&format!("{task}/complete"), &json!({}));
    assert_eq!((done.status(), &done.json()["completed"]), (200, &json!(true)));
    let again = ada.post(&format!("{task}/complete"), &json!({}));
    assert_eq!(again.json(), done.json(), "completed twice is completed once");

    // She is told of both, once each.
    let told = [("Task completed: Write a program", "sent"), ("Welcome, ada", "sent")];
    eventually("both notifications", || (ada.notifications() == owned(&told)).then_some(()));

    // The administrator restocks; nobody else may.
    let two = json!({ "qty": 2 });
    let refused = ada.post("/api/v1/restock", &two);
    assert_eq!((refused.status(), &refused.json()["code"]), (403, &json!("scope_missing")));
    let restocked = system.admin().post("/api/v1/restock", &two);
    assert_eq!((restocked.status(), &restocked.json()["remaining"]), (200, &json!(5)));

    // Ada buys, and asking again with the same key buys nothing more.
    let qty = json!({ "qty": 4 });
    let bought = ada.post_keyed("/api/v1/purchase", &qty, Some("k1"));
    assert_eq!(bought.status(), 200, "{}", bought.text());
    assert_eq!((&bought.json()["success"], &bought.json()["remaining"]), (&json!(true), &json!(1)));
    assert_eq!(ada.post_keyed("/api/v1/purchase", &qty, Some("k1")).json(), bought.json());
    let ticket = format!("/api/v1/tickets/{}", text(&bought.json(), "ticket_id"));
    let held = ada.get(&ticket).json();
    assert_eq!((&held["qty"], &held["status"]), (&json!(4), &json!("confirmed")));
    let refused = ada.post("/api/v1/purchase", &qty);
    assert_eq!((refused.status(), &refused.json()["success"]), (200, &json!(false)), "there are too few");
    assert_eq!(ada.get("/api/v1/available").json(), json!({ "qty": 1 }));
    let told = [told[0], told[1], ("Your ticket for 4 places", "sent")];
    eventually("all three notifications", || (ada.notifications() == owned(&told)).then_some(()));

    // What is hers is not there for Bob.
    let bob = system.newcomer("bob");
    for path in [&task, &ticket] {
        assert_eq!((bob.get(path).status(), ada.get(path).status()), (404, 200), "{path}");
    }
    eventually("his welcome", || (bob.notifications() == owned(&[("Welcome, bob", "sent")])).then_some(()));

    // What only services ask of one another has no route.
    for path in ["/api/v1/reserve", "/api/v1/release"] {
        let refused = ada.post(path, &json!({ "qty": 1, "reservation_id": "x" }));
        assert_eq!((refused.status(), &refused.json()["code"]), (404, &json!("no_route")), "{path}");
    }

    // A refresh token that is used twice takes its whole family with it.
    let refresh = |token: &str| post(system.gateway, "/auth/refresh", &json!({ "refresh_token": token }));
    let renewed = refresh(&ada.refresh);
    assert_eq!(renewed.status(), 200, "{}", renewed.text());
    assert_eq!(refresh(&ada.refresh).status(), 401, "the old one");
    assert_eq!(refresh(&text(&renewed.json(), "refresh_token")).status(), 401, "and the new one with it");
    assert_eq!(refresh(&bob.refresh).status(), 200, "Bob has nothing to do with it");

    no_secret_is_said(system, &ada);
    bob
}

fn no_secret_is_said(system: &System, caller: &Caller) {
    let said = system.said();
    for secret in ["a-secret-of-the-system-tests", "correct horse", "the keys to it all", caller.access.as_str()] {
        assert!(!said.contains(secret), "{secret} is in the logs");
    }
}

fn owned(told: &[(&str, &str)]) -> Vec<(String, String)> {
    told.iter().map(|&(subject, status)| (subject.to_owned(), status.to_owned())).collect()
}
