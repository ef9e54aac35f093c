use serde_json::json;

use crate::support::{Outcome, Service, admin};

#[tokio::test]
async fn places_are_reserved_released_and_restocked() {
    let service = Service::start(10).await;
    assert_eq!(service.available().await, 10);
    service.reserve("a", 4).await.came_to(true, 6);
    assert_eq!(service.available().await, 6, "a write is seen at once");
    service.reserve("b", 7).await.came_to(false, 6);
    service.reserve("c", 6).await.came_to(true, 0);
    service.restock(5).await.came_to(true, 5);
    service.release("a").await.came_to(true, 9);
    assert_eq!(service.available().await, 9);
}

#[tokio::test]
async fn the_same_reservation_gives_the_same_answer() {
    let service = Service::start(10).await;
    let first = service.reserve("a", 4).await;
    service.reserve("b", 6).await.came_to(true, 0);
    let refused = service.reserve("c", 1).await;
    service.restock(5).await;
    assert_eq!(service.reserve("a", 4).await.body, first.body);
    assert_eq!(service.reserve("c", 1).await.body, refused.body);
    service.reserve("a", 5).await.fails(422, "reservation_id_reused");
    assert_eq!(service.available().await, 5);
}

#[tokio::test]
async fn a_second_or_unknown_release_changes_nothing() {
    let service = Service::start(10).await;
    service.reserve("a", 4).await;
    service.release("a").await.came_to(true, 10);
    service.release("a").await.came_to(true, 10);
    service.release("nobody").await.came_to(true, 10);
    assert_eq!(service.available().await, 10);
    // What was given back is not held by asking again, nor what was given up before it came.
    service.reserve("a", 4).await.came_to(false, 10);
    service.reserve("nobody", 4).await.came_to(false, 10);
    assert_eq!(service.available().await, 10);
}

#[tokio::test]
async fn a_reservation_without_an_id_gets_one() {
    let service = Service::start(10).await;
    let body = json!({ "qty": 3 });
    let one = service.post("/api/v1/reserve", body.clone()).await;
    one.came_to(true, 7);
    service.post("/api/v1/reserve", body).await.came_to(true, 4);
    service.release(one.body["reservation_id"].as_str().unwrap()).await.came_to(true, 7);
}

#[tokio::test]
async fn what_is_no_quantity_is_refused() {
    let service = Service::start(10).await;
    let bad = [json!(0), json!(-1), json!(1.0), json!(1e2), json!("1"), json!(true), json!(null), json!([1])];
    let large = [json!(1_000_001), json!(i64::MAX), json!(u64::MAX), json!(1e300)];
    for qty in bad.iter().chain(&large) {
        let body = json!({ "qty": qty, "reservation_id": "a" });
        service.post("/api/v1/reserve", body.clone()).await.fails(400, "validation_failed");
        service.send(admin("/api/v1/restock", &body)).await.fails(400, "validation_failed");
    }
    let both = service.post("/api/v1/reserve", json!({ "reservation_id": "" })).await;
    both.fails(400, "validation_failed");
    assert_eq!(both.body["errors"].as_array().unwrap().len(), 2, "all faults at once");
    service.post("/api/v1/release", json!({})).await.fails(400, "validation_failed");
    assert_eq!(service.available().await, 10);
}

#[tokio::test]
async fn a_restock_that_would_overflow_is_refused() {
    let service = Service::start(i64::MAX).await;
    service.reserve("a", 5).await.came_to(true, i64::MAX - 5);
    service.restock(1).await.fails(409, "stock_overflow");
    service.release("a").await.came_to(true, i64::MAX);
}

#[tokio::test]
async fn a_restart_keeps_the_stock_and_what_was_answered() {
    let service = Service::start(10).await;
    service.reserve("a", 4).await.came_to(true, 6);
    let service = service.restart().await;
    assert_eq!(service.available().await, 6, "INITIAL_STOCK is for the first time");
    service.reserve("a", 4).await.came_to(true, 6);
    assert_eq!(service.available().await, 6);
}
