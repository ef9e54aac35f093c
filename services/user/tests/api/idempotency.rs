use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{PASSWORD, Service, keyed, post, send};

fn ada() -> Value {
    json!({ "email": "ada@example.com", "password": PASSWORD, "name": "Ada" })
}

/// How many users there are beside the administrator.
async fn users(service: &Service) -> usize {
    let admin = service.admin_token().await;
    let page = service.get_as("/users?limit=100", &admin).await.is(200);
    page.body["items"].as_array().unwrap().len() - 1
}

#[tokio::test]
async fn a_registration_sent_again_is_answered_again_after_a_restart_too() {
    let service = Service::start().await;
    let first = service.send(keyed(post("/users", &ada()), "k")).await.is(201);
    assert_eq!(first.header("location"), format!("/users/{}", first.text("id")));
    assert_eq!(first.header("etag"), "\"1\"");
    service.send(keyed(post("/users", &ada()), "k")).await.replays(&first);
    let service = service.restart().await;
    service.send(keyed(post("/users", &ada()), "k")).await.replays(&first);
    assert_eq!(users(&service).await, 1);
    let stored = service.stored();
    let holds = |text: &str| stored.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds("ada@example.com") && !holds(PASSWORD));
    // Without the key, or under another, it is what it always was.
    service.post("/users", ada()).await.fails(409, "email_taken");
    service.send(keyed(post("/users", &ada()), "l")).await.fails(409, "email_taken");
}

#[tokio::test]
async fn of_many_sent_at_once_under_one_key_all_get_one_answer() {
    for service in Service::on_each().await {
        let second = service.second_instance().await;
        let mut racers = JoinSet::new();
        for at in 0..16 {
            let router = if at % 2 == 0 { service.router() } else { second.router() };
            racers.spawn(send(router, keyed(post("/users", &ada()), "k")));
        }
        let answers = racers.join_all().await;
        for answer in &answers {
            assert_eq!((answer.status.as_u16(), &answer.body), (201, &answers[0].body));
        }
        let replayed = answers.iter().filter(|answer| answer.headers.contains_key("idempotency-replayed"));
        assert_eq!(replayed.count(), 15);
        assert_eq!(users(&service).await, 1);
        second.stop().await;
    }
}

#[tokio::test]
async fn a_key_is_of_one_newcomer_and_one_body() {
    let service = Service::start().await;
    let first = service.send(keyed(post("/users", &ada()), "k")).await.is(201);
    let mut renamed = ada();
    renamed["name"] = "Eve".into();
    service.send(keyed(post("/users", &renamed), "k")).await.fails(422, "idempotency_key_reused");
    let mut guessed = ada();
    guessed["password"] = "wrong horse battery".into();
    service.send(keyed(post("/users", &guessed), "k")).await.fails(422, "idempotency_key_reused");
    let bob = json!({ "email": "bob@example.com", "password": PASSWORD, "name": "Bob" });
    let other = service.send(keyed(post("/users", &bob), "k")).await.is(201);
    assert_ne!(other.text("id"), first.text("id"), "another's answer");
    service.send(keyed(post("/users", &bob), "a key")).await.fails(400, "bad_request");
}

#[tokio::test]
async fn what_failed_is_not_remembered() {
    let service = Service::start().await;
    service.register("ada@example.com").await;
    service.send(keyed(post("/users", &ada()), "k")).await.fails(409, "email_taken");
    let free = json!({ "email": "ada@example.com", "name": "" });
    service.send(keyed(post("/users", &free), "k")).await.fails(400, "validation_failed");
    // The address is free again, and the same request, tried again, succeeds.
    let token = service.token("ada@example.com").await;
    let admin = service.admin_token().await;
    let id = service.verify(&token).await.is(200).text("sub");
    let moved = json!({ "email": "ada@example.org", "name": "Ada" });
    service.put_as(&format!("/users/{id}"), &admin, moved).await.is(200);
    service.send(keyed(post("/users", &ada()), "k")).await.is(201);
}
