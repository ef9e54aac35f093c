//! Where the tests run: in memory, on the embedded broker, on a real Kafka.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use axum::Router;
use kit::bus::{Bus, Delivery, KafkaBus, KafkaSettings, MemoryBus, Message, Subscription};
use kit::consumer::{Failure, Handler, Received};
use kit::correlation::Correlation;
use kit::database::Database;
use kit::metrics::Metrics;
use kit::serve::Running;
use kit::testing::{TestDatabase, context, required};
use kit::{About, Module, inbox, outbox};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use tempfile::TempDir;
use uuid::Uuid;

/// Long, because a loaded machine is slow and not wrong.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);
const ABOUT: About = About { name: "test", version: "0.0.0", port: 0, settings: &[] };

/// A bus, and names on it that are this test's own.
pub(crate) struct Place {
    bus: Bus,
    pub(crate) metrics: Metrics,
    prefix: String,
    servers: String,
    cluster: Option<MockCluster<'static, DefaultProducerContext>>,
}

impl Place {
    pub(crate) fn memory() -> Self {
        Self::new(Bus::Memory(MemoryBus::default()), Metrics::default(), "", None)
    }

    pub(crate) fn embedded() -> Self {
        let cluster = MockCluster::new(1).unwrap();
        Self::at(&cluster.bootstrap_servers(), Some(cluster))
    }

    pub(crate) fn kafka() -> Option<Self> {
        Some(Self::at(&required("TEST_KAFKA")?, None))
    }

    fn at(servers: &str, cluster: Option<MockCluster<'static, DefaultProducerContext>>) -> Self {
        // The embedded broker has the first of a group wait 3 s, and forgets one whose session is shorter.
        let metrics = Metrics::default();
        Self::new(connect(servers, Duration::from_secs(6), &metrics), metrics, servers, cluster)
    }

    fn new(
        bus: Bus,
        metrics: Metrics,
        servers: &str,
        cluster: Option<MockCluster<'static, DefaultProducerContext>>,
    ) -> Self {
        let prefix = Uuid::now_v7().simple().to_string();
        Self { bus, metrics, prefix, servers: servers.to_owned(), cluster }
    }

    /// The same broker, which misses a consumer that went without a word only after this test. The embedded
    /// one takes a session's time even when it was told.
    pub(crate) fn patient(&self) -> Bus {
        if self.cluster.is_some() {
            return self.bus();
        }
        connect(&self.servers, DEADLINE * 2, &Metrics::default())
    }

    pub(crate) fn bus(&self) -> Bus {
        self.bus.clone()
    }

    pub(crate) fn is_memory(&self) -> bool {
        matches!(self.bus, Bus::Memory(_))
    }

    /// A topic or a group that no other test has.
    pub(crate) fn named(&self, name: &str) -> String {
        format!("{name}-{}", self.prefix)
    }

    pub(crate) fn subscribe(&self, group: &str, topics: &[&str]) -> Subscription {
        self.bus.subscribe(&self.named(group), topics).unwrap()
    }

    /// Publishes, beside what the test does next: in memory that ends only when all is applied.
    pub(crate) fn publish(&self, messages: Vec<Message>) -> tokio::task::JoinHandle<()> {
        let bus = self.bus();
        tokio::spawn(async move { bus.publish(messages).await.unwrap() })
    }
}

fn connect(servers: &str, session_timeout: Duration, metrics: &Metrics) -> Bus {
    let settings = KafkaSettings::parse(servers).unwrap().with_session_timeout(session_timeout);
    Bus::Kafka(KafkaBus::connect(&settings, metrics).unwrap())
}

/// A message of text.
pub(crate) fn message(topic: &str, key: &str, value: &str) -> Message {
    Message { topic: topic.into(), key: key.into(), value: value.into(), headers: BTreeMap::new() }
}

