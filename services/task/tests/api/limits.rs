use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::json;

use crate::support::{ADA, Service};

fn raw(content_type: &str, body: impl Into<Body>) -> Request<Body> {
    let request = Request::post("/tasks").header("x-user-id", ADA.0).header("content-type", content_type);
    request.body(body.into()).unwrap()
}

#[tokio::test]
async fn what_is_not_json_or_too_much_of_it_is_refused() {
    let service = Service::start().await;
    service.send(raw("text/plain", "{}")).await.fails(415, "content_type_unsupported");
    service.send(raw("application/json", "{\"title\":")).await.fails(400, "json_invalid");
    service.send(raw("application/json", vec![0xff, 0xfe])).await.fails(400, "json_invalid");
    // Half of a surrogate pair is no character.
    service.send(raw("application/json", "{\"title\":\"\\ud800\"}")).await.fails(400, "json_invalid");
    let deep = format!("{{\"title\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    service.send(raw("application/json", deep)).await.is(400);
    let large = json!({ "title": "a", "description": "a".repeat(1 << 20) });
    service.send(raw("application/json", large.to_string())).await.fails(413, "body_too_large");
    let nearly = json!({ "title": "a", "description": "a".repeat(1 << 19) });
    service.send(raw("application/json", nearly.to_string())).await.names(&["description"]);
}

#[tokio::test]
async fn other_paths_and_methods_are_problems() {
    let service = Service::start().await;
    service.get(ADA, "/nothing").await.fails(404, "no_route");
    service.get(ADA, "/tasks/a/b").await.fails(404, "no_route");
    for (method, path, allowed) in [
        (Method::PUT, "/tasks", ["GET", "POST"].as_slice()),
        (Method::POST, "/tasks/7", &["GET", "PUT", "DELETE"]),
        (Method::GET, "/tasks/7/complete", &["POST"]),
        (Method::GET, "/categories/7", &["DELETE"]),
    ] {
        let answer = service.send(ADA.request(method, path, None)).await;
        answer.fails(405, "method_not_allowed");
        let allow = answer.header("allow");
        assert!(allowed.iter().all(|method| allow.contains(method)), "{path}: {allow}");
    }
}

#[tokio::test]
async fn an_identity_that_the_gateway_never_writes_is_refused() {
    let service = Service::start().await;
    let request = Request::get("/tasks").header("x-user-id", "7").body(Body::empty()).unwrap();
    service.send(request).await.fails(400, "bad_request");
}

#[tokio::test]
async fn health_tells_of_the_database() {
    let service = Service::start().await;
    let health = service.get(ADA, "/health").await.is(200);
    assert_eq!((health.text("service"), health.text("status")), ("task".into(), "healthy".into()));
    assert_eq!(health.body["checks"]["database"], "healthy");
    for path in ["/ready", "/live", "/metrics"] {
        service.get(ADA, path).await.is(200);
    }
}
