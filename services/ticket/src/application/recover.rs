//! Command: purchases that were left behind are finished, so that stock and tickets agree.
//!
//! Whoever began them got no answer, or one that said that nothing was sold: they are cancelled, and
//! what they may have reserved is released. A retry under the same key that comes first takes its
//! purchase over instead.

use jiff::Timestamp;

use super::apply::Command;
use super::{Application, Error};
use crate::domain::{Purchase, Status, TicketId};

/// Which pending purchases count as left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftBehind {
    /// All that this process is not in the middle of: where no other one works on the database.
    All,
    /// Those for which their process had time enough.
    Expired,
}

impl Application {
    /// The first `limit` purchases after `after` with something left to do.
    pub async fn unfinished(
        &self,
        which: LeftBehind,
        after: Option<TicketId>,
        limit: i64,
    ) -> Result<Vec<Purchase>, Error> {
        let now = match which {
            LeftBehind::All => Timestamp::MAX,
            LeftBehind::Expired => self.clock.now(),
        };
        Ok(self.store.unfinished(now, after, limit).await?)
    }

    /// Cancels the purchase, if it is still pending, and releases what it may have reserved.
    /// [`Error::VacancyUnavailable`]: then it is to be repeated.
    pub async fn recover(&self, purchase: Purchase) -> Result<(), Error> {
        let Some(_guard) = self.running.enter(purchase.id) else {
            return Ok(());
        };
        // Decided by whoever had it meanwhile, it stays as it is.
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
