use aws_lc_rs::hmac;
use axum::http::HeaderMap;
use jiff::Timestamp;
use serde_json::Value;

use crate::receiver::{Receiver, Silent};
use crate::support::{Caller, Service, content, until};

const SECRET: &str = "a secret of the test";

async fn service(more: &[(&str, &str)]) -> Service {
    let mut pairs = vec![("WEBHOOK_SECRET", SECRET), ("WEBHOOK_ALLOW_PRIVATE", "true"), ("DELIVERY_BACKOFF", "5ms")];
    pairs.extend_from_slice(more);
    Service::with(&pairs).await
}

/// As a receiver checks it: the time is now, and the hexadecimal code that of `TIME.BODY`.
fn verify(headers: &HeaderMap, body: &[u8]) {
    let signature = headers["x-signature"].to_str().unwrap();
    let (time, code) = signature.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    let age = Timestamp::now().as_second() - time.parse::<i64>().unwrap();
    assert!((0..=30).contains(&age), "signed {age} s ago");
    let code: Vec<u8> =
        (0..code.len()).step_by(2).map(|at| u8::from_str_radix(&code[at..at + 2], 16).unwrap()).collect();
    let signed = [time.as_bytes(), b".", body].concat();
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    hmac::verify(&key, &signed, &code).expect("another secret or another body");
}

/// A service, a receiver that has answered so, whose notification it was, and its path.
async fn sent_after(answers: &[u16]) -> (Service, Receiver, Caller, String) {
    let service = service(&[]).await;
    let (receiver, url) = Receiver::start(answers).await;
    let ada = service.caller();
    let path = ada.notify("webhook", &url).await;
    ada.becomes(&path, "sent").await;
    (service, receiver, ada, path)
}

#[tokio::test]
async fn a_webhook_is_signed_and_bears_its_key() {
    let (_service, receiver, ada, path) = sent_after(&[]).await;
    let calls = receiver.calls.lock().unwrap().clone();
    let [(headers, body)] = calls.as_slice() else { panic!("{calls:?}") };
    verify(headers, body);
    let made = ada.get(&path).await.is(200);
    assert_eq!(headers["idempotency-key"].to_str().unwrap(), made.text("id"));
    assert_eq!(headers["content-type"], "application/json");
    let body: Value = serde_json::from_slice(body).unwrap();
    for name in ["id", "subject", "message", "created_at"] {
        assert_eq!(body[name], made.body[name], "{name}");
    }
}

#[tokio::test]
async fn what_fails_is_tried_again_until_it_is_sent() {
    let (_service, receiver, ada, path) = sent_after(&[500, 302, 429, 404]).await;
    assert_eq!(receiver.count(), 5, "a redirect is not followed");
    let sent = ada.get(&path).await.is(200).body;
    assert_eq!((&sent["attempts"], &sent["error"]), (&5.into(), &Value::Null));
    let calls = receiver.calls.lock().unwrap().clone();
    assert!(calls.iter().all(|(headers, _)| headers["idempotency-key"] == calls[0].0["idempotency-key"]));
    for (headers, body) in &calls {
        verify(headers, body);
    }
}

#[tokio::test]
async fn what_always_fails_has_failed_with_the_reason_and_can_be_sent_again() {
    let service = service(&[("DELIVERY_ATTEMPTS", "3")]).await;
    let (receiver, url) = Receiver::start(&[503; 4]).await;
    let ada = service.caller();
    let path = ada.notify("webhook", &url).await;
    let failed = ada.becomes(&path, "failed").await;
    assert_eq!((failed["error"].as_str(), &failed["attempts"]), (Some("the receiver answered 503"), &3.into()));
    assert_eq!(receiver.count(), 3);

    let sent = ada.send_now(&path).await.is(200);
    assert_eq!((sent.text("status"), sent.text("error")), ("pending".into(), "the receiver answered 503".into()));
    let sent = ada.becomes(&path, "sent").await;
    assert_eq!((&sent["attempts"], receiver.count()), (&2.into(), 5), "its attempts began anew");
}

#[tokio::test]
async fn asking_for_a_pending_one_does_not_wait_for_its_time() {
    let service = service(&[("DELIVERY_BACKOFF", "1h")]).await;
    let (receiver, url) = Receiver::start(&[500]).await;
    let ada = service.caller();
    let path = ada.notify("webhook", &url).await;
    until(async || (ada.get(&path).await.body["attempts"] == 1).then_some(())).await;
    let sent = ada.send_now(&path).await.is(200);
    assert_eq!((sent.text("status"), receiver.count()), ("sent".into(), 2));
}

#[tokio::test]
async fn one_that_hangs_is_given_up_and_holds_nobody_up() {
    let pairs = [("DELIVERY_TIMEOUT", "2s"), ("DELIVERY_ATTEMPTS", "1")];
    let service = service(&pairs).await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let ada = service.caller();
    let hanging = ada.notify("webhook", &format!("http://{}/", silent.local_addr().unwrap())).await;
    let quick = ada.notify("log", "Ada").await;
    ada.becomes(&quick, "sent").await;
    assert_eq!(ada.get(&hanging).await.text("status"), "pending");
    let failed = ada.becomes(&hanging, "failed").await;
    assert!(failed["error"].as_str().unwrap().ends_with("did not answer in time"), "{failed}");
}

/// More than are delivered at once in all, to a receiver that takes connections and never answers.
#[tokio::test]
async fn an_owner_whose_receivers_hang_holds_up_only_itself() {
    let service = service(&[("DELIVERY_TIMEOUT", "20s")]).await;
    let silent = Silent::start().await;
    let eve = service.caller();
    for _ in 0..300 {
        eve.notify("webhook", &silent.url).await;
    }
    until(async || (silent.taken() >= 8).then_some(())).await;
    let (receiver, url) = Receiver::start(&[]).await;
    let ada = service.caller();
    let started = std::time::Instant::now();
    let path = ada.notify("webhook", &url).await;
    ada.becomes(&path, "sent").await;
    // Whatever else of hers comes is as quick.
    let own = eve.notify("log", "Eve").await;
    eve.becomes(&own, "sent").await;
    assert!(started.elapsed().as_secs() < 15, "they waited for one that hung to be given up");
    assert_eq!((receiver.count(), silent.taken()), (1, 8));
}

#[tokio::test]
async fn a_private_receiver_is_not_called_unless_allowed() {
    let service = Service::with(&[("WEBHOOK_SECRET", SECRET), ("DELIVERY_BACKOFF", "5ms")]).await;
    let (receiver, url) = Receiver::start(&[]).await;
    let ada = service.caller();
    let refused = ada.post("/notifications", &content("webhook", &url)).await;
    refused.fails(400, "validation_failed");
    // A name shows only later where it leads.
    let path = ada.notify("webhook", &url.replace("127.0.0.1", "localhost")).await;
    let failed = ada.becomes(&path, "failed").await;
    assert_eq!(
        (failed["error"].as_str(), &failed["attempts"]),
        (Some("the receiver's address is not a public one"), &1.into())
    );
    assert_eq!(receiver.count(), 0);
}
