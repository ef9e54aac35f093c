use axum::http::Method;
use tokio::task::JoinSet;

use crate::support::{Service, content};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_key_makes_one_notification_however_often_it_is_sent() {
    let service = Service::with(&[]).await;
    let ada = service.caller();
    let mut attempts = JoinSet::new();
    for _ in 0..16 {
        let caller = service.caller_with(ada.id);
        attempts.spawn(async move {
            caller.send(Method::POST, "/notifications", Some(&content("log", "Ada")), Some("k")).await.is(201)
        });
    }
    let answers = attempts.join_all().await;
    assert!(answers.iter().all(|answer| answer.body == answers[0].body));
    assert!(answers.iter().all(|answer| answer.headers["location"] == answers[0].headers["location"]));
    let replayed = answers.iter().filter(|answer| answer.headers.contains_key("idempotency-replayed")).count();
    assert_eq!(replayed, 15);
    assert_eq!(ada.list().await.len(), 1);
    // The answer is the first one even when the notification has gone on since.
    ada.becomes(answers[0].headers["location"].to_str().unwrap(), "sent").await;
    let late = ada.send(Method::POST, "/notifications", Some(&content("log", "Ada")), Some("k")).await.is(201);
    assert_eq!(late.text("status"), "pending");

    let other = content("log", "Eve");
    ada.send(Method::POST, "/notifications", Some(&other), Some("k")).await.fails(422, "idempotency_key_reused");
    let eve = service.caller();
    eve.send(Method::POST, "/notifications", Some(&other), Some("k")).await.is(201);
    ada.send(Method::POST, "/notifications", Some(&other), Some("a b")).await.fails(400, "bad_request");
    assert_eq!((ada.list().await.len(), eve.list().await.len()), (1, 1));
}

#[tokio::test]
async fn what_is_refused_leaves_its_key_free() {
    let service = Service::with(&[]).await;
    let ada = service.caller();
    let refused = content("email", "ada@example.com");
    ada.send(Method::POST, "/notifications", Some(&refused), Some("k")).await.fails(400, "channel_unavailable");
    ada.send(Method::POST, "/notifications", Some(&content("log", "Ada")), Some("k")).await.is(201);
}
