use events::task::TaskCompleted;
use events::ticket::TicketPurchased;
use events::user::{UserCreated, UserUpdated};
use events::{Draft, Envelope, Event};
use kit::bus::Message;
use kit::correlation::Correlation;
use serde_json::{Value, json};
use sqlx::Row;
use uuid::Uuid;

use crate::support::{Service, until};

fn created(user_id: Uuid, email: &str) -> Draft {
    Draft::from(&UserCreated { user_id, email: email.into(), name: "Ada".into() })
}

fn message(draft: &Draft) -> Message {
    kit::outbox::message("elsewhere", draft, &Correlation::begin())
}

fn texts(notification: &Value) -> (&str, &str, &str) {
    let text = |name: &str| notification[name].as_str().unwrap();
    (text("channel"), text("recipient"), text("subject"))
}

#[tokio::test]
async fn each_event_tells_whom_it_concerns() {
    let service = Service::with(&[]).await;
    let (user, owner, buyer) = (service.caller(), service.caller(), service.caller());
    let ticket_id = Uuid::now_v7();
    service.publish(created(user.id, "ada@example.com")).await;
    let done = TaskCompleted { task_id: Uuid::now_v7(), owner_id: owner.id, title: "Milk".into() };
    service.publish(&done).await;
    service.publish(&TicketPurchased { ticket_id, buyer_id: buyer.id, qty: 2 }).await;

    // Without SMTP settings even a known address is not used.
    for (caller, subject) in
        [(&user, "Welcome, Ada"), (&owner, "Task completed: Milk"), (&buyer, "Your ticket for 2 places")]
    {
        let list = caller.list().await;
        assert_eq!(list.len(), 1);
        assert_eq!(texts(&list[0]), ("log", caller.id.to_string().as_str(), subject));
        let path = format!("/notifications/{}", list[0]["id"].as_str().unwrap());
        caller.becomes(&path, "sent").await;
    }
    let message = buyer.list().await[0]["message"].as_str().unwrap().to_owned();
    assert!(message.contains(&ticket_id.to_string()));
}

#[tokio::test]
async fn the_first_version_of_an_event_is_read_like_the_second() {
    let service = Service::with(&[]).await;
    let user = service.caller();
    let mut first = created(user.id, "ada@example.com");
    first.version = 1;
    first.data = json!({ "user_id": user.id, "email": "ada@example.com", "full_name": "Ada L." });
    service.publish(first).await;
    assert_eq!(texts(&user.list().await[0]).2, "Welcome, Ada L.");
}

#[tokio::test]
async fn the_same_event_tells_once() {
    let service = Service::with(&[]).await;
    let (ada, eve) = (service.caller(), service.caller());
    let (one, other) = (message(&created(ada.id, "ada@example.com")), message(&created(eve.id, "eve@example.com")));
    service.deliver(vec![one.clone(), one.clone(), one.clone()]).await;
    service.deliver(vec![one.clone(), other, one]).await;
    assert_eq!((ada.list().await.len(), eve.list().await.len()), (1, 1));
}

#[tokio::test]
async fn a_large_batch_is_applied_whole() {
    let service = Service::with(&[]).await;
    let buyer = service.caller();
    let bought = |_| message(&Draft::from(&TicketPurchased { ticket_id: Uuid::now_v7(), buyer_id: buyer.id, qty: 1 }));
    service.deliver((0..2_345).map(bought).collect()).await;
    let count = async |condition: &str| {
        let mut connection = service.database.read().await.unwrap();
        let query = format!("SELECT count(*) FROM notifications WHERE {condition}");
        sqlx::query_scalar::<_, i64>(sqlx::AssertSqlSafe(query)).fetch_one(&mut *connection).await.unwrap()
    };
    assert_eq!(count("1 = 1").await, 2_345);
    until(async || (count("status = 'sent'").await == 2_345).then_some(())).await;
}

