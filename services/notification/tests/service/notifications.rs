use std::collections::HashSet;

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};

use crate::support::{Service, content, send};

#[tokio::test]
async fn a_notification_is_pending_then_sent_and_its_callers_alone() {
    let service = Service::with(&[]).await;
    let (ada, eve) = (service.caller(), service.caller());
    let made = ada.post("/notifications", &content("log", " Ada ")).await.is(201);
    let path = format!("/notifications/{}", made.text("id"));
    assert_eq!(made.headers["location"].to_str().unwrap(), path);
    assert_eq!(
        (made.text("status"), made.text("recipient"), made.text("subject")),
        ("pending".into(), "Ada".into(), "Grüße".into())
    );
    assert!(made.body["sent_at"].is_null() && made.body["error"].is_null());

    let sent = ada.becomes(&path, "sent").await;
    assert!(sent["sent_at"].is_string());
    assert_eq!(sent["attempts"], 1);
    let again = ada.send_now(&path).await.is(200);
    assert_eq!(again.body, sent, "what is sent is not sent again");

    for (method, path) in
        [(Method::GET, path.clone()), (Method::POST, format!("{path}/send")), (Method::DELETE, path.clone())]
    {
        eve.send(method, &path, None, None).await.fails(404, "notification_not_found");
    }
    assert!(eve.list().await.is_empty());
    assert_eq!(ada.list().await, [sent]);
    ada.send(Method::DELETE, &path, None, None).await.is(204);
    ada.send(Method::DELETE, &path, None, None).await.fails(404, "notification_not_found");
    ada.get(&path).await.fails(404, "notification_not_found");
    ada.send_now(&path).await.fails(404, "notification_not_found");
}

#[tokio::test]
async fn asking_at_once_for_the_delivery_answers_with_its_end() {
    let service = Service::with(&[]).await;
    let ada = service.caller();
    for _ in 0..20 {
        let path = ada.notify("log", "Ada").await;
        let sent = ada.send_now(&path).await.is(200);
        assert_eq!((sent.text("status"), &sent.body["attempts"]), ("sent".into(), &json!(1)));
    }
}

#[tokio::test]
async fn without_an_identity_nothing_is_told() {
    let service = Service::with(&[]).await;
    for (method, path) in [
        (Method::POST, "/notifications"),
        (Method::GET, "/notifications"),
        (Method::GET, "/notifications/01890a5d-ac96-774b-bcce-b302099a8057"),
        (Method::DELETE, "/notifications/01890a5d-ac96-774b-bcce-b302099a8057"),
        (Method::POST, "/notifications/01890a5d-ac96-774b-bcce-b302099a8057/send"),
    ] {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        send(service.router(), request).await.fails(401, "token_missing");
    }
    for path in ["/notifications/7", "/notifications/%ff"] {
        service.caller().get(path).await.fails(404, "notification_not_found");
    }
}

#[tokio::test]
async fn every_field_at_fault_is_named() {
    let service = Service::with(&[("WEBHOOK_SECRET", "0123456789abcdef")]).await;
    let caller = service.caller();
    let check = async |body: Value, fields: &[&str]| {
        let answer = caller.post("/notifications", &body).await;
        answer.fails(400, "validation_failed");
        let errors = answer.body["errors"].as_array().unwrap();
        let named: Vec<&str> = errors.iter().map(|e| e["field"].as_str().unwrap()).collect();
        assert_eq!(named, fields, "{body}");
    };
    let with = |name: &str, value: Value| {
        let mut body = content("log", "Ada");
        body[name] = value;
        body
    };
    check(json!({}), &["channel", "recipient", "subject", "message"]).await;
    check(
        json!({ "channel": "sms", "recipient": "", "subject": "", "message": "" }),
        &["channel", "subject", "message"],
    )
    .await;
    check(with("subject", json!("a\r\nBcc: eve@example.com")), &["subject"]).await;
    check(with("subject", json!("a".repeat(201))), &["subject"]).await;
    check(with("message", json!("a\0b")), &["message"]).await;
    check(with("message", json!("a".repeat(10_001))), &["message"]).await;
    check(with("recipient", json!("a".repeat(255))), &["recipient"]).await;
    check(with("message", json!(7)), &["message"]).await;
    check(content("email", "ada"), &["recipient"]).await;
    check(content("webhook", "ftp://example.com"), &["recipient"]).await;
    check(content("webhook", "http://169.254.169.254/latest"), &["recipient"]).await;
    check(json!([]), &["body"]).await;
}

#[tokio::test]
async fn a_channel_that_is_not_set_up_is_refused() {
    let service = Service::with(&[]).await;
    let caller = service.caller();
    caller.post("/notifications", &content("email", "ada@example.com")).await.fails(400, "channel_unavailable");
    caller.post("/notifications", &content("webhook", "https://example.com")).await.fails(400, "channel_unavailable");
    assert!(caller.list().await.is_empty());
}

#[tokio::test]
async fn paging_neither_skips_nor_repeats_under_inserts() {
    let service = Service::with(&[]).await;
    let (ada, eve) = (service.caller(), service.caller());
    for _ in 0..7 {
        ada.notify("log", "Ada").await;
        eve.notify("log", "Eve").await;
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    for round in 0.. {
        let page = ada.get(&format!("/notifications?limit=2{cursor}")).await.is(200);
        let items = page.body["items"].as_array().unwrap();
        assert!(items.len() <= 2);
        seen.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        let Some(next) = page.body["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
        if round < 3 {
            ada.notify("log", "Ada").await;
        }
    }
    let distinct: HashSet<&String> = seen.iter().collect();
    assert_eq!((seen.len(), distinct.len()), (7 + 3, 7 + 3), "{seen:?}");
    for bad in ["limit=0", "limit=101", "limit=x", "cursor=x", "cursor="] {
        ada.get(&format!("/notifications?{bad}")).await.is(400);
    }
}
