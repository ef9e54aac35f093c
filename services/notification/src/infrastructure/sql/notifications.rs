//! The table `notifications`.

use kit::database::{Connection, Row};
use kit::paging::PageRequest;
use kit::sql::rows;
use sqlx::{AssertSqlSafe, Row as _};
use uuid::Uuid;

use super::{corrupt, failed, instant};
use crate::application::ports::Stored;
use crate::domain::{Cause, Channel, Message, Notification, NotificationId, Recipient, State, Subject, UserId};

/// The columns of a new row, in the order of their binding.
const COLUMNS: [&str; 14] = [
    "id",
    "owner_id",
    "channel",
    "recipient",
    "subject",
    "message",
    "status",
    "attempts",
    "error",
    "due_at",
    "created_at",
    "sent_at",
    "correlation_id",
    "traceparent",
];
/// Rows in one statement: SQLite takes 32,766 values.
const AT_ONCE: usize = 1_000;

/// How a state is stored: `status`, `due_at`, `sent_at`.
pub(super) fn stored(state: State) -> (&'static str, i64, Option<i64>) {
    match state {
        State::Pending { due_at } => ("pending", due_at.as_millisecond(), None),
        State::Sent { at } => ("sent", 0, Some(at.as_millisecond())),
        State::Failed => ("failed", 0, None),
    }
}

pub(super) async fn find(on: &mut Connection, owner: UserId, id: NotificationId) -> Stored<Option<Notification>> {
    let query = sqlx::query("SELECT * FROM notifications WHERE id = $1 AND owner_id = $2");
    let query = query.bind(id.to_string()).bind(owner.to_string());
    query.fetch_optional(on).await.map_err(failed)?.as_ref().map(parse).transpose()
}

pub(super) async fn list(on: &mut Connection, owner: UserId, page: PageRequest) -> Stored<Vec<Notification>> {
    let query = sqlx::query("SELECT * FROM notifications WHERE owner_id = $1 AND id > $2 ORDER BY id LIMIT $3");
    // As text, UUIDs sort as their bytes do; the empty text sorts before all.
    let after = page.after.map(|id| id.to_string()).unwrap_or_default();
    let query = query.bind(owner.to_string()).bind(after).bind(i64::from(page.fetch()));
    query.fetch_all(on).await.map_err(failed)?.iter().map(parse).collect()
}

pub(super) async fn insert(on: &mut Connection, notifications: &[Notification]) -> Stored<()> {
    for some in notifications.chunks(AT_ONCE) {
        let (names, values) = (COLUMNS.join(", "), rows(on, some.len(), COLUMNS.len()));
        let statement = format!("INSERT INTO notifications ({names}) VALUES {values}");
        let mut query = sqlx::query(AssertSqlSafe(statement));
        for one in some {
            let (status, due_at, sent_at) = stored(one.state);
            query = query
                .bind(one.id.to_string())
                .bind(one.owner.to_string())
                .bind(one.recipient.channel().as_str())
                .bind(one.recipient.as_str().to_owned())
                .bind(one.subject.as_str().to_owned())
                .bind(one.message.as_str().to_owned())
                .bind(status)
                .bind(i64::from(one.attempts))
                .bind(one.error.clone())
                .bind(due_at)
                .bind(one.created_at.as_millisecond())
                .bind(sent_at)
                .bind(one.cause.correlation_id().to_owned())
                .bind(one.cause.traceparent().map(ToOwned::to_owned));
        }
        query.execute(&mut *on).await.map_err(failed)?;
    }
    Ok(())
}

pub(super) async fn delete(on: &mut Connection, owner: UserId, id: NotificationId) -> Stored<bool> {
    let query = sqlx::query("DELETE FROM notifications WHERE id = $1 AND owner_id = $2");
    let query = query.bind(id.to_string()).bind(owner.to_string());
    Ok(query.execute(on).await.map_err(failed)?.rows_affected() > 0)
}

/// The domain's notification of a row.
pub(super) fn parse(row: &Row) -> Stored<Notification> {
    let text = |column: &'static str| row.try_get::<String, _>(column).map_err(failed);
    let optional = |column: &'static str| row.try_get::<Option<String>, _>(column).map_err(failed);
    let number = |column: &'static str| row.try_get::<i64, _>(column).map_err(failed);
    let id = |column: &'static str| Uuid::parse_str(&text(column)?).map_err(|_| corrupt(column));

    let channel = Channel::parse(&text("channel")?).ok_or_else(|| corrupt("channel"))?;
    let state = match text("status")?.as_str() {
        "pending" => State::Pending { due_at: instant("due_at", number("due_at")?)? },
        "sent" => State::Sent { at: instant("sent_at", number("sent_at")?)? },
        "failed" => State::Failed,
        _ => return Err(corrupt("status")),
    };
    Ok(Notification {
        id: NotificationId(id("id")?),
        owner: UserId(id("owner_id")?),
        recipient: Recipient::parse(channel, &text("recipient")?).map_err(|_| corrupt("recipient"))?,
        subject: Subject::parse(&text("subject")?).map_err(|_| corrupt("subject"))?,
        message: Message::parse(&text("message")?).map_err(|_| corrupt("message"))?,
        state,
        attempts: u32::try_from(number("attempts")?).map_err(|_| corrupt("attempts"))?,
        error: optional("error")?,
        created_at: instant("created_at", number("created_at")?)?,
        cause: Cause::new(&text("correlation_id")?, optional("traceparent")?.as_deref()),
    })
}