#[tokio::test]
async fn a_message_that_cannot_be_read_is_put_aside_and_the_rest_flows() {
    let service = Service::with(&[]).await;
    let (ada, eve) = (service.caller(), service.caller());
    let mut poison = message(&created(Uuid::now_v7(), "x@example.com"));
    let mut envelope: Envelope = serde_json::from_slice(&poison.value).unwrap();
    envelope.data = json!({ "user_id": "nobody" });
    poison.value = serde_json::to_vec(&envelope).unwrap();
    let mut newer = envelope.clone();
    (newer.event_id, newer.version) = (Uuid::now_v7(), 3);
    let newer = Message { value: serde_json::to_vec(&newer).unwrap(), ..poison.clone() };
    let garbage = Message { value: b"\xff".to_vec(), ..poison.clone() };
    let good = |user: Uuid| message(&created(user, "good@example.com"));
    service.deliver(vec![good(ada.id), poison.clone(), newer, garbage, good(eve.id)]).await;
    assert_eq!((ada.list().await.len(), eve.list().await.len()), (1, 1));

    let mut connection = service.database.read().await.unwrap();
    let query = sqlx::query("SELECT * FROM outbox WHERE topic = 'user.events.dlq' ORDER BY seq");
    let letters = query.fetch_all(&mut *connection).await.unwrap();
    let mut errors = Vec::new();
    for letter in &letters {
        let headers: Value = serde_json::from_str(&letter.get::<String, _>("headers")).unwrap();
        assert_eq!((&headers["topic"], &headers["partition"]), (&json!("user.events"), &json!("0")));
        assert!(headers["offset"].as_str().unwrap().parse::<i64>().is_ok());
        assert_eq!(letter.get::<String, _>("key"), poison.key);
        errors.push(headers["error"].as_str().unwrap().to_owned());
    }
    // What is no envelope at all is known first.
    assert_eq!(errors.len(), 3, "{errors:?}");
    assert!(errors[0].contains("not an envelope"), "{errors:?}");
    assert!(errors[1].contains("UserCreated version 2 cannot be read"), "{errors:?}");
    assert!(errors[2].contains("has version 3"), "{errors:?}");
    assert_eq!(letters[1].get::<Vec<u8>, _>("value"), poison.value);
}

#[tokio::test]
async fn what_another_service_wrote_breaks_nothing() {
    let service = Service::with(&[]).await;
    let ada = service.caller();
    let title = format!("a\0b\r\nBcc: eve@example.com {}", "x".repeat(20_000));
    service.publish(&TaskCompleted { task_id: Uuid::now_v7(), owner_id: ada.id, title }).await;
    service.publish(created(ada.id, "no address")).await;
    let unknown = Draft { event_type: "UserVanished", ..created(ada.id, "x") };
    service.publish(unknown).await;
    let list = ada.list().await;
    assert_eq!(list.len(), 2);
    let subject = list[0]["subject"].as_str().unwrap();
    assert!(subject.starts_with("Task completed: abBcc: eve@example.com xxx"), "{subject}");
    assert_eq!(subject.chars().count(), 200);
    assert_eq!(texts(&list[1]).0, "log");
}

/// From the request that registered a user to the event that tells of the notification.
#[tokio::test]
async fn what_is_sent_is_told_with_the_correlation_of_what_led_to_it() {
    let service = Service::with(&[]).await;
    let mut subscription = service.bus.subscribe("test", &["notification.events"]).unwrap();
    let user = service.caller();
    service.publish(created(user.id, "ada@example.com")).await;
    let told = tokio::time::timeout(crate::support::DEADLINE, subscription.next()).await.expect("nothing was told");
    subscription.done();
    let [delivery] = told.as_slice() else { panic!("{told:?}") };
    let envelope: Envelope = serde_json::from_slice(&delivery.message.value).unwrap();
    let sent: events::notification::NotificationSent = envelope.read().unwrap();
    assert_eq!((sent.owner_id, sent.channel.as_str()), (user.id, "log"));
    assert_eq!(delivery.message.key, sent.notification_id.to_string());
    assert_eq!(envelope.correlation_id, "request-1");
    assert_eq!(delivery.message.headers["traceparent"], "00-abc-def-01");

    let path = user.notify("log", "Ada").await;
    user.send_now(&path).await.is(200);
    let told = tokio::time::timeout(crate::support::DEADLINE, subscription.next()).await.expect("nothing was told");
    subscription.done();
    assert_eq!(told.len(), 1);
    assert_eq!(UserUpdated::TOPIC, UserCreated::TOPIC, "one subscription has both");
}
