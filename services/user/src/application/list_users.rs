//! Query: all users, in pages.

use kit::paging::{Page, PageRequest};

use super::{Application, Caller, Error};
use crate::domain::User;

impl Application {
    /// A page of users, oldest first, for administrators. [`Error::AdminOnly`].
    pub async fn list_users(&self, caller: &Caller, request: PageRequest) -> Result<Page<User>, Error> {
        caller.require_admin()?;
        let users = self.store.users(request).await?;
        Ok(request.page(users, |user| user.id.0))
    }
}
