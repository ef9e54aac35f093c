//! Command: what is old is forgotten, so that the reservations do not grow without end.
//!
//! What a reservation still holds is sold for good. An id tells when it was chosen if it is a UUIDv7, as the
//! ticket service's are; a request under one that is older than what is remembered is answered so and
//! changes nothing, so that a late duplicate takes no place. Ids that do not tell are kept for ever.

use jiff::Timestamp;

use super::{Application, Error};
use crate::domain::Ledger;

/// Reservations that one transaction forgets: the stock is never held for long.
const BATCH: i64 = 500;

impl Application {
    /// Forgets the reservations that were chosen before `instant` and have not changed since; gives how
    /// many. [`Error::Overloaded`]: then it is to be repeated.
    pub async fn forget(&self, instant: Timestamp) -> Result<u64, Error> {
        let (mut total, mut after) = (0, None);
        loop {
            let mut transaction = self.store.begin().await?;
            let stock = transaction.stock().await?;
            let old = transaction.old(instant, after.as_ref(), BATCH).await?;
            let Some(last) = old.last() else { return Ok(total) };
            after = Some(last.id.clone());

            let mut ledger = Ledger::new(stock, old);
            let forgotten = ledger.forget(instant.as_millisecond());
            transaction.remove(&forgotten).await?;
            transaction.save_stock(ledger.stock()).await?;
            transaction.commit().await?;
            total += u64::try_from(forgotten.len()).unwrap_or(u64::MAX);
        }
    }
}
