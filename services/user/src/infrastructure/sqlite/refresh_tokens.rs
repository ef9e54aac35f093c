//! The tables `refresh_families` and `refresh_tokens`.

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

use super::{corrupt, failed, instant};
use crate::application::ports::Stored;
use crate::domain::refresh_token::{FamilyId, StoredRefreshToken};
use crate::domain::{RefreshTokenHash, UserId};

pub(super) async fn insert_family(
    on: &mut SqliteConnection,
    family: FamilyId,
    user: UserId,
    at: Timestamp,
) -> Stored<()> {
    sqlx::query("INSERT INTO refresh_families (id, user_id, created_at) VALUES (?, ?, ?)")
        .bind(family.0.to_string())
        .bind(user.to_string())
        .bind(at.as_millisecond())
        .execute(on)
        .await
        .map_err(failed)?;
    Ok(())
}

pub(super) async fn revoke(on: &mut SqliteConnection, family: FamilyId, at: Timestamp) -> Stored<()> {
    sqlx::query("UPDATE refresh_families SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL")
        .bind(at.as_millisecond())
        .bind(family.0.to_string())
        .execute(on)
        .await
        .map_err(failed)?;
    Ok(())
}

pub(super) async fn revoke_all_of(on: &mut SqliteConnection, user: UserId, at: Timestamp) -> Stored<()> {
    sqlx::query("UPDATE refresh_families SET revoked_at = ? WHERE user_id = ? AND revoked_at IS NULL")
        .bind(at.as_millisecond())
        .bind(user.to_string())
        .execute(on)
        .await
        .map_err(failed)?;
    Ok(())
}

pub(super) async fn insert(
    on: &mut SqliteConnection,
    hash: &RefreshTokenHash,
    family: FamilyId,
    expires_at: Timestamp,
) -> Stored<()> {
    sqlx::query("INSERT INTO refresh_tokens (token_hash, family_id, expires_at) VALUES (?, ?, ?)")
        .bind(hash.0.as_slice())
        .bind(family.0.to_string())
        .bind(expires_at.as_millisecond())
        .execute(on)
        .await
        .map_err(failed)?;
    Ok(())
}

pub(super) async fn find(on: &mut SqliteConnection, hash: &RefreshTokenHash) -> Stored<Option<StoredRefreshToken>> {
    let row = sqlx::query(
        "SELECT f.id, f.user_id, t.expires_at, t.used_at IS NOT NULL, f.revoked_at IS NOT NULL
         FROM refresh_tokens t JOIN refresh_families f ON f.id = t.family_id
         WHERE t.token_hash = ?",
    )
    .bind(hash.0.as_slice())
    .fetch_optional(on)
    .await
    .map_err(failed)?;
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
        used: row.try_get(3).map_err(failed)?,
        revoked: row.try_get(4).map_err(failed)?,
    }))
}

pub(super) async fn mark_used(on: &mut SqliteConnection, hash: &RefreshTokenHash, at: Timestamp) -> Stored<()> {
    sqlx::query("UPDATE refresh_tokens SET used_at = ? WHERE token_hash = ?")
        .bind(at.as_millisecond())
        .bind(hash.0.as_slice())
        .execute(on)
        .await
        .map_err(failed)?;
    Ok(())
}

pub(super) async fn purge(on: &mut SqliteConnection, before: Timestamp, limit: u32) -> Stored<u64> {
    let purged = sqlx::query(
        "DELETE FROM refresh_tokens WHERE token_hash IN
            (SELECT token_hash FROM refresh_tokens WHERE expires_at < ? LIMIT ?)",
    )
    .bind(before.as_millisecond())
    .bind(limit)
    .execute(&mut *on)
    .await
    .map_err(failed)?
    .rows_affected();
    // A family is only ever empty because its last token was purged.
    if purged > 0 {
        sqlx::query(
            "DELETE FROM refresh_families WHERE NOT EXISTS
                (SELECT 1 FROM refresh_tokens t WHERE t.family_id = refresh_families.id)",
        )
        .execute(on)
        .await
        .map_err(failed)?;
    }
    Ok(purged)
}
