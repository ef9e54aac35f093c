use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;
use uuid::Uuid;
use vacancy::domain::{Quantity, ReservationId};

use crate::support::{Outcome, Service};

const FORGOTTEN: &str = "This reservation is so old that it is not known any more; nothing was changed.";

fn soon() -> Timestamp {
    Timestamp::now() + SignedDuration::from_secs(1)
}

/// A late duplicate of what was asked long ago takes no place and gives none back.
#[tokio::test]
async fn what_is_forgotten_does_nothing_any_more() {
    let service = Service::start(10).await;
    let [sold, released, refused] = [(); 3].map(|()| Uuid::now_v7().to_string());
    service.reserve(&sold, 4).await.came_to(true, 6);
    service.reserve(&released, 1).await.came_to(true, 5);
    service.release(&released).await.came_to(true, 6);
    service.reserve(&refused, 7).await.came_to(false, 6);
    service.reserve("timeless", 2).await.came_to(true, 4);
    assert_eq!(service.application.forget(Timestamp::now() - SignedDuration::from_hours(1)).await.unwrap(), 0);
    service.reserve(&sold, 4).await.came_to(true, 6);

    assert_eq!(service.application.forget(soon()).await.unwrap(), 3);
    assert_eq!(service.application.forget(soon()).await.unwrap(), 0);
    let service = service.restart().await;
    for id in [&sold, &released, &refused] {
        let answer = service.reserve(id, 1).await;
        answer.came_to(false, 4);
        assert_eq!(answer.body["message"], FORGOTTEN);
        service.release(id).await.came_to(false, 4);
    }
    service.reserve("timeless", 2).await.came_to(true, 4);
    service.release("timeless").await.came_to(true, 6);
    assert_eq!(service.available().await, 6);
}

/// More than one transaction's worth, while others buy and give back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forgetting_goes_on_beside_sales() {
    let service = Service::start(10_000).await;
    let reserve = |count: usize| {
        let mut running = JoinSet::new();
        for _ in 0..count {
            let application = service.application.clone();
            running.spawn(async move {
                let id = ReservationId::parse(Uuid::now_v7().to_string()).unwrap();
                application.reserve(id.clone(), Quantity::parse(1).unwrap()).await.unwrap();
                id
            });
        }
        running
    };
    reserve(1_100).join_all().await;
    let instant = Timestamp::now();
    // Ids and changes of the same millisecond are not before it.
    while Timestamp::now().as_millisecond() == instant.as_millisecond() {
        tokio::task::yield_now().await;
    }
    let instant = Timestamp::now();
    let (young, forgotten) = tokio::join!(reserve(300).join_all(), service.application.forget(instant));
    assert_eq!(forgotten.unwrap(), 1_100);
    assert_eq!(service.available().await, 10_000 - 1_400);
    for id in young {
        service.application.release(id).await.unwrap();
    }
    assert_eq!(service.available().await, 10_000 - 1_100, "what is young is still known");
}

#[tokio::test]
async fn the_service_forgets_by_itself_what_is_older_than_its_setting() {
    let mut service = Service::start(10).await;
    let (id, now) = (Uuid::now_v7().to_string(), Timestamp::now());
    service.reserve(&id, 4).await.came_to(true, 6);
    // The setting is 30 days. The other one, older than all, shows when the service has looked.
    let ancient = "01700000-0000-7000-8000-000000000000";
    for (days, known) in [(29, true), (31, false)] {
        service.plant(ancient).await;
        service = service.restart_at(now + SignedDuration::from_hours(days * 24)).await;
        let looked = async {
            while service.reserve(ancient, 1).await.body["message"] != FORGOTTEN {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), looked).await.expect("nothing was forgotten");
        service.reserve(&id, 4).await.came_to(known, 6);
    }
}
