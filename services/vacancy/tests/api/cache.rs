use crate::support::{Outcome, Service};

#[tokio::test]
async fn anothers_write_is_seen_when_the_cache_expires() {
    let one = Service::start(10).await;
    let other = one.second_instance().await;
    assert_eq!((one.available().await, other.available().await), (10, 10));
    other.reserve("a", 4).await.came_to(true, 6);
    assert_eq!(other.available().await, 6, "a write of its own ends what it remembered");
    one.clock.advance(4);
    assert_eq!(one.available().await, 10, "it was not remembered");
    one.clock.advance(1);
    assert_eq!(one.available().await, 6);
    // What decides is never the cache.
    one.reserve("b", 7).await.came_to(false, 6);
}

/// A read that began before a commit must not hide what the commit left.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reads_during_writes_leave_no_old_answer_behind() {
    let service = Service::start(1_000).await;
    for round in 0..100 {
        service.clock.advance(10);
        let (application, id) = (service.application.clone(), format!("r{round}"));
        let reader = tokio::spawn(async move { application.available().await.unwrap() });
        let (_, read) = tokio::join!(service.reserve(&id, 1), reader);
        assert!([999 - round, 1_000 - round].contains(&read.unwrap()));
        assert_eq!(service.available().await, 999 - round);
    }
}
