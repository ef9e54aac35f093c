//! Command: purchases that were left behind are finished, so that stock and tickets agree.
//!
//! Whoever began them got no answer, or one that said that nothing was sold: they are cancelled, and
//! what they may have reserved is released. A retry under the same key that comes first takes its
//! purchase over instead; one that comes second begins a new one.

use super::apply::Command;
use super::{Application, Error};
use crate::domain::{Purchase, Status, TicketId};

impl Application {
    /// Has everything that is pending count as left behind, for a process that is the first and only one
    /// on its database.
    pub async fn expire_all(&self) -> Result<(), Error> {
        Ok(self.store.expire_all().await?)
    }

    /// The first `limit` purchases after `after` with something left to do.
    pub async fn unfinished(&self, after: Option<TicketId>, limit: i64) -> Result<Vec<Purchase>, Error> {
        Ok(self.store.unfinished(self.clock.now(), after, limit).await?)
    }

    /// Cancels the purchase, if it is still pending, and releases what it may have reserved.
    /// [`Error::VacancyUnavailable`]: then it is to be repeated.
    pub async fn recover(&self, purchase: Purchase) -> Result<(), Error> {
        // It does not enter what runs, or a retry would be told that the first one still does.
        if self.running.contains(&purchase.id) {
            return Ok(());
        }
        // Decided by whoever has it meanwhile, it stays as it is.
        if self.step(Command::Cancel { id: purchase.id }).await? == Status::Cancelled {
            self.give_back(purchase.id).await?;
            tracing::info!(ticket = %purchase.id, "a purchase that was left behind is cancelled and released");
        }
        Ok(())
    }

    /// Releases what a cancelled purchase may have reserved, and marks that this is done.
    pub(super) async fn give_back(&self, id: TicketId) -> Result<(), Error> {
        self.vacancy.release(id).await?;
        self.step(Command::Settle { id }).await?;
        Ok(())
    }
}
