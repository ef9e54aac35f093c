use std::collections::HashSet;

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};

use crate::support::{ADA, EVE, NOBODY, Service};

#[tokio::test]
async fn a_task_is_made_read_changed_and_deleted() {
    let service = Service::start().await;
    let home = service.category(ADA, "Home").await;
    let body = json!({ "title": " Buy milk ", "description": "two\nbottles", "category_id": home });
    let made = service.post(ADA, "/tasks", body).await.is(201);
    let id = made.text("id");
    let path = format!("/tasks/{id}");
    assert_eq!((made.header("location"), made.header("etag")), (path.clone(), "\"1\"".to_owned()));
    let expected = json!({
        "id": id, "title": "Buy milk", "description": "two\nbottles", "category_id": home,
        "completed": false, "completed_at": null,
        "created_at": "2026-01-15T10:30:00.25Z", "updated_at": "2026-01-15T10:30:00.25Z",
    });
    assert_eq!(made.body, expected);
    let read = service.get(ADA, &path).await.is(200);
    assert_eq!((read.header("etag"), &read.body), ("\"1\"".to_owned(), &expected));

    service.clock.advance(60);
    let changed = service.put(ADA, &path, json!({ "title": "Buy bread" })).await.is(200);
    let expected = json!({
        "id": id, "title": "Buy bread", "description": "", "category_id": null,
        "completed": false, "completed_at": null,
        "created_at": "2026-01-15T10:30:00.25Z", "updated_at": "2026-01-15T10:31:00.25Z",
    });
    assert_eq!((changed.header("etag"), &changed.body), ("\"2\"".to_owned(), &expected));
    assert_eq!(service.get(ADA, &path).await.body, expected);

    let deleted = service.delete(ADA, &path).await.is(204);
    assert_eq!(deleted.body, Value::Null);
    service.get(ADA, &path).await.fails(404, "task_not_found");
    service.delete(ADA, &path).await.fails(404, "task_not_found");
}

#[tokio::test]
async fn completing_twice_is_completing_once() {
    let service = Service::start().await;
    let path = service.task(ADA, "a").await;
    service.clock.advance(60);
    let first = service.complete(ADA, &path).await.is(200);
    assert_eq!(
        (&first.body["completed"], first.text("completed_at")),
        (&json!(true), "2026-01-15T10:31:00.25Z".into())
    );
    service.clock.advance(60);
    let second = service.complete(ADA, &path).await.is(200);
    assert_eq!((second.header("etag"), &second.body), (first.header("etag"), &first.body));
    assert_eq!(service.get(ADA, &path).await.body, first.body);
    // Writing it anew leaves it completed, and completing it still is no news.
    let renamed = service.put(ADA, &path, json!({ "title": "b" })).await.is(200);
    assert_eq!(renamed.body["completed_at"], first.body["completed_at"]);
    assert_eq!(service.complete(ADA, &path).await.is(200).body, renamed.body);
}

#[tokio::test]
async fn anothers_task_is_as_if_it_were_not_there() {
    let service = Service::start().await;
    let adas = service.task(ADA, "a").await;
    let before = service.get(ADA, &adas).await.body;
    let nobodys = format!("/tasks/{NOBODY}");
    for path in [adas.as_str(), &nobodys, "/tasks/7", "/tasks/%ff"] {
        let body = json!({ "title": "mine" });
        let answers = [
            service.get(EVE, path).await,
            service.put(EVE, path, body).await,
            service.complete(EVE, path).await,
            service.delete(EVE, path).await,
        ];
        for mut answer in answers {
            answer.fails(404, "task_not_found");
            answer.body["request_id"] = Value::Null;
            let same = json!({
                "status": 404, "title": "Not Found", "detail": "There is no such task.",
                "code": "task_not_found", "request_id": null,
            });
            assert_eq!(answer.body, same, "{path}");
        }
    }
    assert_eq!(service.get(EVE, "/tasks").await.is(200).items(), Vec::<Value>::new());
    assert_eq!(service.get(ADA, &adas).await.body, before);
}

#[tokio::test]
async fn nobody_gets_in_without_an_identity() {
    let service = Service::start().await;
    let path = service.task(ADA, "a").await;
    let complete = format!("{path}/complete");
    let category = format!("/categories/{NOBODY}");
    let requests = [
        (Method::POST, "/tasks"),
        (Method::GET, "/tasks"),
        (Method::GET, &path),
        (Method::PUT, &path),
        (Method::DELETE, &path),
        (Method::POST, &complete),
        (Method::POST, "/categories"),
        (Method::GET, "/categories"),
        (Method::DELETE, &category),
    ];
    for (method, path) in requests {
        let request = Request::builder().method(&method).uri(path).body(Body::empty()).unwrap();
        service.send(request).await.fails(401, "token_missing");
    }
}

