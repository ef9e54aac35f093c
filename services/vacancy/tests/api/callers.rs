use axum::body::Body;
use axum::http::Request;
use kit::identity::Trust;
use serde_json::json;

use crate::support::{Outcome, Service, admin, post};

fn with(mut request: Request<Body>, name: &'static str, value: &str) -> Request<Body> {
    request.headers_mut().insert(name, value.parse().unwrap());
    request
}

#[tokio::test]
async fn only_an_administrator_restocks() {
    let service = Service::start(10).await;
    let body = json!({ "qty": 5 });
    service.post("/api/v1/restock", body.clone()).await.fails(401, "token_missing");
    let user = with(admin("/api/v1/restock", &body), "x-user-scope", "administrator read");
    service.send(user).await.fails(403, "scope_missing");
    service.send(with(admin("/api/v1/restock", &body), "x-user-scope", "read admin")).await.came_to(true, 15);
}

#[tokio::test]
async fn a_restock_with_a_key_is_done_once() {
    let service = Service::start(10).await;
    let keyed = |qty| with(admin("/api/v1/restock", &json!({ "qty": qty })), "idempotency-key", "k");
    let first = service.send(keyed(5)).await;
    first.came_to(true, 15);
    let again = service.send(keyed(5)).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    service.send(keyed(6)).await.fails(422, "idempotency_key_reused");
    let router = service.router();
    let at_once = (0..8).map(|_| {
        let request = with(admin("/api/v1/restock", &json!({ "qty": 7 })), "idempotency-key", "l");
        tokio::spawn(crate::support::send(router.clone(), request))
    });
    for answer in at_once.collect::<Vec<_>>() {
        answer.await.unwrap().came_to(true, 22);
    }
    let service = service.restart().await;
    service.send(keyed(5)).await.came_to(true, 15);
    assert_eq!(service.available().await, 22);
}

#[tokio::test]
async fn with_a_secret_only_who_knows_it_reserves() {
    let secret = "0123456789abcdef";
    let service = Service::trusting(Trust::by(Some(secret), "127.0.0.1".parse().unwrap())).await;
    let (reserve, release) = (json!({ "qty": 1, "reservation_id": "a" }), json!({ "reservation_id": "a" }));
    for (path, body) in [("/api/v1/reserve", &reserve), ("/api/v1/release", &release)] {
        service.post(path, body.clone()).await.fails(403, "caller_untrusted");
        let wrong = with(post(path, body), "x-gateway-secret", "0123456789abcdeX");
        service.send(wrong).await.fails(403, "caller_untrusted");
    }
    service.send(admin("/api/v1/restock", &json!({ "qty": 1 }))).await.fails(401, "token_missing");
    service.send(with(post("/api/v1/reserve", &reserve), "x-gateway-secret", secret)).await.came_to(true, 9);
    assert_eq!(service.available().await, 9);
    let open = Service::trusting(Trust::by(None, "127.0.0.1".parse().unwrap())).await;
    open.reserve("a", 1).await.came_to(true, 9);
}

#[tokio::test]
async fn without_a_secret_a_port_that_others_reach_sells_nothing() {
    let service = Service::trusting(Trust::by(None, "0.0.0.0".parse().unwrap())).await;
    let (reserve, release) = (json!({ "qty": 1, "reservation_id": "a" }), json!({ "reservation_id": "a" }));
    for (path, body) in [("/api/v1/reserve", &reserve), ("/api/v1/release", &release)] {
        service.post(path, body.clone()).await.fails(403, "caller_untrusted");
        let guess = with(post(path, body), "x-gateway-secret", "0123456789abcdef");
        service.send(guess).await.fails(403, "caller_untrusted");
    }
    assert_eq!(service.available().await, 10);
}

#[tokio::test]
async fn every_route_is_in_its_paper() {
    let folder = tempfile::tempdir().unwrap();
    let context = kit::testing::context(vacancy::ABOUT, folder.path(), kit::bus::Bus::Disconnected);
    let (cache_ttl, reservation_retention) = (jiff::SignedDuration::ZERO, jiff::SignedDuration::MAX);
    let settings = vacancy::Settings { initial_stock: 1, cache_ttl, reservation_retention };
    let module = vacancy::build(settings, context).await.unwrap();
    let paper = serde_json::to_value(module.openapi.unwrap()).unwrap();
    let paths: Vec<_> = paper["paths"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(paths, ["/api/v1/available", "/api/v1/release", "/api/v1/reserve", "/api/v1/restock"]);
    assert_eq!(paper["info"]["title"], "vacancy");
    let schemas = &paper["components"]["schemas"];
    assert_eq!(schemas["ReserveBody"]["required"], json!(["qty"]));
    assert_eq!(schemas["ReserveBody"]["properties"]["qty"]["minimum"], 1);
}
