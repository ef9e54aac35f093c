//! The table `signing_keys`.

use jiff::SignedDuration;
use kit::database::{Connection, Row, Transaction};
use sqlx::Row as _;

use super::{failed, instant};
use crate::application::ports::Stored;
use crate::domain::{Secret, SigningKey};

pub(super) async fn all(on: &mut Connection) -> Stored<Vec<SigningKey>> {
    let rows = sqlx::query("SELECT * FROM signing_keys").fetch_all(on).await.map_err(failed)?;
    rows.iter().map(parse).collect()
}

/// [`all`], and nobody else adds or removes one until the transaction ends.
pub(super) async fn locked(on: &mut Transaction) -> Stored<Vec<SigningKey>> {
    lock(on).await?;
    all(on).await
}

async fn lock(on: &mut Transaction) -> Stored<()> {
    on.lock("signing_keys").await.map_err(failed)
}

fn parse(row: &Row) -> Stored<SigningKey> {
    let signs_from = row.try_get("signs_from").map_err(failed)?;
    Ok(SigningKey {
        kid: row.try_get("kid").map_err(failed)?,
        private: Secret::new(row.try_get("private_key").map_err(failed)?),
        public: row.try_get("public_key").map_err(failed)?,
        signs_from: instant("signing_keys.signs_from", signs_from)?,
        token_ttl: SignedDuration::from_secs(row.try_get("token_ttl").map_err(failed)?),
    })
}

pub(super) async fn insert(on: &mut Connection, key: &SigningKey) -> Stored<()> {
    sqlx::query(
        "INSERT INTO signing_keys (kid, private_key, public_key, signs_from, token_ttl)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(key.kid.clone())
    .bind(key.private.expose().clone())
    .bind(key.public.clone())
    .bind(key.signs_from.as_millisecond())
    .bind(key.token_ttl.as_secs())
    .execute(on)
    .await
    .map_err(failed)?;
    Ok(())
}

pub(super) async fn delete(on: &mut Connection, kid: &str) -> Stored<()> {
    let query = sqlx::query("DELETE FROM signing_keys WHERE kid = $1").bind(kid.to_owned());
    query.execute(on).await.map_err(failed)?;
    Ok(())
}

pub(super) async fn raise_ttl(on: &mut Transaction, ttl: SignedDuration) -> Stored<()> {
    lock(on).await?;
    let query = sqlx::query("UPDATE signing_keys SET token_ttl = $1 WHERE token_ttl < $1");
    query.bind(ttl.as_secs()).execute(&mut **on).await.map_err(failed)?;
    Ok(())
}
