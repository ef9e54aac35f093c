//! Command: the caller makes a category.

use kit::idempotency::{Done, Once};
use uuid::Uuid;

use super::{Application, Error, once};
use crate::domain::{Category, CategoryId, CategoryName, OwnerId};

impl Application {
    /// Makes it, once for each key. [`Error::CategoryNameTaken`], [`Error::KeyReused`].
    pub async fn create_category(
        &self,
        owner: OwnerId,
        name: CategoryName,
        once: Once<Category>,
    ) -> Result<Done<Category>, Error> {
        let mut transaction = self.store.begin().await?;
        if let Some(answer) = once::answered(&mut transaction, &once).await? {
            return Ok(Done::Before(answer));
        }
        let category = Category { id: CategoryId(Uuid::now_v7()), owner, name };
        transaction.insert_category(&category).await?;
        once::commit(transaction, &once, &category).await?;
        Ok(Done::Now(category))
    }
}
