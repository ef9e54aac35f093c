//! A transaction of the store.
//!
//! What is read in it to decide on a write is locked, so that two that decide come out as if one ran
//! after the other: on SQLite there is one writer at a time anyway.

use async_trait::async_trait;
use events::Draft;
use jiff::{SignedDuration, Timestamp};
use kit::database::Transaction as DatabaseTransaction;
use kit::idempotency::{self, Answer, Earlier, IdempotencyKey};
use kit::outbox;

use super::{failed, keys, refresh_tokens, users};
use crate::application::ports::{Stored, Transaction};
use crate::domain::refresh_token::{FamilyId, StoredRefreshToken};
use crate::domain::{RefreshTokenHash, SigningKey, User, UserId};

pub(super) struct SqlTransaction {
    pub(super) inner: DatabaseTransaction,
}

#[async_trait]
impl Transaction for SqlTransaction {
    async fn user(&mut self, id: UserId) -> Stored<Option<User>> {
        users::locked(&mut self.inner, id).await
    }

    async fn insert_user(&mut self, user: &User) -> Stored<()> {
        users::insert(&mut self.inner, user).await
    }

    async fn update_user(&mut self, user: &User) -> Stored<()> {
        users::update(&mut self.inner, user).await
    }

    async fn publish(&mut self, event: Draft) -> Stored<()> {
        let outcome = outbox::publish(&mut self.inner, crate::NAME, &[event]).await;
        outcome.map_err(failed)
    }

    async fn earlier(&mut self, key: &IdempotencyKey) -> Stored<Option<Earlier>> {
        idempotency::earlier(&mut self.inner, key).await.map_err(failed)
    }

    async fn remember(&mut self, key: &IdempotencyKey, answer: &Answer) -> Stored<()> {
        idempotency::remember(&mut self.inner, key, answer).await.map_err(failed)
    }

    async fn insert_family(&mut self, family: FamilyId, user: UserId, at: Timestamp) -> Stored<()> {
        refresh_tokens::insert_family(&mut self.inner, family, user, at).await
    }

    async fn revoke_family(&mut self, family: FamilyId, at: Timestamp) -> Stored<()> {
        refresh_tokens::revoke(&mut self.inner, family, at).await
    }

    async fn revoke_families_of(&mut self, user: UserId, at: Timestamp) -> Stored<()> {
        refresh_tokens::revoke_all_of(&mut self.inner, user, at).await
    }

    async fn insert_refresh_token(
        &mut self,
        hash: &RefreshTokenHash,
        family: FamilyId,
        expires_at: Timestamp,
    ) -> Stored<()> {
        refresh_tokens::insert(&mut self.inner, hash, family, expires_at).await
    }

    async fn refresh_token(&mut self, hash: &RefreshTokenHash) -> Stored<Option<StoredRefreshToken>> {
        refresh_tokens::locked(&mut self.inner, hash).await
    }

    async fn use_refresh_token(&mut self, hash: &RefreshTokenHash, at: Timestamp) -> Stored<()> {
        refresh_tokens::mark_used(&mut self.inner, hash, at).await
    }

    async fn purge_refresh_tokens(&mut self, instant: Timestamp, limit: u32) -> Stored<u64> {
        refresh_tokens::purge(&mut self.inner, instant, limit).await
    }

    async fn signing_keys(&mut self) -> Stored<Vec<SigningKey>> {
        keys::locked(&mut self.inner).await
    }

    async fn insert_signing_key(&mut self, key: &SigningKey) -> Stored<()> {
        keys::insert(&mut self.inner, key).await
    }

    async fn delete_signing_key(&mut self, kid: &str) -> Stored<()> {
        keys::delete(&mut self.inner, kid).await
    }

    async fn raise_token_ttl(&mut self, ttl: SignedDuration) -> Stored<()> {
        keys::raise_ttl(&mut self.inner, ttl).await
    }

    async fn commit(self: Box<Self>) -> Stored<()> {
        self.inner.commit().await.map_err(failed)
    }
}
