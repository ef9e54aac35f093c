//! Who delivers what: the columns `status`, `due_at` and `lease` of `notifications`.
//!
//! A taken notification stays pending, is due again when its lease is over, and bears the lease's id, without
//! which nobody settles it. So a process that dies needs no one to clean up after it.

use std::collections::HashSet;

use jiff::Timestamp;
use kit::database::{Connection, Dialect, Transaction};
use kit::sql::rows;
use sqlx::{AssertSqlSafe, Row as _};
use uuid::Uuid;

use super::notifications::{parse, stored};
use super::{corrupt, failed, instant};
use crate::application::ports::{Held, Lease, Stored};
use crate::domain::{Notification, NotificationId, State, UserId};

/// Ids in one statement.
const AT_ONCE: usize = 1_000;

pub(super) async fn next_due(on: &mut Connection, full: &[UserId]) -> Stored<Option<Timestamp>> {
    let aside = aside(full, 1);
    let statement = format!("SELECT due_at FROM notifications WHERE status = 'pending'{aside} ORDER BY due_at LIMIT 1");
    let query = with_owners(sqlx::query(AssertSqlSafe(statement)), full);
    let first = query.fetch_optional(on).await.map_err(failed)?;
    first.map(|row| instant("due_at", row.try_get("due_at").map_err(failed)?)).transpose()
}

/// The condition that leaves the webhooks of some owners aside, whose placeholders begin at `first`.
fn aside(full: &[UserId], first: usize) -> String {
    if full.is_empty() {
        return String::new();
    }
    let owners: Vec<_> = (first..first + full.len()).map(|at| format!("${at}")).collect();
    format!(" AND NOT (channel = 'webhook' AND owner_id IN ({}))", owners.join(", "))
}

pub(super) async fn find(
    on: &mut Transaction,
    owner: UserId,
    id: NotificationId,
    now: Timestamp,
) -> Stored<Option<Held>> {
    let statement = format!("SELECT * FROM notifications WHERE id = $1 AND owner_id = $2{}", on.for_update());
    let query = sqlx::query(AssertSqlSafe(statement)).bind(id.to_string()).bind(owner.to_string());
    let Some(row) = query.fetch_optional(&mut **on).await.map_err(failed)? else {
        return Ok(None);
    };
    let lease: Option<String> = row.try_get("lease").map_err(failed)?;
    let until = instant("due_at", row.try_get("due_at").map_err(failed)?)?;
    let leased_until = (lease.is_some() && until > now).then_some(until);
    Ok(Some(Held { notification: parse(&row)?, leased_until }))
}

pub(super) async fn due(
    on: &mut Transaction,
    now: Timestamp,
    limit: u32,
    full: &[UserId],
) -> Stored<Vec<Notification>> {
    // Another instance's rows are passed over rather than waited for; on SQLite no other writes now.
    let locked = match on.dialect() {
        Dialect::Postgres => " FOR UPDATE SKIP LOCKED",
        Dialect::Sqlite => "",
    };
    let aside = aside(full, 3);
    let statement = format!(
        "SELECT * FROM notifications WHERE status = 'pending' AND due_at <= $1{aside}
             ORDER BY due_at, id LIMIT $2{locked}"
    );
    let query = sqlx::query(AssertSqlSafe(statement)).bind(now.as_millisecond()).bind(i64::from(limit));
    let found = with_owners(query, full).fetch_all(&mut **on).await.map_err(failed)?;
    found.iter().map(parse).collect()
}

pub(super) async fn lease(on: &mut Connection, ids: &[NotificationId], lease: &Lease) -> Stored<()> {
    for some in ids.chunks(AT_ONCE) {
        // The placeholders of the ids come first, since they are numbered from 1.
        let (ids, count) = (rows(on, 1, some.len()), some.len());
        let (id, until) = (count + 1, count + 2);
        let statement = format!("UPDATE notifications SET lease = ${id}, due_at = ${until} WHERE id IN {ids}");
        let query = with_ids(sqlx::query(AssertSqlSafe(statement)), some.iter().copied());
        let query = query.bind(lease.id.to_string()).bind(lease.until.as_millisecond());
        query.execute(&mut *on).await.map_err(failed)?;
    }
    Ok(())
}

pub(super) async fn take(on: &mut Connection, notification: &Notification, lease: &Lease) -> Stored<()> {
    let query = sqlx::query(
        "UPDATE notifications SET status = 'pending', attempts = $1, lease = $2, due_at = $3 WHERE id = $4",
    );
    let query = query
        .bind(i64::from(notification.attempts))
        .bind(lease.id.to_string())
        .bind(lease.until.as_millisecond())
        .bind(notification.id.to_string());
    query.execute(on).await.map_err(failed)?;
    Ok(())
}

/// What was sent is written by one statement for all, what was not by one for each.
pub(super) async fn settle(
    on: &mut Connection,
    lease: &Lease,
    settled: &[Notification],
) -> Stored<HashSet<NotificationId>> {
    let (sent, unsent): (Vec<_>, Vec<_>) = settled.iter().cloned().partition(Notification::is_sent);
    let mut held = settle_sent(on, lease, &sent).await?;
    for one in unsent {
        let query = sqlx::query(
            "UPDATE notifications SET status = $1, due_at = $2, attempts = $3, error = $4, lease = NULL
             WHERE id = $5 AND lease = $6",
        );
        let (status, due_at, _) = stored(one.state);
        let query = query.bind(status).bind(due_at).bind(i64::from(one.attempts)).bind(one.error);
        let query = query.bind(one.id.to_string()).bind(lease.id.to_string());
        if query.execute(&mut *on).await.map_err(failed)?.rows_affected() == 1 {
            held.insert(one.id);
        }
    }
    Ok(held)
}

async fn settle_sent(on: &mut Connection, lease: &Lease, sent: &[Notification]) -> Stored<HashSet<NotificationId>> {
    let mut held = HashSet::new();
    for some in sent.chunks(AT_ONCE) {
        let last = some.iter().map(|one| one.state).max_by_key(instant_of);
        let at = last.map_or(0, |state| instant_of(&state));
        let (ids, count) = (rows(on, 1, some.len()), some.len());
        let (sent_at, lease_id) = (count + 1, count + 2);
        let statement = format!(
            "UPDATE notifications SET status = 'sent', due_at = 0, attempts = attempts + 1, error = NULL,
                 lease = NULL, sent_at = ${sent_at}
             WHERE id IN {ids} AND lease = ${lease_id} RETURNING id"
        );
        let query = with_ids(sqlx::query(AssertSqlSafe(statement)), some.iter().map(|one| one.id))
            .bind(at)
            .bind(lease.id.to_string());
        for row in query.fetch_all(&mut *on).await.map_err(failed)? {
            let id: String = row.try_get("id").map_err(failed)?;
            held.insert(NotificationId(Uuid::parse_str(&id).map_err(|_| corrupt("id"))?));
        }
    }
    Ok(held)
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Any, sqlx::any::AnyArguments>;

fn with_ids(query: Query<'_>, ids: impl Iterator<Item = NotificationId>) -> Query<'_> {
    ids.fold(query, |query, id| query.bind(id.to_string()))
}

fn with_owners<'q>(query: Query<'q>, owners: &[UserId]) -> Query<'q> {
    owners.iter().fold(query, |query, owner| query.bind(owner.to_string()))
}

/// When a notification was sent; 0 for one that was not.
fn instant_of(state: &State) -> i64 {
    if let State::Sent { at } = state { at.as_millisecond() } else { 0 }
}
