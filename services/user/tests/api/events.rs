use std::time::Duration;

use events::Envelope;
use events::user::{TOPIC, UserCreated, UserUpdated};
use kit::bus::{Bus, MemoryBus, Subscription};
use serde_json::json;

use crate::support::{ADMIN, PASSWORD, Service, post};

/// A service and one who listens to its events.
async fn overheard(pairs: &[(&'static str, &'static str)]) -> (Service, Subscription) {
    let bus = Bus::Memory(MemoryBus::default());
    let subscription = bus.subscribe("test", &[TOPIC]).unwrap();
    (Service::on(bus, pairs).await, subscription)
}

/// The next `count` events.
async fn heard(subscription: &mut Subscription, count: usize) -> Vec<Envelope> {
    let mut events = Vec::new();
    while events.len() < count {
        let next = tokio::time::timeout(Duration::from_secs(10), subscription.next()).await;
        for delivery in next.unwrap_or_else(|_| panic!("only {events:?} came")) {
            let envelope: Envelope = serde_json::from_slice(&delivery.message.value).unwrap();
            assert_eq!(delivery.message.key, envelope.aggregate_id);
            events.push(envelope);
        }
        subscription.done();
    }
    assert_eq!(events.len(), count, "{events:?}");
    events
}

#[tokio::test]
async fn a_users_story_is_told_in_its_order() {
    let (service, mut subscription) = overheard(&[]).await;
    let admin = heard(&mut subscription, 1).await.remove(0);
    assert_eq!(admin.read::<UserCreated>().unwrap().email, ADMIN.0);

    let body = json!({ "email": "Ada@example.com", "password": PASSWORD, "name": "Ada" });
    let mut request = post("/users", &body);
    request.headers_mut().insert("x-request-id", "the-request-7".parse().unwrap());
    let id = service.send(request).await.is(201).text("id");
    let token = service.token("ada@example.com").await;
    let change = json!({ "email": "Ada@example.com", "name": "Ada L." });
    service.put_as(&format!("/users/{id}"), &token, change.clone()).await.is(200);
    // What changes nothing is not told.
    service.put_as(&format!("/users/{id}"), &token, change).await.is(200);
    let change = json!({ "email": "ada@example.com", "name": "Ada L." });
    service.put_as(&format!("/users/{id}"), &token, change).await.is(200);

    let [created, updated, last] = <[Envelope; 3]>::try_from(heard(&mut subscription, 3).await).unwrap();
    assert_eq!((created.event_type.as_str(), created.version), ("UserCreated", 2));
    assert_eq!((created.service_name.as_str(), created.aggregate_type.as_str()), ("user", "user"));
    assert_eq!(created.aggregate_id, id);
    assert_eq!(created.correlation_id, "the-request-7");
    let told = created.read::<UserCreated>().unwrap();
    assert_eq!((told.user_id.to_string(), told.email.as_str(), told.name.as_str()), (id, "Ada@example.com", "Ada"));
    let told = updated.read::<UserUpdated>().unwrap();
    assert_eq!((told.email.as_str(), told.name.as_str()), ("Ada@example.com", "Ada L."));
    assert_eq!(last.read::<UserUpdated>().unwrap().email, "ada@example.com");
    assert!(!created.data.to_string().contains(PASSWORD) && !created.data.to_string().contains("argon2"));
}

#[tokio::test]
async fn what_did_not_happen_is_not_told() {
    let (service, mut subscription) = overheard(&[]).await;
    service.register("ada@example.com").await;
    let bob = service.register("bob@example.com").await;
    let again = json!({ "email": "ADA@example.com", "password": PASSWORD, "name": "Eve" });
    service.post("/users", again).await.fails(409, "email_taken");
    let token = service.token("bob@example.com").await;
    let path = format!("/users/{bob}");
    let change = |email: &str| json!({ "email": email, "name": "Bob" });
    service.put_as(&path, &token, change("ada@example.com")).await.fails(409, "email_taken");
    let stale = service.put_if(&path, &token, Some("\"7\""), change("bob@example.org")).await;
    stale.fails(412, "precondition_failed");
    service.put_as(&path, &token, change("bob@example.net")).await.is(200);
    let told = heard(&mut subscription, 4).await;
    let types: Vec<&str> = told.iter().map(|event| event.event_type.as_str()).collect();
    assert_eq!(types, ["UserCreated", "UserCreated", "UserCreated", "UserUpdated"]);
    assert_eq!(told[3].read::<UserUpdated>().unwrap().email, "bob@example.net");
}

#[tokio::test]
async fn an_event_outlives_the_process_that_wrote_it() {
    let service = Service::start().await;
    service.register("ada@example.com").await;
    let bus = Bus::Memory(MemoryBus::default());
    let mut subscription = bus.subscribe("test", &[TOPIC]).unwrap();
    let _service = service.restart_on(bus).await;
    let told = heard(&mut subscription, 2).await;
    assert_eq!(told[1].read::<UserCreated>().unwrap().email, "ada@example.com");
}
