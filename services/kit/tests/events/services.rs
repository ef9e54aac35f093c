//! What services promise on every bus: from an outbox to an effect.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use kit::consumer::Failure;
use sqlx::Row as _;

use crate::support::{Place, Service, event, eventually, message, take};

pub(crate) async fn events_travel(place: &Place) {
    let topic = place.named("travel");
    let service = Service::start(place, &topic, |_| Ok(Vec::new())).await;
    let numbers: Vec<_> = (0..300).collect();
    for some in numbers.chunks(7) {
        service.write(&some.iter().map(|n| event(&topic, "k", *n)).collect::<Vec<_>>()).await;
    }
    service.waits_for(&numbers).await;
    // Published again, an event has no second effect.
    let again = event(&topic, "k", 1_000);
    service.write(&[again.clone(), again.clone(), event(&topic, "k", 1_001)]).await;
    service.write(&[again, event(&topic, "k", 1_002)]).await;
    service.waits_for(&[numbers, vec![1_000, 1_001, 1_002]].concat()).await;
    let waiting = async || {
        let mut connection = service.database.read().await.unwrap();
        sqlx::query_scalar::<_, i64>("SELECT count(*) FROM outbox").fetch_one(&mut *connection).await.unwrap()
    };
    eventually("an empty outbox", async || waiting().await == 0).await;
    service.stop().await;
}

pub(crate) async fn what_cannot_be_applied_is_put_aside(place: &Place) {
    let topic = place.named("poison");
    let letters = format!("{topic}.dlq");
    let mut aside = place.subscribe("aside", &[&letters]);
    let service = Service::start(place, &topic, |event| match event.envelope.data["number"].as_u64() {
        Some(3) => Err(Failure::Refused("three is too many".into())),
        _ => Ok(Vec::new()),
    })
    .await;
    let poison = event(&topic, "k", 3);
    let garbage = message(&topic, "g", "no envelope");
    let began = Instant::now();
    service.write(&[event(&topic, "k", 2), poison.clone(), garbage.clone(), event(&topic, "k", 4)]).await;
    service.waits_for(&[2, 4]).await;
    println!("flows on after {:?}", began.elapsed());

    // In memory they stay with the service; a broker keeps them on a topic.
    let mut found = if place.is_memory() {
        stay(&service, &letters, 2).await
    } else {
        take(&mut aside, 2).await.into_iter().map(|delivery| delivery.message).collect()
    };
    found.sort_by_key(|letter| letter.key != "k");
    for (letter, (sent, reason)) in found.iter().zip([(&poison, "three is too many"), (&garbage, "not an envelope")]) {
        assert_eq!((&letter.topic, &letter.key, &letter.value), (&letters, &sent.key, &sent.value));
        assert!(letter.headers["error"].contains(reason), "{letter:?}");
        assert_eq!(letter.headers["topic"], topic);
        assert!(letter.headers["partition"].parse::<i32>().is_ok(), "{letter:?}");
        assert!(letter.headers["offset"].parse::<i64>().is_ok(), "{letter:?}");
        assert_eq!(letter.headers.get("traceparent"), sent.headers.get("traceparent"));
    }
    service.stop().await;
}

/// The dead letters in a service's outbox, once there are `count`.
async fn stay(service: &Service, topic: &str, count: usize) -> Vec<kit::bus::Message> {
    let mut found = Vec::new();
    eventually("dead letters in the outbox", async || {
        let mut connection = service.database.read().await.unwrap();
        let query =
            sqlx::query("SELECT topic, key, value, headers FROM outbox WHERE topic = $1").bind(topic.to_owned());
        let rows = query.fetch_all(&mut *connection).await.unwrap();
        let letter = |row: &kit::database::Row| kit::bus::Message {
            topic: row.get("topic"),
            key: row.get("key"),
            value: row.get("value"),
            headers: serde_json::from_str(&row.get::<String, _>("headers")).unwrap(),
        };
        found = rows.iter().map(letter).collect();
        found.len() >= count
    })
    .await;
    found
}

pub(crate) async fn what_cannot_be_applied_now_waits(place: &Place) {
    let topic = place.named("transient");
    let tries = Arc::new(AtomicU32::new(0));
    let service = Service::start(place, &topic, {
        let tries = Arc::clone(&tries);
        move |_| {
            // More often than a message that is refused is tried.
            let away = tries.fetch_add(1, Ordering::SeqCst) < 7;
            if away { Err(Failure::Unavailable("the database is away".into())) } else { Ok(Vec::new()) }
        }
    })
    .await;
    service.write(&[1, 2, 3].map(|n| event(&topic, "k", n))).await;
    service.waits_for(&[1, 2, 3]).await;
    assert!(tries.load(Ordering::SeqCst) > 7);
    service.stop().await;
}

pub(crate) async fn the_request_is_known_to_the_last(place: &Place) {
    let (first, second) = (place.named("first"), place.named("second"));
    let mut last = place.subscribe("last", &[&second]);
    let caused: &'static str = String::leak(second.clone());
    let service = Service::start(place, &first, move |event| {
        Ok(vec![events::Draft {
            topic: caused,
            event_type: "Caused",
            version: 1,
            aggregate_type: "thing",
            aggregate_id: "k".into(),
            data: event.envelope.data.clone(),
        }])
    })
    .await;
    // Together, so that they are handled in one batch, and each stays part of its own request.
    service.write(&[7, 8, 9].map(|n| event(&first, "k", n))).await;
    let taken = take(&mut last, 3).await;
    for (delivery, number) in taken.iter().zip([7, 8, 9]) {
        let envelope: events::Envelope = serde_json::from_slice(&delivery.message.value).unwrap();
        assert_eq!(envelope.data["number"], number);
        assert_eq!(envelope.correlation_id, format!("request-{number}"));
        assert_eq!(delivery.message.headers["traceparent"], format!("00-{number:032x}-01"));
    }
    service.stop().await;
}
