use std::collections::HashSet;

use events::vacancy::{StockReserved, TOPIC};
use events::{Envelope, Event};
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{ADA, Receipt, Service, purchase, send};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_buyers_share_a_hundred_places() {
    let service = Service::start(100).await;
    let mut subscription = service.bus.subscribe("test", &[TOPIC]).unwrap();
    let mut buyers = JoinSet::new();
    for n in 0..200 {
        let key = n.to_string();
        let request = purchase(ADA, (n % 2 == 0).then_some(&key), &json!({ "qty": 1 }));
        buyers.spawn(send(service.router(), request));
    }
    let (mut sold, mut refused) = (HashSet::new(), 0);
    for answer in buyers.join_all().await {
        assert_eq!(answer.status.as_u16(), 200, "{answer:?}");
        if let Some(id) = answer.body["ticket_id"].as_str() {
            assert!(sold.insert(id.to_owned()), "one ticket twice");
        } else {
            answer.too_few(0);
            refused += 1;
        }
    }
    assert_eq!((sold.len(), refused), (100, 100));
    service.settles(100, 100).await;

    let mut reserved = HashSet::new();
    while reserved.len() < 100 {
        for delivery in subscription.next().await {
            let envelope: Envelope = serde_json::from_slice(&delivery.message.value).unwrap();
            assert_eq!(envelope.event_type, StockReserved::TYPE);
            assert!(reserved.insert(envelope.aggregate_id), "one reservation twice");
        }
        subscription.done();
    }
    assert_eq!(reserved, sold);
}
