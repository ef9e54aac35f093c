use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{ADA, Caller, EVE, Service, send};

fn keyed(caller: Caller, path: &str, key: &str, body: &Value) -> Request<Body> {
    let mut request = caller.request(Method::POST, path, Some(body));
    request.headers_mut().insert("idempotency-key", key.parse().unwrap());
    request
}

async fn count(service: &Service, caller: Caller, path: &str) -> usize {
    service.get(caller, path).await.is(200).items().len()
}

#[tokio::test]
async fn the_same_request_sent_again_makes_nothing_new_also_after_a_restart() {
    for (path, body, other) in [
        ("/tasks", json!({ "title": "a" }), json!({ "title": "b" })),
        ("/categories", json!({ "name": "a" }), json!({ "name": "b" })),
    ] {
        let service = Service::start().await;
        let first = service.send(keyed(ADA, path, "k", &body)).await.is(201);
        assert_eq!(first.header("location"), format!("{path}/{}", first.text("id")));
        assert_eq!(first.headers.contains_key("etag"), path == "/tasks");
        service.send(keyed(ADA, path, "k", &body)).await.replays(&first);
        let service = service.restart().await;
        service.send(keyed(ADA, path, "k", &body)).await.replays(&first);
        assert_eq!(count(&service, ADA, path).await, 1);
        service.send(keyed(ADA, path, "k", &other)).await.fails(422, "idempotency_key_reused");
        // Another key, and another's key, is another request.
        service.send(keyed(ADA, path, "l", &other)).await.is(201);
        assert_ne!(service.send(keyed(EVE, path, "k", &body)).await.is(201).body["id"], first.body["id"]);
        assert_eq!((count(&service, ADA, path).await, count(&service, EVE, path).await), (2, 1));
    }
}

#[tokio::test]
async fn many_of_the_same_request_at_once_make_one_task() {
    let (service, mut events) = Service::with_events().await;
    let mut racers = JoinSet::new();
    for _ in 0..16 {
        racers.spawn(send(service.router(), keyed(ADA, "/tasks", "k", &json!({ "title": "a" }))));
    }
    let answers = racers.join_all().await;
    assert!(answers.iter().all(|answer| answer.status == 201 && answer.body == answers[0].body), "{answers:?}");
    let replayed = answers.iter().filter(|answer| answer.headers.contains_key("idempotency-replayed")).count();
    assert_eq!(replayed, 15);
    assert_eq!(count(&service, ADA, "/tasks").await, 1);
    service.task(ADA, "last").await;
    assert_eq!(events.up_to("last").await.len(), 2);
}

#[tokio::test]
async fn a_request_that_failed_keeps_no_key() {
    let service = Service::start().await;
    service.category(ADA, "Home").await;
    let request = || keyed(ADA, "/categories", "k", &json!({ "name": "Home" }));
    service.send(request()).await.fails(409, "category_name_taken");
    let home = service.get(ADA, "/categories").await.items()[0]["id"].clone();
    service.delete(ADA, &format!("/categories/{}", home.as_str().unwrap())).await.is(204);
    service.send(request()).await.is(201);
    service.send(keyed(ADA, "/tasks", " ", &json!({ "title": "a" }))).await.fails(400, "bad_request");
}
