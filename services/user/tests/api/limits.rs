use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use crate::support::{PASSWORD, Service};

fn raw(content_type: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post("/users").header("content-type", content_type).body(body.into()).unwrap()
}

#[tokio::test]
async fn what_is_not_json_or_too_much_of_it_is_refused() {
    let service = Service::start().await;
    service.send(raw("text/plain", "{}")).await.fails(415, "content_type_unsupported");
    service.send(raw("application/json", "")).await.fails(400, "json_invalid");
    service.send(raw("application/json", "{\"email\":")).await.fails(400, "json_invalid");
    service.send(raw("application/json", vec![0xff, 0xfe])).await.fails(400, "json_invalid");
    let deep = format!("{{\"email\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    service.send(raw("application/json", deep)).await.is(400);
    let large = json!({ "email": "a@b.example", "password": PASSWORD, "name": "a".repeat(1 << 20) });
    service.send(raw("application/json", large.to_string())).await.fails(413, "body_too_large");
    let nearly = json!({ "email": "a@b.example", "password": PASSWORD, "name": "a".repeat(1 << 19) });
    service.send(raw("application/json", nearly.to_string())).await.fails(400, "validation_failed");
}

#[tokio::test]
async fn other_paths_and_methods_are_problems() {
    let service = Service::start().await;
    service.get("/nothing").await.fails(404, "no_route");
    service.get("/users/a/b").await.fails(404, "no_route");
    let answer = service.send(Request::delete("/users").body(Body::empty()).unwrap()).await;
    answer.fails(405, "method_not_allowed");
    let allow = answer.headers["allow"].to_str().unwrap();
    assert!(allow.contains("GET") && allow.contains("POST"), "{allow}");
}

#[tokio::test]
async fn health_tells_of_the_database() {
    let service = Service::start().await;
    let health = service.get("/health").await.is(200);
    assert_eq!(health.body["status"], "healthy");
    assert_eq!(health.body["checks"]["database"], "healthy");
    service.get("/ready").await.is(200);
    service.get("/live").await.is(200);
    service.get("/metrics").await.is(200);
}
