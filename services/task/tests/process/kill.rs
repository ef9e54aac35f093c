//! kill -9 at any instant: what was answered is there, and each change has its event.

use std::collections::BTreeSet;
use std::path::Path;

use events::Envelope;
use kit::bus::{Bus, MemoryBus};
use kit::database::{Database, DatabaseSettings};
use kit::serve::Running;
use sqlx::Row as _;

use crate::support::{DEADLINE, make_task, start};

/// How often the process is killed under writes.
const ROUNDS: usize = 20;
/// How many write at once.
const WRITERS: usize = 4;

/// The first column of what `statement` finds in the database that the process left behind.
async fn left(folder: &Path, statement: &'static str) -> Vec<Vec<u8>> {
    let database = Database::open(&DatabaseSettings::at(folder.join("data/task.db"))).await.unwrap();
    let rows = sqlx::query(statement).fetch_all(&mut *database.read().await.unwrap()).await.unwrap();
    let column = |row: &kit::database::Row| {
        row.try_get::<Vec<u8>, _>(0).unwrap_or_else(|_| row.get::<String, _>(0).into_bytes())
    };
    let found = rows.iter().map(column).collect();
    database.close().await;
    found
}

/// The task events that wait in the outbox, in their order.
async fn waiting(folder: &Path) -> Vec<Envelope> {
    let values = left(folder, "SELECT value FROM outbox WHERE topic = 'task.events' ORDER BY seq").await;
    values.iter().map(|value| serde_json::from_slice(value).unwrap()).collect()
}

#[tokio::test]
async fn what_was_not_published_before_a_kill_is_published_after_the_restart() {
    let folder = tempfile::tempdir().unwrap();
    // Without a broker nothing leaves the outbox.
    let mut process = start(folder.path(), &[]).await;
    let mut made = Vec::new();
    for n in 0..3 {
        made.push(make_task(&process.address, &format!("t{n}")).await.unwrap());
    }
    process.signal(9);
    assert_eq!(process.exit().await, None, "it ended otherwise");
    let committed = waiting(folder.path()).await;
    let told: Vec<&str> = committed.iter().map(|event| event.aggregate_id.as_str()).collect();
    assert_eq!(told, made);

    // The next one on the same database has a bus: the very same events come, in order.
    let bus = Bus::Memory(MemoryBus::default());
    let mut consumer = bus.subscribe("test-service", &["task.events"]).unwrap();
    let context = kit::testing::context(task::ABOUT, &folder.path().join("data"), bus);
    let running = Running::start(task::build(task::Settings, context.clone()).await.unwrap(), &context);
    let mut published: Vec<Envelope> = Vec::new();
    let consume = async {
        while published.len() < committed.len() {
            let deliveries = consumer.next().await;
            published
                .extend(deliveries.iter().map(|one| serde_json::from_slice::<Envelope>(&one.message.value).unwrap()));
            consumer.done();
        }
    };
    tokio::time::timeout(DEADLINE, consume).await.expect("they never came");
    assert_eq!(published, committed);
    running.stop().await;
    assert_eq!(waiting(folder.path()).await, [], "what is published leaves the outbox");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_under_writes_parts_no_task_from_its_event() {
    let folder = tempfile::tempdir().unwrap();
    let mut answered = BTreeSet::new();
    for round in 0..ROUNDS {
        let mut process = start(folder.path(), &[("LOG_LEVEL", "warn")]).await;
        let (told, mut answers) = tokio::sync::mpsc::unbounded_channel();
        let writers: Vec<_> = (0..WRITERS)
            .map(|_| {
                let (address, told) = (process.address.clone(), told.clone());
                tokio::spawn(async move {
                    let mut made = Vec::new();
                    // Until the process is gone.
                    while let Ok(id) = make_task(&address, "a").await {
                        made.push(id);
                        let _ = told.send(());
                    }
                    made
                })
            })
            .collect();
        drop(told);
        // After another number of answers each time, while the other writers are anywhere.
        for _ in 0..=round {
            let answer = tokio::time::timeout(DEADLINE, answers.recv()).await;
            answer.expect("it answers no more").expect("it ended by itself");
        }
        process.signal(9);
        assert_eq!(process.exit().await, None);
        for writer in writers {
            answered.extend(writer.await.unwrap());
        }
    }
    let text = |value: Vec<u8>| String::from_utf8(value).unwrap();
    let tasks: BTreeSet<String> = left(folder.path(), "SELECT id FROM tasks").await.into_iter().map(text).collect();
    let events = waiting(folder.path()).await;
    let told: BTreeSet<String> = events.iter().map(|event| event.aggregate_id.clone()).collect();
    assert_eq!(told.len(), events.len(), "told twice");
    assert_eq!(told, tasks, "a task without its event, or an event without its task");
    let lost: Vec<_> = answered.difference(&tasks).collect();
    assert!(lost.is_empty(), "answered and lost: {lost:?}");
    assert!(answered.len() >= ROUNDS);
}
