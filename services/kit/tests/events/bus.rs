//! What every bus promises.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kit::bus::{Message, Subscription};

use crate::support::{DEADLINE, Place, eventually, message, take};

/// The values of each key, as they came.
fn by_key(deliveries: &[kit::bus::Delivery]) -> BTreeMap<String, Vec<usize>> {
    let mut keys = BTreeMap::<_, Vec<_>>::new();
    for kit::bus::Delivery { message, .. } in deliveries {
        let number = String::from_utf8(message.value.clone()).unwrap().parse().unwrap();
        keys.entry(message.key.clone()).or_default().push(number);
    }
    keys
}

pub(crate) async fn keys_keep_their_order(place: &Place) {
    const KEYS: usize = 37;
    const EACH: usize = 40;
    let topic = place.named("order");
    let mut subscription = place.subscribe("a", &[&topic]);
    let all: Vec<Message> =
        (0..KEYS * EACH).map(|n| message(&topic, &format!("key {}", n % KEYS), &n.to_string())).collect();
    let (bus, some) = (place.bus(), all.clone());
    let publishing = tokio::spawn(async move {
        for messages in some.chunks(251) {
            bus.publish(messages.to_vec()).await.unwrap();
        }
    });
    let taken = take(&mut subscription, KEYS * EACH).await;
    publishing.await.unwrap();
    assert_eq!(taken.len(), KEYS * EACH);
    let keys = by_key(&taken);
    assert_eq!(keys.len(), KEYS);
    for (key, numbers) in keys {
        assert!(numbers.is_sorted() && numbers.len() == EACH, "{key}: {numbers:?}");
    }
}

pub(crate) async fn headers_travel(place: &Place) {
    let topic = place.named("headers");
    let mut subscription = place.subscribe("a", &[&topic]);
    let headers = BTreeMap::from([
        ("traceparent".to_owned(), "00-1-2-01".to_owned()),
        ("error".to_owned(), "ein Fehler: äöü".to_owned()),
        ("empty".to_owned(), String::new()),
    ]);
    // A key may be empty, and a body any bytes.
    let sent = Message { topic: topic.clone(), key: String::new(), value: vec![0, 255, 10], headers };
    let publishing = place.publish(vec![sent.clone()]);
    let taken = take(&mut subscription, 1).await;
    publishing.await.unwrap();
    assert_eq!(taken[0].message, sent);
}

pub(crate) async fn other_groups_get_all(place: &Place) {
    let topic = place.named("groups");
    let (mut one, mut other) = (place.subscribe("one", &[&topic]), place.subscribe("other", &[&topic]));
    let publishing = place.publish((0..50).map(|n| message(&topic, &n.to_string(), &n.to_string())).collect());
    let (one, other) = tokio::join!(take(&mut one, 50), take(&mut other, 50));
    publishing.await.unwrap();
    assert_eq!(by_key(&one), by_key(&other));
    assert_eq!(one.len(), 50);
}

pub(crate) async fn a_group_shares(place: &Place) {
    let topic = place.named("shared");
    let (mut one, mut other) = (place.subscribe("a", &[&topic]), place.subscribe("a", &[&topic]));
    // The topic is made, and both come to have a part of it: each has got something.
    let (mut had, mut has_had) = (0, 0);
    let mut round = 0;
    eventually("both of a group have a part", async || {
        round += 1;
        let messages = (0..40).map(|n| message(&topic, &format!("{round} {n}"), "0")).collect();
        place.publish(messages).await.unwrap();
        let wait = Duration::from_millis(500);
        let count = async |subscription: &mut Subscription| {
            let got = tokio::time::timeout(wait, subscription.next()).await.map_or(0, |got| got.len());
            subscription.done();
            got
        };
        (had, has_had) = tokio::join!(count(&mut one), count(&mut other));
        had > 0 && has_had > 0
    })
    .await;
    // What comes then comes once, to the one or the other.
    let all: Vec<_> = (0..200).map(|n| message(&topic, &format!("last {n}"), &n.to_string())).collect();
    place.publish(all).await.unwrap();
    let (mut taken, mut parts) = (Vec::new(), [0, 0]);
    eventually("all came", async || {
        let (part, got) = tokio::select! {
            got = one.next() => (0, got),
            got = other.next() => (1, got),
        };
        one.done();
        other.done();
        let got: Vec<_> = got.into_iter().filter(|delivery| delivery.message.key.starts_with("last")).collect();
        parts[part] += got.len();
        taken.extend(got);
        taken.len() >= 200
    })
    .await;
    assert_eq!((by_key(&taken).len(), taken.len()), (200, 200));
    assert!(parts.iter().all(|part| *part > 0), "{parts:?}");
}

