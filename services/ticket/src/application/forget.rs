//! Command: purchases that came to nothing are forgotten, so that they do not grow without end under buyers
//! who ask for more than there is. Tickets are kept.

use jiff::SignedDuration;

use super::{Application, Error};

/// How long they are kept: for whoever looks into a complaint. No buyer knows their ids, a request is about
/// one for some seconds at most, and what it answered is kept under the request's key (`IDEMPOTENCY_TTL`).
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Purchases that one transaction deletes: no buyer waits for it long.
const BATCH: u32 = 500;

impl Application {
    /// Deletes what was rejected, or cancelled and released, long ago; gives how much.
    /// [`Error::Overloaded`]: then it is to be repeated.
    pub async fn forget_unsold(&self) -> Result<u64, Error> {
        let instant = self.clock.now().checked_sub(KEPT).unwrap_or(jiff::Timestamp::MIN);
        let mut total = 0;
        loop {
            let deleted = self.store.forget_unsold(instant, i64::from(BATCH)).await?;
            total += deleted;
            if deleted < u64::from(BATCH) {
                return Ok(total);
            }
        }
    }
}
