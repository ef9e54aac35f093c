//! Query: the caller's notifications.

use kit::paging::{Page, PageRequest};

use super::{Application, Error};
use crate::domain::{Notification, UserId};

impl Application {
    /// A page of the owner's notifications, the oldest first.
    pub async fn list(&self, owner: UserId, page: PageRequest) -> Result<Page<Notification>, Error> {
        let found = self.store.notifications(owner, page).await?;
        Ok(page.page(found, |notification| notification.id.0))
    }
}
