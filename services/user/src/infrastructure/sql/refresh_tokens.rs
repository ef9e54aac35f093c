//! The tables `refresh_families` and `refresh_tokens`.

use jiff::Timestamp;
use kit::database::{Connection, Transaction};
use sqlx::{AssertSqlSafe, Row as _};
use uuid::Uuid;

use super::{corrupt, failed, instant};
use crate::application::ports::Stored;
use crate::domain::refresh_token::{FamilyId, StoredRefreshToken};
use crate::domain::{RefreshTokenHash, UserId};

pub(super) async fn insert_family(on: &mut Connection, family: FamilyId, user: UserId, at: Timestamp) -> Stored<()> {
    sqlx::query("INSERT INTO refresh_families (id, user_id, created_at) VALUES ($1, $2, $3)")
        .bind(family.0.to_string())
        .bind(user.to_string())
        .bind(at.as_millisecond())
        .execute(on)
        .await
        .map_err(failed)?;
    Ok(())
}

pub(super) async fn revoke(on: &mut Connection, family: FamilyId, at: Timestamp) -> Stored<()> {
    sqlx::query("UPDATE refresh_families SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL")
        .bind(at.as_millisecond())
        .bind(family.0.to_string())
        .execute(on)
        .await
        .map_err(failed)?;
    Ok(())
}

pub(super) async fn revoke_all_of(on: &mut Connection, user: UserId, at: Timestamp) -> Stored<()> {
    sqlx::query("UPDATE refresh_families SET revoked_at = $1 WHERE user_id = $2 AND revoked_at IS NULL")
        .bind(at.as_millisecond())
        .bind(user.to_string())
        .execute(on)
        .await
        .map_err(failed)?;
    Ok(())
}

pub(super) async fn insert(
    on: &mut Connection,
    hash: &RefreshTokenHash,
    family: FamilyId,
    expires_at: Timestamp,
) -> Stored<()> {
    sqlx::query("INSERT INTO refresh_tokens (token_hash, family_id, expires_at) VALUES ($1, $2, $3)")
        .bind(hash.0.to_vec())
        .bind(family.0.to_string())
        .bind(expires_at.as_millisecond())
        .execute(on)
        .await
        .map_err(failed)?;
    Ok(())
}

/// What is known of the token; nobody else changes it or its family until the transaction ends.
pub(super) async fn locked(on: &mut Transaction, hash: &RefreshTokenHash) -> Stored<Option<StoredRefreshToken>> {
    let statement = format!(
        "SELECT f.id, f.user_id, t.expires_at, t.used_at, f.revoked_at
         FROM refresh_tokens t JOIN refresh_families f ON f.id = t.family_id
         WHERE t.token_hash = $1{}",
        on.for_update()
    );
    let query = sqlx::query(AssertSqlSafe(statement)).bind(hash.0.to_vec());
    let row = query.fetch_optional(&mut **on).await.map_err(failed)?;
    let Some(row) = row else {
        return Ok(None);
    };
    let id = |at: usize, column| {
        let text: String = row.try_get(at).map_err(failed)?;
        Uuid::parse_str(&text).map_err(|_| corrupt(column))
    };
    Ok(Some(StoredRefreshToken {
        family: FamilyId(id(0, "refresh_families.id")?),
        user: UserId(id(1, "refresh_families.user_id")?),
        expires_at: instant("refresh_tokens.expires_at", row.try_get(2).map_err(failed)?)?,
        used: row.try_get::<Option<i64>, _>(3).map_err(failed)?.is_some(),
        revoked: row.try_get::<Option<i64>, _>(4).map_err(failed)?.is_some(),
    }))
}

pub(super) async fn mark_used(on: &mut Connection, hash: &RefreshTokenHash, at: Timestamp) -> Stored<()> {
    sqlx::query("UPDATE refresh_tokens SET used_at = $1 WHERE token_hash = $2")
        .bind(at.as_millisecond())
        .bind(hash.0.to_vec())
        .execute(on)
        .await
        .map_err(failed)?;
    Ok(())
}

pub(super) async fn purge(on: &mut Transaction, before: Timestamp, limit: u32) -> Stored<u64> {
    let purged = sqlx::query(
        "DELETE FROM refresh_tokens WHERE token_hash IN
            (SELECT token_hash FROM refresh_tokens WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
    )
    .bind(before.as_millisecond())
    .bind(i64::from(limit))
    .execute(&mut **on)
    .await
    .map_err(failed)?
    .rows_affected();
    // A family is only ever empty because its last token was purged.
    if purged > 0 {
        delete_empty_families(on).await?;
    }
    Ok(purged)
}

/// Locks those that look empty and then looks again: a refresh that was under way may have put a token
/// into one of them, which would go with its family.
async fn delete_empty_families(on: &mut Transaction) -> Stored<()> {
    const EMPTY: &str = "NOT EXISTS (SELECT 1 FROM refresh_tokens t WHERE t.family_id = refresh_families.id)";
    let statement = format!("SELECT id FROM refresh_families WHERE {EMPTY} ORDER BY id{}", on.for_update());
    let ids: Vec<String> = sqlx::query_scalar(AssertSqlSafe(statement)).fetch_all(&mut **on).await.map_err(failed)?;
    for id in ids {
        let query = sqlx::query(AssertSqlSafe(format!("DELETE FROM refresh_families WHERE id = $1 AND {EMPTY}")));
        query.bind(id).execute(&mut **on).await.map_err(failed)?;
    }
    Ok(())
}
