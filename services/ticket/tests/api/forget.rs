use crate::support::{ADA, Receipt, Service};

/// Seven days are what is told of it.
#[tokio::test]
async fn what_came_to_nothing_is_forgotten_and_tickets_are_kept() {
    let service = Service::start(10).await;
    let ticket = service.buy(4).await.bought(6);
    service.buy(8).await.too_few(6);
    let service = service.crash_for(6).await;
    service.buy(7).await.too_few(6);
    assert_eq!(service.places("rejected").await, 8 + 7);
    let service = service.crash_for(8).await;
    service.comes_to("rejected", 7).await;
    assert_eq!(service.ticket(ADA, &ticket).await.body["status"], "confirmed");
    let service = service.crash_for(14).await;
    service.comes_to("rejected", 0).await;
    service.settles(10, 4).await;
}
