//! A service whose every event can be counted afterwards: what it published stands in its table `written`,
//! what it applied in its table `applied`. The tests kill it.
//!
//! | variable | what it makes of it |
//! |---|---|
//! | `WITNESS_NAME` | its name, which its consumer group is named by |
//! | `WITNESS_TOPIC` | publishes to or consumes from it |
//! | `WITNESS_ROLE` | `publish`, or `consume` |
//! | `WITNESS_BURST` | kills itself right after the commit of so many events, before any is relayed |
//! | `WITNESS_PAUSE` | between two events: `20ms` |
//! | `WITNESS_DIES` | `true` kills it between the commit of an effect and the commit of its offset |
#![expect(clippy::expect_used, reason = "a part of tests says what it means by panicking")]

use std::process::ExitCode;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use kit::consumer::{Failure, Handler, Received};
use kit::database::{Database, Transaction};
use kit::migrate::Migration;
use kit::{About, Context, Module, Reader, Shutdown, StartError, Worker, inbox, outbox};
use nix::sys::signal::{Signal, raise};

const ABOUT: About = About { name: "witness", version: "0.0.0", port: 0, settings: &[] };
const SCHEMA: &str = "
    CREATE TABLE written (number BIGINT NOT NULL PRIMARY KEY, key TEXT NOT NULL);
    CREATE TABLE applied (place BIGINT NOT NULL PRIMARY KEY, number BIGINT NOT NULL, key TEXT NOT NULL);";
const MIGRATIONS: &[Migration] = &[Migration { version: 1, name: "witness", sqlite: SCHEMA, postgres: SCHEMA }];
/// Events of so many aggregates.
const KEYS: i64 = 7;

struct Settings {
    name: String,
    topic: String,
    consumes: bool,
    burst: Option<i64>,
    pause: Duration,
    dies: bool,
}

fn read(reader: &mut Reader) -> Settings {
    Settings {
        name: reader.parsed("WITNESS_NAME", "witness".into(), "a name", |text| Some(text.to_owned())),
        topic: reader.parsed("WITNESS_TOPIC", "witness.events".into(), "a topic", |text| Some(text.to_owned())),
        consumes: reader.parsed("WITNESS_ROLE", false, "publish or consume", |text| Some(text == "consume")),
        burst: reader.optional("WITNESS_BURST", "a number", |text| text.parse().ok()),
        pause: reader.duration("WITNESS_PAUSE", Duration::ZERO, Duration::ZERO..=Duration::from_mins(1)),
        dies: reader.flag("WITNESS_DIES", false),
    }
}

async fn build(settings: Settings, context: Context) -> Result<Module, StartError> {
    let database = Database::open(&context.common.database).await?;
    kit::migrate::migrate(&database, MIGRATIONS).await?;
    let topic: &'static str = String::leak(settings.topic.clone());
    let module = Module::new(String::leak(settings.name.clone()), Router::new()).with_database(database.clone());
    Ok(if settings.consumes {
        let topics: &'static [&'static str] = Vec::leak(vec![topic]);
        module.with_consumer(topics, Consumes { database, dies: settings.dies })
    } else {
        module.with_worker(Worker::new("writer", move |shutdown| write(database, topic, settings, shutdown)))
    })
}

async fn write(database: Database, topic: &'static str, settings: Settings, mut shutdown: Shutdown) {
    let mut count = 0;
    while !shutdown.is_requested() {
        write_one(&database, topic).await.expect("an SQLite file of its own can be written");
        count += 1;
        if settings.burst == Some(count) {
            let _ = raise(Signal::SIGKILL);
        }
        tokio::select! {
            () = tokio::time::sleep(settings.pause) => {}
            () = shutdown.requested() => {}
        }
    }
}

async fn write_one(database: &Database, topic: &'static str) -> Result<(), sqlx::Error> {
    let mut transaction = database.write().await?;
    let number = next(&mut transaction, "SELECT count(*) FROM written").await?;
    let key = format!("key {}", number % KEYS);
    let insert = sqlx::query("INSERT INTO written (number, key) VALUES ($1, $2)");
    insert.bind(number).bind(key.clone()).execute(&mut *transaction).await?;
    let draft = events::Draft {
        topic,
        event_type: "Written",
        version: 1,
        aggregate_type: "key",
        aggregate_id: key,
        data: serde_json::json!({ "number": number }),
    };
    outbox::publish(&mut transaction, "witness", &[draft]).await?;
    transaction.commit().await
}

async fn next(transaction: &mut Transaction, query: &'static str) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(query).fetch_one(&mut **transaction).await
}

struct Consumes {
    database: Database,
    dies: bool,
}

#[async_trait]
impl Handler for Consumes {
    async fn handle(&self, events: &[Received]) -> Result<(), Failure> {
        let applied = self.apply(events).await.map_err(|error| Failure::Unavailable(error.to_string()))?;
        if self.dies && applied > 0 {
            let _ = raise(Signal::SIGKILL);
        }
        Ok(())
    }
}

impl Consumes {
    /// How many had their effect.
    async fn apply(&self, events: &[Received]) -> Result<usize, sqlx::Error> {
        let mut transaction = self.database.write().await?;
        let mut applied = 0;
        for Received { envelope, .. } in events {
            if !inbox::note(&mut transaction, envelope.event_id).await? {
                continue;
            }
            let place = next(&mut transaction, "SELECT count(*) FROM applied").await?;
            let insert = sqlx::query("INSERT INTO applied (place, number, key) VALUES ($1, $2, $3)");
            let number = envelope.data["number"].as_i64().expect("the writer's events have a number");
            insert.bind(place).bind(number).bind(&envelope.aggregate_id).execute(&mut *transaction).await?;
            applied += 1;
        }
        transaction.commit().await?;
        Ok(applied)
    }
}

fn main() -> ExitCode {
    kit::serve(ABOUT, read, build)
}