#[tokio::test]
async fn every_field_at_fault_is_named() {
    let service = Service::start().await;
    let path = service.task(ADA, "a").await;
    let check = async |body: Value, fields: &[&str]| {
        service.post(ADA, "/tasks", body.clone()).await.names(fields);
        service.put(ADA, &path, body).await.names(fields);
    };
    check(json!({}), &["title"]).await;
    check(json!({ "title": null }), &["title"]).await;
    check(json!({ "title": "" }), &["title"]).await;
    check(json!({ "title": "a\nb" }), &["title"]).await;
    check(json!({ "title": "a".repeat(201) }), &["title"]).await;
    check(json!({ "title": 7 }), &["title"]).await;
    check(json!({ "title": "a", "description": "a\0b" }), &["description"]).await;
    check(json!({ "title": "a", "description": "a".repeat(10_001) }), &["description"]).await;
    check(json!({ "title": "a", "category_id": "home" }), &["category_id"]).await;
    let all = json!({ "title": " ", "description": "\0", "category_id": "home" });
    check(all, &["title", "description", "category_id"]).await;
    check(json!(["a"]), &["body"]).await;
    let most = json!({ "title": "ä".repeat(200), "description": "ä".repeat(10_000), "category_id": null });
    service.post(ADA, "/tasks", most).await.is(201);
}

#[tokio::test]
async fn lists_are_paged_and_filtered() {
    let service = Service::start().await;
    let home = service.category(ADA, "Home").await;
    for n in 0..5 {
        let category = if n >= 3 { json!(home) } else { Value::Null };
        let made = service.post(ADA, "/tasks", json!({ "title": format!("t{n}"), "category_id": category })).await;
        if n % 2 == 0 {
            service.complete(ADA, &made.header("location")).await.is(200);
        }
    }
    service.task(EVE, "another's").await;
    let titles = async |query: &str| {
        let (mut titles, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = service.get(ADA, &format!("/tasks?{query}{cursor}")).await.is(200);
            titles.extend(page.items().iter().map(|item| item["title"].as_str().unwrap().to_owned()));
            match page.body["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return titles,
            }
        }
    };
    assert_eq!(titles("limit=2").await, ["t0", "t1", "t2", "t3", "t4"]);
    assert_eq!(titles("completed=true&limit=1").await, ["t0", "t2", "t4"]);
    assert_eq!(titles("completed=false").await, ["t1", "t3"]);
    assert_eq!(titles(&format!("category_id={home}&limit=1")).await, ["t3", "t4"]);
    assert_eq!(titles(&format!("category_id={home}&completed=false")).await, ["t3"]);
    assert_eq!(titles(&format!("category_id={NOBODY}")).await, Vec::<String>::new());
    let all = service.get(ADA, "/tasks?limit=0&cursor=x&completed=yes&category_id=home").await;
    all.names(&["completed", "category_id", "limit", "cursor"]);
    for bad in
        ["limit=101", "limit=x", "completed=", "completed=TRUE", "limit=1&limit=2", "completed=true&completed=true"]
    {
        service.get(ADA, &format!("/tasks?{bad}")).await.is(400);
    }
}

#[tokio::test]
async fn paging_neither_skips_nor_repeats_while_tasks_come_and_go() {
    let service = Service::start().await;
    let mut paths = Vec::new();
    for n in 0..9 {
        paths.push(service.task(ADA, &format!("before{n}")).await);
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    for round in 0.. {
        let page = service.get(ADA, &format!("/tasks?limit=2{cursor}")).await.is(200);
        assert!(page.items().len() <= 2);
        seen.extend(page.items().iter().map(|item| item["title"].as_str().unwrap().to_owned()));
        let Some(next) = page.body["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
        if round < 3 {
            service.task(ADA, &format!("during{round}")).await;
        }
        // One that was seen, the cursor's own, and one that is yet to come.
        match round {
            0 => service.delete(ADA, &paths[0]).await.is(204),
            1 => service.delete(ADA, &paths[3]).await.is(204),
            2 => service.delete(ADA, &paths[7]).await.is(204),
            _ => continue,
        };
    }
    let distinct: HashSet<&String> = seen.iter().collect();
    assert_eq!(distinct.len(), seen.len(), "{seen:?}");
    assert_eq!(seen.len(), 9 - 1 + 3, "{seen:?}");
    assert!(!seen.contains(&"before7".to_owned()));
}
