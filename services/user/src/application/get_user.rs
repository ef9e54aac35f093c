//! Query: one user.

use super::{Application, Caller, Error};
use crate::domain::{User, UserId};

impl Application {
    /// The user, for itself and administrators. [`Error::NotYours`], [`Error::UserNotFound`].
    pub async fn get_user(&self, caller: &Caller, id: UserId) -> Result<User, Error> {
        caller.require_self_or_admin(id)?;
        self.store.user(id).await?.ok_or(Error::UserNotFound)
    }
}
