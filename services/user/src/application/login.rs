//! Command: e-mail and password become tokens.

use uuid::Uuid;

use super::{Application, Error, Tokens};
use crate::domain::refresh_token::FamilyId;
use crate::domain::{Email, Secret};

impl Application {
    /// Begins a session. An e-mail that is not registered (or is none: `None`) takes as long as a
    /// wrong password and is answered alike: [`Error::Credentials`]. [`Error::Overloaded`].
    pub async fn login(&self, email: Option<&Email>, attempt: Secret<String>) -> Result<Tokens, Error> {
        let user = match email {
            Some(email) => self.store.user_by_email(email).await?,
            None => None,
        };
        let hash = user.as_ref().map(|user| user.password_hash.clone());
        let matches = self.hasher.verify(hash, attempt).await?;
        let user = user.filter(|_| matches).ok_or(Error::Credentials)?;

        let now = self.clock.now();
        let family = FamilyId(Uuid::now_v7());
        let mut transaction = self.store.begin().await?;
        // Checking took a while: the account may have been taken over in it, and its sessions ended.
        let now_stored = transaction.user(user.id).await?;
        let user = now_stored.filter(|now| now.password_hash == user.password_hash).ok_or(Error::Credentials)?;
        transaction.insert_family(family, user.id, now).await?;
        let tokens = self.issue(&mut *transaction, &user, family, now).await?;
        transaction.commit().await?;
        Ok(tokens)
    }
}
