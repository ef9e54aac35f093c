//! Password hashing with argon2id: some 20 ms and 19 MiB each, by OWASP's first recommendation
//! (19 MiB, two passes, one lane), which are the crate's defaults.
//!
//! It runs on the blocking threads, at most so many at once: more would only share the same cores,
//! and each takes its memory.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc;
use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};
use async_trait::async_trait;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::application::ports::{HashError, PasswordHasher};
use crate::domain::{Password, PasswordHash, Secret};

/// The adapter.
pub struct Argon2Hasher {
    turns: Arc<Semaphore>,
    /// How long a password waits for its turn.
    wait: Duration,
    /// Verified against when there is no user.
    dummy: PasswordHash,
}

impl Argon2Hasher {
    /// Hashes `parallelism` passwords at once, and lets others wait for `wait`. Takes the time of
    /// one hash, on this thread.
    pub fn new(parallelism: usize, wait: Duration) -> Result<Self, HashError> {
        let dummy = hash(b"no user has this password")?;
        Ok(Self { turns: Arc::new(Semaphore::new(parallelism)), wait, dummy })
    }

    /// Runs `work` on a blocking thread once it is its turn. The turn ends with the work, not with
    /// the request: a client that gives up frees no core.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        let turn = tokio::time::timeout(self.wait, Arc::clone(&self.turns).acquire_owned()).await;
        let turn: OwnedSemaphorePermit = match turn {
            Ok(Ok(turn)) => turn,
            Ok(Err(closed)) => return Err(HashError::Failed(closed.to_string())),
            Err(_) => return Err(HashError::Busy),
        };
        let work = move || {
            let result = work();
            drop(turn);
            result
        };
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|error| HashError::Failed(error.to_string()))?
    }
}

#[async_trait]
impl PasswordHasher for Argon2Hasher {
    async fn hash(&self, password: Password) -> Result<PasswordHash, HashError> {
        let password = password.into_secret();
        self.run(move || hash(password.expose().as_bytes())).await
    }

    async fn verify(&self, stored: Option<PasswordHash>, attempt: Secret<String>) -> Result<bool, HashError> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.dummy.clone());
        let matches = self.run(move || matches(&stored, attempt.expose().as_bytes())).await?;
        Ok(matches && known)
    }
}

fn hash(password: &[u8]) -> Result<PasswordHash, HashError> {
    let hash = Argon2::default().hash_password(password);
    let hash = hash.map_err(|error| HashError::Failed(error.to_string()))?;
    Ok(PasswordHash::new(hash.to_string()))
}

fn matches(stored: &PasswordHash, attempt: &[u8]) -> Result<bool, HashError> {
    let failed = |error: &dyn std::fmt::Display| HashError::Failed(error.to_string());
    let parsed = phc::PasswordHash::new(stored.expose()).map_err(|error| failed(&error))?;
    match Argon2::default().verify_password(attempt, &parsed) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(failed(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::parse(Secret::new(text.to_owned())).unwrap()
    }

    #[tokio::test]
    async fn a_hash_fits_its_password_alone() {
        let hasher = Argon2Hasher::new(1, Duration::from_secs(5)).unwrap();
        let hash = hasher.hash(password("correct horse")).await.unwrap();
        assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.expose());
        for (stored, attempt, expected) in [
            (Some(hash.clone()), "correct horse", true),
            (Some(hash.clone()), "correct hors", false),
            (Some(hash), "", false),
            (None, "no user has this password", false),
        ] {
            let attempt = Secret::new(attempt.to_owned());
            assert_eq!(hasher.verify(stored, attempt).await.unwrap(), expected);
        }
    }

    #[tokio::test]
    async fn who_waits_too_long_is_told_so() {
        let hasher = Argon2Hasher::new(0, Duration::from_millis(1)).unwrap();
        assert!(matches!(hasher.hash(password("12345678")).await, Err(HashError::Busy)));
    }
}
