//! Command: a newcomer registers.

use kit::idempotency::{Answer, Done, Earlier, IdempotencyKey, Once};
use uuid::Uuid;

use super::ports::Transaction;
use super::{Application, Error, events};
use crate::domain::{Email, Name, Password, Scope, User, UserId};

/// What a newcomer tells.
#[derive(Debug)]
pub struct Registration {
    /// Where it is reached.
    pub email: Email,
    /// What it is called.
    pub name: Name,
    /// What it will log in with.
    pub password: Password,
}

impl Application {
    /// Adds a user without any scope, once for each key of `once`. [`Error::EmailTaken`],
    /// [`Error::KeyReused`], [`Error::Overloaded`].
    pub async fn register(&self, registration: Registration, once: Once<User>) -> Result<Done<User>, Error> {
        // Hashing is dear: a taken e-mail is refused before it, and a known key answered. The constraint
        // and the second look decide all the same, for two may come at once.
        let taken = self.store.user_by_email(&registration.email).await?.is_some();
        // After the e-mail was looked up: it may be taken by this very request, sent before.
        if let Some(key) = &once.key
            && let Some(answer) = answered(&mut *self.store.begin().await?, key).await?
        {
            return Ok(Done::Before(answer));
        }
        if taken {
            return Err(Error::EmailTaken);
        }
        let user = self.new_user(registration, Scope::default()).await?;
        let mut transaction = self.store.begin().await?;
        if let Some(key) = &once.key {
            if let Some(answer) = answered(&mut *transaction, key).await? {
                return Ok(Done::Before(answer));
            }
            transaction.remember(key, &(once.render)(&user)).await?;
        }
        transaction.insert_user(&user).await?;
        transaction.publish(events::created(&user)).await?;
        transaction.commit().await?;
        tracing::info!(user = %user.id, "user registered");
        Ok(Done::Now(user))
    }

    /// A user that is not stored yet.
    pub(super) async fn new_user(
        &self,
        Registration { email, name, password }: Registration,
        scope: Scope,
    ) -> Result<User, Error> {
        let password_hash = self.hasher.hash(password).await?;
        let now = self.clock.now();
        let id = UserId(Uuid::now_v7());
        Ok(User { id, email, name, password_hash, scope, created_at: now, updated_at: now, version: 1 })
    }
}

/// The answer to an earlier request under this key; [`Error::KeyReused`].
async fn answered(transaction: &mut dyn Transaction, key: &IdempotencyKey) -> Result<Option<Answer>, Error> {
    match transaction.earlier(key).await? {
        None => Ok(None),
        Some(Earlier::Answered(answer)) => Ok(Some(answer)),
        Some(Earlier::OtherBody) => Err(Error::KeyReused),
    }
}
