use axum::http::Method;
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{ADA, Answer, EVE, Service, send};

async fn matching(service: &Service, method: Method, path: &str, tag: &str) -> Answer {
    let body = json!({ "title": format!("after {tag}") });
    let mut request = ADA.request(method, path, Some(&body));
    request.headers_mut().insert("if-match", tag.parse().unwrap());
    service.send(request).await
}

#[tokio::test]
async fn a_change_of_what_has_changed_meanwhile_is_refused() {
    let service = Service::start().await;
    let path = service.task(ADA, "a").await;
    let one = service.get(ADA, &path).await.header("etag");
    let two = matching(&service, Method::PUT, &path, &one).await.is(200).header("etag");
    assert_ne!(one, two);
    matching(&service, Method::PUT, &path, &one).await.fails(412, "precondition_failed");
    matching(&service, Method::DELETE, &path, &one).await.fails(412, "precondition_failed");
    // Completing is a change too.
    let three = service.complete(ADA, &path).await.is(200).header("etag");
    matching(&service, Method::PUT, &path, &two).await.fails(412, "precondition_failed");
    assert_eq!(service.get(ADA, &path).await.header("etag"), three);
    // Without the field the last one wins; `*` takes whatever is there.
    service.put(ADA, &path, json!({ "title": "b" })).await.is(200);
    let last = matching(&service, Method::PUT, &path, "*").await.is(200).header("etag");
    for bad in ["1", "\"1", "soon"] {
        matching(&service, Method::PUT, &path, bad).await.fails(400, "bad_request");
        matching(&service, Method::DELETE, &path, bad).await.fails(400, "bad_request");
    }
    matching(&service, Method::DELETE, &path, &format!("\"77\", {last}")).await.is(204);
}

#[tokio::test]
async fn of_many_that_write_the_same_version_one_does() {
    let service = Service::start().await;
    let path = service.task(ADA, "a").await;
    let mut writers = JoinSet::new();
    for n in 0..12 {
        let body = json!({ "title": format!("by {n}") });
        let mut request = ADA.request(Method::PUT, &path, Some(&body));
        request.headers_mut().insert("if-match", "\"1\"".parse().unwrap());
        writers.spawn(send(service.router(), request));
    }
    let answers = writers.join_all().await;
    let (done, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!((done.len(), refused.len()), (1, 11));
    refused.iter().for_each(|answer| answer.fails(412, "precondition_failed"));
    assert_eq!(service.get(ADA, &path).await.body, done[0].body);
}

#[tokio::test]
async fn what_changes_nothing_leaves_the_version() {
    let service = Service::start().await;
    let body = json!({ "title": "a", "description": "b" });
    let made = service.post(ADA, "/tasks", body.clone()).await.is(201);
    service.clock.advance(60);
    let same = service.put(ADA, &made.header("location"), body).await.is(200);
    assert_eq!((same.header("etag"), &same.body), (made.header("etag"), &made.body));
    service.put(EVE, &made.header("location"), json!({ "title": "a" })).await.fails(404, "task_not_found");
}
