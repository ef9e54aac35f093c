use events::vacancy::{StockReleased, StockReserved, TOPIC};
use events::{Envelope, Event};

use crate::support::{Outcome, Service};

/// The envelopes that come, until there are `count`.
async fn published(service: &Service, count: usize, act: impl Future<Output = ()>) -> Vec<Envelope> {
    let mut subscription = service.bus.subscribe("test", &[TOPIC]).unwrap();
    act.await;
    let mut envelopes = Vec::new();
    let gather = async {
        while envelopes.len() < count {
            let deliveries = subscription.next().await;
            envelopes.extend(deliveries.iter().map(|one| serde_json::from_slice(&one.message.value).unwrap()));
            subscription.done();
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), gather).await.expect("they never came");
    envelopes
}

#[tokio::test]
async fn what_moves_is_told_once() {
    let service = Service::start(10).await;
    let envelopes = published(&service, 3, async {
        service.reserve("a", 4).await;
        service.reserve("a", 4).await;
        service.reserve("b", 9).await;
        service.release("a").await;
        service.release("a").await;
        service.release("nobody").await;
        service.reserve("z", 1).await;
    });
    let envelopes = envelopes.await;
    let types: Vec<_> = envelopes.iter().map(|one| one.event_type.as_str()).collect();
    assert_eq!(types, [StockReserved::TYPE, StockReleased::TYPE, StockReserved::TYPE]);
    let reserved: StockReserved = envelopes[0].read().unwrap();
    assert_eq!(reserved, StockReserved { reservation_id: "a".into(), qty: 4, remaining: 6 });
    let released: StockReleased = envelopes[1].read().unwrap();
    assert_eq!(released, StockReleased { reservation_id: "a".into(), qty: 4, remaining: 10 });
    assert_eq!(envelopes[0].service_name, "vacancy");
    assert_eq!(envelopes[0].aggregate_id, "a");
}

#[tokio::test]
async fn an_event_is_part_of_the_request_that_caused_it() {
    let service = Service::start(10).await;
    let body = serde_json::json!({ "qty": 1, "reservation_id": "a" });
    let mut request = crate::support::post("/api/v1/reserve", &body);
    request.headers_mut().insert("x-request-id", "the-first".parse().unwrap());
    let envelopes = published(&service, 1, async {
        service.send(request).await.came_to(true, 9);
    });
    assert_eq!(envelopes.await[0].correlation_id, "the-first");
}
