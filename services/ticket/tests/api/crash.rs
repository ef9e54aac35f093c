//! What is left behind between pending and confirmed.

use serde_json::json;

use crate::stock::Fault;
use crate::support::{ADA, Receipt, Service, purchase, send};

/// A purchase of 4 that was reserved and then left behind by its caller.
async fn left_behind(service: &Service, key: Option<&str>) {
    service.stock.set(Fault::Hangs);
    let running = tokio::spawn(send(service.router(), purchase(ADA, key, &json!({ "qty": 4 }))));
    service.stock.hanging.acquire().await.unwrap().forget();
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    service.stock.set(Fault::None);
    assert_eq!((service.left().await, service.places("pending").await), (6, 4));
}

#[tokio::test]
async fn after_a_crash_it_is_cancelled_and_released_at_start() {
    let service = Service::start(10).await;
    left_behind(&service, None).await;
    let service = service.crash().await;
    service.settles(10, 0).await;
    assert_eq!(service.places("cancelled").await, 4);
}

#[tokio::test]
async fn without_a_crash_it_is_released_when_it_expires() {
    let service = Service::start(10).await;
    left_behind(&service, None).await;
    service.clock.advance(4);
    service.buy(1).await.bought(5);
    assert_eq!(service.places("pending").await, 4, "its process may still be at it");
    service.clock.advance(2);
    service.settles(10, 1).await;
}

#[tokio::test]
async fn a_retry_of_its_key_takes_it_over() {
    let service = Service::start(10).await;
    left_behind(&service, Some("k")).await;
    let answer = service.buy_keyed("k", 4).await;
    let id = answer.bought(6);
    assert_eq!(service.buy_keyed("k", 4).await.bought(6), id);
    service.settles(10, 4).await;
}

#[tokio::test]
async fn a_retry_after_a_crash_gets_a_definite_answer() {
    for _ in 0..5 {
        let service = Service::start(10).await;
        left_behind(&service, Some("k")).await;
        let service = service.crash().await;
        // Whether the recovery or the retry comes first.
        let answer = service.buy_keyed("k", 4).await;
        assert_eq!(answer.status.as_u16(), 200, "{answer:?}");
        assert_eq!(answer.body["success"], true, "{answer:?}");
        assert_eq!(service.buy_keyed("k", 4).await.body, answer.body);
        service.settles(10, 4).await;
    }
}

#[tokio::test]
async fn a_release_is_repeated_until_the_stock_answers() {
    let service = Service::start(10).await;
    left_behind(&service, None).await;
    service.stock.set(Fault::Away);
    let service = service.crash().await;
    // It gives up on the purchase, and holds on to the release.
    service.comes_to("cancelled", 4).await;
    assert_eq!(service.left().await, 6);
    service.stock.set(Fault::None);
    service.settles(10, 0).await;
}
