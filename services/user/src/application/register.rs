//! Command: a newcomer registers.

use uuid::Uuid;

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
    /// Adds a user without any scope. [`Error::EmailTaken`], [`Error::Overloaded`].
    pub async fn register(&self, registration: Registration) -> Result<User, Error> {
        // Hashing is dear: a taken e-mail is refused before it. The constraint decides all the
        // same, for two may come at once.
        if self.store.user_by_email(&registration.email).await?.is_some() {
            return Err(Error::EmailTaken);
        }
        let user = self.new_user(registration, Scope::default()).await?;
        let mut transaction = self.store.begin().await?;
        transaction.insert_user(&user).await?;
        transaction.publish(events::created(&user)).await?;
        transaction.commit().await?;
        tracing::info!(user = %user.id, "user registered");
        Ok(user)
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
