use axum::http::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{ADA, EVE, Service, send};

#[tokio::test]
async fn a_task_tells_its_story_in_order() {
    let (service, mut events) = Service::with_events().await;
    let path = service.task(ADA, "a").await;
    let id = path.trim_start_matches("/tasks/");
    service.put(ADA, &path, json!({ "title": "b" })).await.is(200);
    service.complete(ADA, &path).await.is(200);
    service.delete(ADA, &path).await.is(204);
    service.task(ADA, "last").await;
    let told = events.up_to("last").await;
    let types: Vec<&str> = told.iter().map(|event| event.event_type.as_str()).collect();
    assert_eq!(types, ["TaskCreated", "TaskUpdated", "TaskCompleted", "TaskCreated"]);
    for (event, title) in told.iter().zip(["a", "b", "b"]) {
        assert_eq!(event.data, json!({ "task_id": id, "owner_id": ADA.0, "title": title }));
        assert_eq!((event.aggregate_id.as_str(), event.version), (id, 1));
    }
}

#[tokio::test]
async fn completing_is_told_once_with_the_id_and_the_trace_of_the_request() {
    let (service, mut events) = Service::with_events().await;
    let path = service.task(ADA, "a").await;
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    for id in ["first-request", "second-request"] {
        let mut request = ADA.request(Method::POST, &format!("{path}/complete"), None);
        request.headers_mut().insert("x-request-id", id.parse().unwrap());
        request.headers_mut().insert("traceparent", trace.parse().unwrap());
        service.send(request).await.is(200);
    }
    service.task(ADA, "last").await;
    let deliveries = events.deliveries_up_to("last").await;
    let completed: Vec<_> = deliveries
        .iter()
        .map(|delivery| (serde_json::from_slice::<Value>(&delivery.message.value).unwrap(), &delivery.message))
        .filter(|(event, _)| event["event_type"] == "TaskCompleted")
        .collect();
    assert_eq!(completed.len(), 1, "{completed:?}");
    let (event, message) = &completed[0];
    assert_eq!(event["correlation_id"], "first-request");
    assert_eq!(message.headers["traceparent"], trace);
    assert_eq!(message.key, path.trim_start_matches("/tasks/"));
}

#[tokio::test]
async fn many_that_complete_at_once_are_told_once() {
    let (service, mut events) = Service::with_events().await;
    let path = service.task(ADA, "a").await;
    let mut racers = JoinSet::new();
    for _ in 0..16 {
        racers.spawn(send(service.router(), ADA.request(Method::POST, &format!("{path}/complete"), None)));
    }
    let answers = racers.join_all().await;
    assert!(answers.iter().all(|answer| answer.status == 200 && answer.body == answers[0].body), "{answers:?}");
    service.task(ADA, "last").await;
    let told = events.up_to("last").await;
    assert_eq!(told.iter().filter(|event| event.event_type == "TaskCompleted").count(), 1);
}

#[tokio::test]
async fn what_changes_nothing_is_not_told() {
    let (service, mut events) = Service::with_events().await;
    let path = service.task(ADA, "a").await;
    service.put(ADA, &path, json!({ "title": "a" })).await.is(200);
    service.put(ADA, &path, json!({ "title": "" })).await.is(400);
    service.put(EVE, &path, json!({ "title": "mine" })).await.is(404);
    service.complete(EVE, &path).await.is(404);
    let mut stale = ADA.request(Method::PUT, &path, Some(&json!({ "title": "b" })));
    stale.headers_mut().insert("if-match", "\"9\"".parse().unwrap());
    service.send(stale).await.is(412);
    service.post(ADA, "/tasks", json!({ "title": "b", "category_id": ADA.0 })).await.is(400);
    service.category(ADA, "Home").await;
    service.task(ADA, "last").await;
    let told = events.up_to("last").await;
    let titles: Vec<_> = told.iter().map(|event| (event.event_type.as_str(), event.data["title"].as_str())).collect();
    assert_eq!(titles, [("TaskCreated", Some("a")), ("TaskCreated", Some("last"))]);
}

#[tokio::test]
async fn a_deleted_category_is_told_for_each_of_its_tasks() {
    let (service, mut events) = Service::with_events().await;
    let home = service.category(ADA, "Home").await;
    for title in ["a", "b"] {
        service.post(ADA, "/tasks", json!({ "title": title, "category_id": home })).await.is(201);
    }
    service.task(ADA, "outside").await;
    service.delete(ADA, &format!("/categories/{home}")).await.is(204);
    service.task(ADA, "last").await;
    let told = events.up_to("last").await;
    let mut updated: Vec<_> =
        told.iter().filter(|event| event.event_type == "TaskUpdated").map(|event| &event.data["title"]).collect();
    updated.sort_by_key(ToString::to_string);
    assert_eq!(updated, ["a", "b"]);
}
