//! Command: the signing keys are renewed in time. Query: those that are published.

use std::sync::{Arc, PoisonError};

use uuid::Uuid;

use super::issue::internal;
use super::{Application, Error};
use crate::domain::{KeyRing, SigningKey};

impl Application {
    /// The public keys that tokens may be signed with: those to come too.
    pub fn published_keys(&self) -> Vec<SigningKey> {
        self.ring().published(self.clock.now()).cloned().collect()
    }

    /// Remembers that tokens of the set lifetime are signed from now on: a key stays published for
    /// the longest lifetime that ever was set. Once at the start, before the first signature.
    pub async fn record_token_lifetime(&self) -> Result<(), Error> {
        let mut transaction = self.store.begin().await?;
        transaction.raise_token_ttl(self.lifetimes.access_token).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Makes the next key when it is time, drops those that are over, and takes up what other
    /// instances did. At the start and every few seconds.
    pub async fn maintain_keys(&self) -> Result<(), Error> {
        let stored = KeyRing::new(self.store.signing_keys().await?);
        // Writing is the exception: only then is the writer's turn taken.
        let ring = if self.is_due(&stored) { self.renew_keys().await? } else { stored };
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
        Ok(())
    }

    pub(super) fn ring(&self) -> Arc<KeyRing> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn is_due(&self, ring: &KeyRing) -> bool {
        let now = self.clock.now();
        ring.next(self.lifetimes.rotation, now).is_some() || !ring.over(now).is_empty()
    }

    /// Decides anew inside the transaction, for another instance may just have done it.
    async fn renew_keys(&self) -> Result<KeyRing, Error> {
        let now = self.clock.now();
        let mut transaction = self.store.begin().await?;
        let mut keys = transaction.signing_keys().await?;
        let ring = KeyRing::new(keys.clone());
        for kid in ring.over(now) {
            transaction.delete_signing_key(&kid).await?;
            keys.retain(|key| key.kid != kid);
            tracing::info!(kid, "signing key removed: its last token has expired");
        }
        if let Some(signs_from) = ring.next(self.lifetimes.rotation, now) {
            let pair = self.crypto.key_pair().map_err(internal)?;
            let key = SigningKey {
                kid: Uuid::now_v7().to_string(),
                private: pair.private,
                public: pair.public,
                signs_from,
                token_ttl: self.lifetimes.access_token,
            };
            transaction.insert_signing_key(&key).await?;
            tracing::info!(kid = key.kid, %signs_from, "signing key made");
            keys.push(key);
        }
        transaction.commit().await?;
        Ok(KeyRing::new(keys))
    }
}