/// An event of one number, as an envelope, part of a request of its own.
pub(crate) fn event(topic: &str, key: &str, number: u64) -> Message {
    let draft = events::Draft {
        topic: String::leak(topic.to_owned()),
        event_type: "Counted",
        version: 1,
        aggregate_type: "thing",
        aggregate_id: key.into(),
        data: serde_json::json!({ "number": number }),
    };
    let correlation =
        Correlation { id: format!("request-{number}"), traceparent: Some(format!("00-{number:032x}-01")) };
    outbox::message("test", &draft, &correlation)
}

/// What comes until there are `count`, each done; as text.
pub(crate) async fn take(subscription: &mut Subscription, count: usize) -> Vec<Delivery> {
    let mut taken = Vec::new();
    let taking = async {
        while taken.len() < count {
            taken.extend(subscription.next().await);
            subscription.done();
        }
    };
    let outcome = tokio::time::timeout(DEADLINE, taking).await;
    assert!(outcome.is_ok(), "{} of {count} messages came", taken.len());
    taken
}

/// Asks until it holds.
pub(crate) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !holds().await {
        assert!(start.elapsed() < DEADLINE, "never happened: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What a [`Service`] does with an event beside noting it.
type Apply = dyn Fn(&Received) -> Result<Vec<events::Draft>, Failure> + Send + Sync;

/// A service with a database, that publishes what its outbox gets and consumes one topic.
pub(crate) struct Service {
    pub(crate) database: Database,
    /// The numbers applied, in their order.
    pub(crate) applied: Arc<Mutex<Vec<u64>>>,
    running: Running,
    _folder: TempDir,
    _kept: TestDatabase,
}

struct Consumes {
    database: Database,
    applied: Arc<Mutex<Vec<u64>>>,
    apply: Box<Apply>,
}

impl Service {
    /// `apply` gives what is published because of an event.
    pub(crate) async fn start(
        place: &Place,
        topic: &str,
        apply: impl Fn(&Received) -> Result<Vec<events::Draft>, Failure> + Send + Sync + 'static,
    ) -> Self {
        let kept = TestDatabase::sqlite();
        let database = kept.open().await;
        kit::migrate::migrate(&database, &[]).await.unwrap();
        let (folder, applied) = (tempfile::tempdir().unwrap(), Arc::default());
        let handler = Consumes { database: database.clone(), applied: Arc::clone(&applied), apply: Box::new(apply) };
        let topics: &'static [&'static str] = Vec::leak(vec![&*String::leak(topic.to_owned())]);
        let name: &'static str = String::leak(place.named("service"));
        let module = Module::new(name, Router::new()).with_database(database.clone()).with_consumer(topics, handler);
        let running = Running::start(module, &context(ABOUT, folder.path(), place.bus()));
        Self { database, applied, running, _folder: folder, _kept: kept }
    }

    /// Writes into its outbox.
    pub(crate) async fn write(&self, messages: &[Message]) {
        let mut transaction = self.database.write().await.unwrap();
        outbox::append(&mut transaction, messages).await.unwrap();
        transaction.commit().await.unwrap();
    }

    pub(crate) async fn waits_for(&self, numbers: &[u64]) {
        eventually(&format!("{numbers:?} applied"), async || self.applied.lock().unwrap().len() >= numbers.len()).await;
        assert_eq!(*self.applied.lock().unwrap(), numbers);
    }

    pub(crate) async fn stop(self) {
        self.running.stop().await;
    }
}

#[async_trait]
impl Handler for Consumes {
    async fn handle(&self, events: &[Received]) -> Result<(), Failure> {
        let unavailable = |error: sqlx::Error| Failure::Unavailable(error.to_string());
        let mut transaction = self.database.write().await.map_err(unavailable)?;
        let mut numbers = Vec::new();
        for event in events {
            if !inbox::note(&mut transaction, event.envelope.event_id).await.map_err(unavailable)? {
                continue;
            }
            let caused = (self.apply)(event)?;
            let publish = outbox::publish(&mut transaction, "test", &caused);
            event.correlation.clone().scope(publish).await.map_err(unavailable)?;
            numbers.push(event.envelope.data["number"].as_u64().expect("the tests write numbers"));
        }
        transaction.commit().await.map_err(unavailable)?;
        self.applied.lock().unwrap().extend(numbers);
        Ok(())
    }
}
