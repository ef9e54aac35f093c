use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{Service, put, send};

#[tokio::test]
async fn a_change_that_names_an_older_version_is_refused() {
    let service = Service::start().await;
    let path = format!("/users/{}", service.register("ada@example.com").await);
    let token = service.token("ada@example.com").await;
    let body = |name: &str| json!({ "email": "ada@example.com", "name": name });
    let read = service.get_as(&path, &token).await.is(200);
    assert_eq!(read.headers["etag"], "\"1\"");

    let changed = service.put_if(&path, &token, Some("\"1\""), body("Ada L.")).await.is(200);
    assert_eq!(changed.headers["etag"], "\"2\"");
    service.put_if(&path, &token, Some("\"1\""), body("Eve")).await.fails(412, "precondition_failed");
    service.put_if(&path, &token, Some("W/\"2\""), body("Eve")).await.fails(412, "precondition_failed");
    service.put_if(&path, &token, Some("2"), body("Eve")).await.fails(400, "bad_request");
    let read = service.get_as(&path, &token).await.is(200);
    assert_eq!((read.text("name").as_str(), read.headers["etag"].to_str().unwrap()), ("Ada L.", "\"2\""));

    // Without the field the last one wins, and what it is already is no change.
    let last = service.put_as(&path, &token, body("Ada")).await.is(200);
    assert_eq!(last.headers["etag"], "\"3\"");
    let same = service.put_if(&path, &token, Some("*"), body("Ada")).await.is(200);
    assert_eq!(same.headers["etag"], "\"3\"");
}

#[tokio::test]
async fn of_many_that_change_the_same_version_at_once_one_succeeds() {
    for service in Service::on_each().await {
        let path = format!("/users/{}", service.register("ada@example.com").await);
        let token = service.token("ada@example.com").await;
        let second = service.second_instance().await;
        let mut racers = JoinSet::new();
        for at in 0..16 {
            let router = if at % 2 == 0 { service.router() } else { second.router() };
            let body = json!({ "email": "ada@example.com", "name": format!("Ada {at}") });
            racers.spawn(send(router, put(&path, &token, Some("\"1\""), &body)));
        }
        let mut statuses: Vec<u16> = racers.join_all().await.iter().map(|answer| answer.status.as_u16()).collect();
        statuses.sort_unstable();
        assert_eq!(statuses[0], 200);
        assert!(statuses[1..].iter().all(|status| *status == 412), "{statuses:?}");
        second.stop().await;
    }
}
