use events::Envelope;
use events::ticket::{TOPIC, TicketPurchased};
use serde_json::json;

use crate::stock::Fault;
use crate::support::{ADA, EVE, Receipt, Service, purchase, send};

#[tokio::test]
async fn places_are_bought_while_there_are_some() {
    let service = Service::start(10).await;
    let id = service.buy(4).await.bought(6);
    service.buy(7).await.too_few(6);
    service.buy(6).await.bought(0);
    service.buy(1).await.too_few(0);
    let ticket = service.ticket(ADA, &id).await;
    assert_eq!(ticket.body, json!({ "ticket_id": id, "qty": 4, "status": "confirmed" }));
    assert_eq!(service.available().await.body, json!({ "qty": 0 }));
    service.settles(10, 10).await;
}

#[tokio::test]
async fn anothers_ticket_is_none() {
    let service = Service::start(10).await;
    let id = service.buy(4).await.bought(6);
    service.ticket(EVE, &id).await.fails(404, "ticket_not_found");
    service.ticket(ADA, EVE).await.fails(404, "ticket_not_found");
    service.ticket(ADA, "7").await.fails(404, "ticket_not_found");
}

#[tokio::test]
async fn nobody_buys_without_an_identity_or_a_quantity() {
    let service = Service::start(10).await;
    let mut request = purchase(ADA, None, &json!({ "qty": 1 }));
    request.headers_mut().remove("x-user-id");
    send(service.router(), request).await.fails(401, "token_missing");
    let bad = [json!(0), json!(-1), json!(1.5), json!("1"), json!(null), json!(1_000_001), json!(u64::MAX)];
    for qty in bad {
        let answer = send(service.router(), purchase(ADA, None, &json!({ "qty": qty }))).await;
        answer.fails(400, "validation_failed");
        assert_eq!(answer.body["errors"][0]["field"], "qty", "{answer:?}");
    }
    service.settles(10, 0).await;
}

#[tokio::test]
async fn without_the_stock_nothing_is_sold() {
    for fault in [Fault::Away, Fault::AnswerLost] {
        let service = Service::start(10).await;
        service.stock.set(fault);
        let answer = service.buy(4).await;
        answer.fails(503, "vacancy_unavailable");
        assert_eq!(answer.headers["retry-after"], "1");
        service.available().await.fails(503, "vacancy_unavailable");
        assert_eq!(service.places("cancelled").await, 4, "it is cancelled before anyone is told");
        service.stock.set(Fault::None);
        service.settles(10, 0).await;
        service.buy(10).await.bought(0);
    }
}

#[tokio::test]
async fn a_purchase_is_told_once_with_what_caused_it() {
    let service = Service::start(10).await;
    let mut subscription = service.bus.subscribe("test", &[TOPIC]).unwrap();
    let mut request = purchase(ADA, None, &json!({ "qty": 4 }));
    request.headers_mut().insert("x-request-id", "the-first".parse().unwrap());
    let id = send(service.router(), request).await.bought(6);
    service.buy(7).await.too_few(6);
    let last = service.buy(1).await.bought(5);
    let mut envelopes: Vec<Envelope> = Vec::new();
    while envelopes.len() < 2 {
        let deliveries = subscription.next().await;
        envelopes.extend(deliveries.iter().map(|one| serde_json::from_slice(&one.message.value).unwrap()));
        subscription.done();
    }
    let purchased: TicketPurchased = envelopes[0].read().unwrap();
    assert_eq!((purchased.ticket_id.to_string(), purchased.buyer_id.to_string()), (id.clone(), ADA.to_owned()));
    assert_eq!(purchased.qty, 4);
    assert_eq!((envelopes[0].aggregate_id.as_str(), envelopes[0].correlation_id.as_str()), (id.as_str(), "the-first"));
    assert_eq!(envelopes[1].aggregate_id, last);
}
