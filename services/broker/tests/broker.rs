//! The binary: a broker that other processes reach, and dead letters listed and replayed.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a helper of tests says what it means by panicking")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use kit::bus::{Bus, Delivery, KafkaBus, KafkaSettings, Message, Subscription};
use kit::consumer::dead_letter;
use kit::metrics::Metrics;
use kit::outbox;
use kit::testing::{TestDatabase, required};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use uuid::Uuid;

const DEADLINE: Duration = Duration::from_mins(1);

/// The broker's process, killed when this value goes, and its address.
struct Broker(Child, String);

impl Broker {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_broker")).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("broker listening on ").expect("one line with the address");
        assert!(address.starts_with("127.0.0.1:"), "{address}");
        Self(child, address.to_owned())
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn bus(address: &str) -> Bus {
    let settings = KafkaSettings::parse(address).unwrap().with_session_timeout(Duration::from_secs(6));
    Bus::Kafka(KafkaBus::connect(&settings, &Metrics::default()).unwrap())
}

/// Three dead letters of a topic of their own, and the messages that they were.
fn letters() -> (String, Vec<Message>, Vec<Message>) {
    let topic = format!("poison-{}", Uuid::now_v7().simple());
    let message = |n: i64| Message {
        topic: topic.clone(),
        key: format!("key {n}"),
        value: format!(r#"{{"event_type":"Poisoned","n":{n}}}"#).into_bytes(),
        headers: BTreeMap::from([("traceparent".to_owned(), format!("00-{n}-2-01"))]),
    };
    let messages: Vec<_> = (0..3).map(message).collect();
    let letter = |(offset, message): (i64, &Message)| {
        dead_letter(&Delivery { message: message.clone(), partition: 1, offset }, "not\tgood")
    };
    (topic.clone(), messages.clone(), (0..).zip(&messages).map(letter).collect())
}

/// What `broker dlq ARGUMENTS` prints.
fn dlq(arguments: &[&str]) -> Vec<String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_broker"));
    let output = command.arg("dlq").args(arguments).env_remove("KAFKA_BOOTSTRAP_SERVERS").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

async fn take(subscription: &mut Subscription, count: usize) -> Vec<Message> {
    let mut taken = Vec::new();
    while taken.len() < count {
        let next = tokio::time::timeout(DEADLINE, subscription.next()).await.expect("messages come");
        taken.extend(next.into_iter().map(|delivery| delivery.message));
    }
    taken.sort_by(|one, other| one.key.cmp(&other.key));
    taken
}

#[tokio::test(flavor = "multi_thread")]
async fn other_processes_reach_it_and_it_ends_by_a_signal() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut broker = Broker::start();
        let bus = bus(&broker.1);
        let (topic, messages, _) = letters();
        let mut subscription = bus.subscribe("group", &[&topic]).unwrap();
        bus.publish(messages.clone()).await.unwrap();
        assert_eq!(take(&mut subscription, 3).await, messages);
        subscription.close().await;
        kill(Pid::from_raw(i32::try_from(broker.0.id()).unwrap()), signal).unwrap();
        assert_eq!(broker.0.wait().unwrap().code(), Some(0), "{signal}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_of_the_embedded_broker_are_replayed() {
    let broker = Broker::start();
    replayed(&broker.1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_of_kafka_are_replayed() {
    if let Some(servers) = required("TEST_KAFKA") {
        replayed(&servers).await;
    }
}

async fn replayed(servers: &str) {
    let bus = bus(servers);
    let (topic, messages, letters) = letters();
    let mut subscription = bus.subscribe(&format!("group-{topic}"), &[&topic]).unwrap();
    bus.publish(letters).await.unwrap();
    let list = |limit: &str| dlq(&["list", "--bootstrap", servers, "--topic", &topic, "--limit", limit]);
    let lines = list("9");
    assert_eq!(lines.last().unwrap(), "3 found");
    assert_eq!(list("2").last().unwrap(), "2 found");
    for n in 0..3 {
        let line = lines.iter().find(|line| line.contains(&format!("key {n}"))).expect("each key is listed");
        let columns: Vec<_> = line.split('\t').collect();
        assert_eq!(columns[0], format!("{topic}.dlq"));
        assert!(columns[1].parse::<u32>().is_ok() && columns[2].parse::<u64>().is_ok(), "{line}");
        assert_eq!(columns[4..], ["Poisoned", "not good"]);
    }
    // One, then the rest, and then there is none: each is replayed once.
    let replay = |limit: &str| dlq(&["replay", "--bootstrap", servers, "--topic", &topic, "--limit", limit]);
    assert_eq!(replay("1").last().unwrap(), "1 replayed");
    assert_eq!(list("9").last().unwrap(), "2 found");
    assert_eq!(replay("9").last().unwrap(), "2 replayed");
    assert_eq!(replay("9"), ["0 replayed"]);
    assert_eq!(take(&mut subscription, 3).await, messages);
    subscription.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_of_a_database_get_their_topic_back() {
    let kept = TestDatabase::sqlite();
    let database = kept.open().await;
    kit::migrate::migrate(&database, &[]).await.unwrap();
    let (topic, messages, letters) = letters();
    let other = Message { topic: "other.events".into(), ..messages[0].clone() };
    let mut transaction = database.write().await.unwrap();
    outbox::append(&mut transaction, &[letters, vec![other.clone()]].concat()).await.unwrap();
    transaction.commit().await.unwrap();

    let url = format!("sqlite://{}", kept.settings.display());
    let lines = dlq(&["list", "--database", &url]);
    assert_eq!(lines.last().unwrap(), "3 found");
    assert_eq!(lines[0], format!("{topic}.dlq\toutbox\t1\tkey 0\tPoisoned\tnot good"));
    assert_eq!(dlq(&["list", "--database", &url, "--topic", "else"]), ["0 found"]);
    assert_eq!(dlq(&["replay", "--database", &url, "--topic", &topic, "--limit", "2"]).last().unwrap(), "2 replayed");
    assert_eq!(dlq(&["list", "--database", &url]).last().unwrap(), "1 found");

    let mut connection = database.read().await.unwrap();
    let query = "SELECT topic, headers FROM outbox ORDER BY seq";
    let rows: Vec<(String, String)> = sqlx::query_as(query).fetch_all(&mut *connection).await.unwrap();
    let topics: Vec<_> = rows.iter().map(|(topic, _)| topic.as_str()).collect();
    assert_eq!(topics, [&topic, &topic, &format!("{topic}.dlq"), "other.events"]);
    assert_eq!(rows[0].1, r#"{"traceparent":"00-0-2-01"}"#);
}

#[test]
fn it_says_where_it_cannot_look() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_broker"));
    let output = command.args(["dlq", "list"]).env_remove("KAFKA_BOOTSTRAP_SERVERS").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("--bootstrap"));
}