pub(crate) async fn a_new_group_begins_at_the_beginning(place: &Place) {
    let topic = place.named("earlier");
    place.publish((0..20).map(|n| message(&topic, "k", &n.to_string())).collect()).await.unwrap();
    let taken = take(&mut place.subscribe("late", &[&topic]), 20).await;
    assert_eq!(by_key(&taken)["k"], (0..20).collect::<Vec<_>>());
}

pub(crate) async fn a_later_topic_is_noticed(place: &Place) {
    let (now, later) = (place.named("now"), place.named("later"));
    let mut subscription = place.subscribe("a", &[&now, &later]);
    place.publish(vec![message(&now, "k", "0")]).await.unwrap();
    // It is a member of its group from here on, and knows one topic.
    take(&mut subscription, 1).await;
    place.publish(vec![message(&later, "k", "1")]).await.unwrap();
    let began = Instant::now();
    take(&mut subscription, 1).await;
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

pub(crate) async fn what_is_not_done_comes_again(place: &Place) {
    let topic = place.named("again");
    place.publish((0..10).map(|n| message(&topic, "k", &n.to_string())).collect()).await.unwrap();
    // Each has what the one before it had only because that one said that it goes.
    let bus = place.patient();
    let first = async |done: bool| {
        let mut subscription = bus.subscribe(&place.named("a"), &[&topic]).unwrap();
        let got = tokio::time::timeout(DEADLINE, subscription.next()).await.unwrap();
        if done {
            subscription.done();
        }
        subscription.close().await;
        got
    };
    let given = first(false).await;
    let again = first(true).await;
    assert_eq!(again[0], given[0]);
    place.publish(vec![message(&topic, "k", "10")]).await.unwrap();
    let next = first(false).await;
    assert_eq!(next[0].offset, again.last().unwrap().offset + 1);
}

pub(crate) async fn lag_is_measured(place: &Place) {
    let topic = place.named("lag");
    place.publish((0..30).map(|n| message(&topic, "k", &n.to_string())).collect()).await.unwrap();
    let mut subscription = place.subscribe("a", &[&topic]);
    // Of all partitions together: the key has one of them, and the others are empty.
    let lag = || -> Option<i64> {
        let metrics = place.metrics.encode();
        let lines = metrics.lines().filter(|line| line.starts_with("events_consumer_lag{") && line.contains(&topic));
        let values: Vec<i64> = lines.map(|line| line.rsplit(' ').next().unwrap().parse().unwrap()).collect();
        (values.len() == 4).then(|| values.iter().sum())
    };
    let becomes = async |expected| eventually(&format!("a lag of {expected}"), async || lag() == Some(expected)).await;
    // What was given is being applied from here on: it is stuck, and the broker gets more.
    let first = tokio::time::timeout(DEADLINE, subscription.next()).await.unwrap();
    becomes(30).await;
    place.publish(vec![message(&topic, "k", "30")]).await.unwrap();
    becomes(31).await;
    subscription.done();
    let left = 31 - i64::try_from(first.len()).unwrap();
    becomes(left).await;
    take(&mut subscription, usize::try_from(left).unwrap()).await;
    // Nobody waits for anything any more.
    becomes(0).await;
    subscription.close().await;
}
