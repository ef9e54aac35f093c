use serde_json::json;

use crate::stock::Fault;
use crate::support::{ADA, EVE, Receipt, Service, purchase, send};

#[tokio::test]
async fn the_same_key_buys_once() {
    let service = Service::start(10).await;
    let first = service.buy_keyed("k", 4).await;
    let id = first.bought(6);
    service.buy(1).await.bought(5);
    let again = service.buy_keyed("k", 4).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    service.buy_keyed("k", 5).await.fails(422, "idempotency_key_reused");
    // Another's key is another key.
    send(service.router(), purchase(EVE, Some("k"), &json!({ "qty": 2 }))).await.bought(3);
    let refused = service.buy_keyed("l", 4).await;
    refused.too_few(3);
    assert_eq!(service.buy_keyed("l", 4).await.body, refused.body);
    let service = service.crash().await;
    assert_eq!(service.buy_keyed("k", 4).await.bought(6), id);
    service.settles(10, 7).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_key_at_once_buys_once() {
    let service = Service::start(100).await;
    let router = service.router();
    let asking = (0..20).map(|_| tokio::spawn(send(router.clone(), purchase(ADA, Some("k"), &json!({ "qty": 4 })))));
    for answer in asking.collect::<Vec<_>>() {
        answer.await.unwrap().bought(96);
    }
    service.buy_keyed("k", 4).await.bought(96);
    service.settles(100, 4).await;
}

#[tokio::test]
async fn the_second_waits_for_the_first_and_takes_over_what_it_left() {
    let service = Service::start(10).await;
    service.stock.set(Fault::Hangs);
    let running = tokio::spawn(send(service.router(), purchase(ADA, Some("k"), &json!({ "qty": 4 }))));
    service.stock.hanging.acquire().await.unwrap().forget();
    service.stock.set(Fault::None);
    let second = tokio::spawn(send(service.router(), purchase(ADA, Some("k"), &json!({ "qty": 4 }))));
    service.buy_keyed("k", 5).await.fails(422, "idempotency_key_reused");
    assert!(!second.is_finished());
    running.abort();
    second.await.unwrap().bought(6);
    service.settles(10, 4).await;
}

#[tokio::test]
async fn a_failure_is_not_kept_under_the_key() {
    let service = Service::start(10).await;
    service.stock.set(Fault::AnswerLost);
    service.buy_keyed("k", 4).await.fails(503, "vacancy_unavailable");
    service.stock.set(Fault::None);
    let answer = service.buy_keyed("k", 4).await;
    assert!(answer.body["success"] == true, "{answer:?}");
    service.settles(10, 4).await;
}
