//! Command: refresh tokens that expired are forgotten.

use super::{Application, Error};

/// How many rows one transaction deletes: the writer is never held for long.
const BATCH: u32 = 500;

impl Application {
    /// Deletes expired refresh tokens in small transactions; gives how many.
    pub async fn purge_refresh_tokens(&self) -> Result<u64, Error> {
        let now = self.clock.now();
        let mut total = 0;
        loop {
            let mut transaction = self.store.begin().await?;
            let purged = transaction.purge_refresh_tokens(now, BATCH).await?;
            transaction.commit().await?;
            total += purged;
            if purged < u64::from(BATCH) {
                return Ok(total);
            }
        }
    }
}
