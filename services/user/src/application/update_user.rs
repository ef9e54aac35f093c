//! Command: a user changes its name or e-mail.

use kit::etag::IfMatch;

use super::{Application, Caller, Error, events};
use crate::domain::{Email, Name, User, UserId};

/// What a user is to be from now on.
#[derive(Debug)]
pub struct Update {
    /// Where it is reached.
    pub email: Email,
    /// What it is called.
    pub name: Name,
}

impl Application {
    /// Replaces both, for the user itself and administrators, if its version is one that `condition`
    /// takes. What it is already changes nothing. Tokens that are out keep the old e-mail until they
    /// expire. [`Error::NotYours`], [`Error::UserNotFound`], [`Error::OtherVersion`],
    /// [`Error::EmailTaken`].
    pub async fn update_user(
        &self,
        caller: &Caller,
        id: UserId,
        Update { email, name }: Update,
        condition: &IfMatch,
    ) -> Result<User, Error> {
        caller.require_self_or_admin(id)?;
        let mut transaction = self.store.begin().await?;
        let mut user = transaction.user(id).await?.ok_or(Error::UserNotFound)?;
        if !condition.holds(user.version) {
            return Err(Error::OtherVersion);
        }
        // E-mails compare without case, and the case may be what changes.
        if user.name == name && user.email.as_str() == email.as_str() {
            return Ok(user);
        }
        user.email = email;
        user.name = name;
        user.changes(self.clock.now());
        transaction.update_user(&user).await?;
        transaction.publish(events::updated(&user)).await?;
        transaction.commit().await?;
        Ok(user)
    }
}
