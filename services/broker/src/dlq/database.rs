//! Dead letters in the outbox of a service whose bus is in memory.

use kit::bus::Message;
use kit::consumer::{DEAD_LETTERS, revived};
use kit::database::{Database, DatabaseSettings, Row};
use sqlx::Row as _;

use super::{Letter, Options};

/// Up to `limit` of what is asked for; given back to their topics if `replay`.
pub(super) async fn letters(
    settings: &DatabaseSettings,
    options: &Options,
    limit: usize,
    replay: bool,
) -> Result<Vec<Letter>, String> {
    let failed = |error: String| format!("{}: {error}", settings.display());
    let database = Database::open(settings).await.map_err(|error| failed(error.to_string()))?;
    let outcome = work(&database, options, limit, replay).await.map_err(|error| failed(error.to_string()));
    database.close().await;
    outcome
}

async fn work(database: &Database, options: &Options, limit: usize, replay: bool) -> Result<Vec<Letter>, sqlx::Error> {
    let mut transaction = database.write().await?;
    let query = sqlx::query("SELECT seq, topic, key, value, headers FROM outbox WHERE topic LIKE $1 ORDER BY seq");
    let rows = query.bind(format!("%{DEAD_LETTERS}")).fetch_all(&mut *transaction).await?;
    let mut letters = rows.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
    letters.retain(|letter| options.wants(&letter.message.topic));
    letters.truncate(limit);
    if replay {
        for letter in &letters {
            let Some(Message { topic, headers, .. }) = revived(&letter.message) else { continue };
            let headers = serde_json::to_string(&headers).expect("a map of strings always serialises");
            let update = sqlx::query("UPDATE outbox SET topic = $1, headers = $2 WHERE seq = $3");
            update.bind(topic).bind(headers).bind(letter.offset).execute(&mut *transaction).await?;
        }
    }
    transaction.commit().await?;
    Ok(letters)
}

fn parse(row: &Row) -> Result<Letter, sqlx::Error> {
    let headers: String = row.try_get("headers")?;
    let headers = serde_json::from_str(&headers).map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    let (topic, key, value) = (row.try_get("topic")?, row.try_get("key")?, row.try_get("value")?);
    let message = Message { topic, key, value, headers };
    Ok(Letter { message, place: "outbox".to_owned(), offset: row.try_get("seq")? })
}
