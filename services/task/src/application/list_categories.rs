//! Query: the caller's categories, in pages.

use kit::paging::{Page, PageRequest};

use super::{Application, Error};
use crate::domain::{Category, OwnerId};

impl Application {
    /// A page of the caller's categories, oldest first.
    pub async fn list_categories(&self, owner: OwnerId, request: PageRequest) -> Result<Page<Category>, Error> {
        let categories = self.store.categories(owner, request).await?;
        Ok(request.page(categories, |category| category.id.0))
    }
}
