//! The outbox: what is published is written in the transaction of the change, and relayed afterwards.
//! A process that is killed at any instant has either both or neither, and relays on after a restart.

mod relay;

pub(crate) use relay::relay;

use std::collections::BTreeMap;

use events::{Draft, Envelope};
use sqlx::{AssertSqlSafe, Row as _};
use uuid::Uuid;

use crate::bus::Message;
use crate::clock::{Clock, SystemClock};
use crate::correlation::Correlation;
use crate::database::{Connection, Row, Transaction};

/// The header that carries the trace.
pub const TRACEPARENT: &str = "traceparent";
/// The columns of a message in a statement of many.
const COLUMNS: usize = 5;
/// Messages in one statement: SQLite takes 32,766 values.
const AT_ONCE: usize = 1_000;

/// A message and its place in the outbox.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) seq: i64,
    pub(crate) message: Message,
}

/// Publishes `drafts` of the service `service` with this transaction, each part of
/// [`Correlation::current`].
pub async fn publish(transaction: &mut Transaction, service: &str, drafts: &[Draft]) -> Result<(), sqlx::Error> {
    let correlation = Correlation::current();
    let messages: Vec<_> = drafts.iter().map(|draft| message(service, draft, &correlation)).collect();
    append(transaction, &messages).await
}

/// The message of a draft, for one who has the correlation at hand.
pub fn message(service: &str, draft: &Draft, correlation: &Correlation) -> Message {
    let envelope = Envelope {
        event_id: Uuid::now_v7(),
        event_type: draft.event_type.to_owned(),
        version: draft.version,
        occurred_at: SystemClock.now(),
        service_name: service.to_owned(),
        aggregate_id: draft.aggregate_id.clone(),
        aggregate_type: draft.aggregate_type.to_owned(),
        correlation_id: correlation.id.clone(),
        data: draft.data.clone(),
    };
    let headers = correlation.traceparent.iter().map(|value| (TRACEPARENT.to_owned(), value.clone()));
    Message {
        topic: draft.topic.to_owned(),
        key: envelope.aggregate_id.clone(),
        value: serde_json::to_vec(&envelope).expect("an envelope of strings and numbers always serialises"),
        headers: headers.collect(),
    }
}

/// Writes messages into the outbox, in their order.
pub async fn append(transaction: &mut Transaction, messages: &[Message]) -> Result<(), sqlx::Error> {
    let now = SystemClock.now().as_millisecond();
    for some in messages.chunks(AT_ONCE) {
        let rows = crate::sql::rows(transaction, some.len(), COLUMNS);
        let statement = format!("INSERT INTO outbox (topic, key, value, headers, created_at) VALUES {rows}");
        let mut query = sqlx::query(AssertSqlSafe(statement));
        for message in some {
            let headers = serde_json::to_string(&message.headers).expect("a map of strings always serialises");
            query = query
                .bind(message.topic.clone())
                .bind(message.key.clone())
                .bind(message.value.clone())
                .bind(headers)
                .bind(now);
        }
        query.execute(&mut **transaction).await?;
        transaction.publishes();
    }
    Ok(())
}

/// The first `limit` messages after the place `after`, in order.
pub(crate) async fn pending(on: &mut Connection, after: i64, limit: i64) -> Result<Vec<Pending>, sqlx::Error> {
    let query = sqlx::query("SELECT seq, topic, key, value, headers FROM outbox WHERE seq > $1 ORDER BY seq LIMIT $2");
    let rows = query.bind(after).bind(limit).fetch_all(on).await?;
    rows.iter().map(parse).collect()
}

/// How many messages wait.
pub(crate) async fn count(on: &mut Connection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT count(*) FROM outbox").fetch_one(on).await
}

/// Removes messages that are published.
pub(crate) async fn remove(on: &mut Connection, places: &[i64]) -> Result<(), sqlx::Error> {
    for some in places.chunks(AT_ONCE) {
        let statement = format!("DELETE FROM outbox WHERE seq IN {}", crate::sql::rows(on, 1, some.len()));
        let mut query = sqlx::query(AssertSqlSafe(statement));
        for place in some {
            query = query.bind(*place);
        }
        query.execute(&mut *on).await?;
    }
    Ok(())
}

fn parse(row: &Row) -> Result<Pending, sqlx::Error> {
    let headers: String = row.try_get("headers")?;
    let headers: BTreeMap<String, String> =
        serde_json::from_str(&headers).map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    let (topic, key, value) = (row.try_get("topic")?, row.try_get("key")?, row.try_get("value")?);
    Ok(Pending { seq: row.try_get("seq")?, message: Message { topic, key, value, headers } })
}
