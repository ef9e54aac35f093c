//! A batch of what purchases write, in one transaction.
//!
//! 1. Purchases that begin: under a key, what is known of it decides; the new ones are inserted.
//! 2. Purchases that are decided, cancelled or settled: those still pending become what was decided,
//!    with the event and the answer to the key.
//! 3. One commit, and only then does anyone go on.

mod begin;
mod decide;

use std::sync::Arc;

use jiff::Timestamp;
use kit::correlation::Correlation;
use kit::idempotency::{Answer, IdempotencyKey};

use super::ports::{Store, StoreError};
use crate::domain::{Purchase, Status, TicketId, Verdict};

/// One step of a purchase.
pub(super) enum Command {
    Begin { purchase: Purchase, key: Option<IdempotencyKey> },
    /// `keep` is the answer to the purchase's key.
    Decide { id: TicketId, verdict: Verdict, keep: Option<(IdempotencyKey, Answer)>, correlation: Correlation },
    Cancel { id: TicketId },
    Settle { id: TicketId },
}

/// What came of it.
#[derive(Debug, Clone)]
pub(super) enum Reply {
    /// The purchase is pending, its own.
    Begun,
    /// One under the same key was begun and not decided.
    Pending(Purchase),
    /// One under the same key was begun in this very batch.
    InProgress,
    /// The key was answered so.
    Before(Answer),
    /// The key was used for another body.
    KeyReused,
    /// The purchase's status now, whoever decided it.
    Now(Status),
}

/// Does them all, or, with an error, none.
pub(super) async fn apply(
    store: Arc<dyn Store>,
    now: Timestamp,
    commands: Vec<Command>,
) -> Result<Vec<Reply>, StoreError> {
    let mut transaction = store.begin().await?;
    let begun = begin::begin(&commands, &mut *transaction).await?;
    let decided = decide::decide(&commands, now, &mut *transaction).await?;
    transaction.commit().await?;
    // Each command is answered by one of the two.
    Ok(begun.into_iter().zip(decided).map(|(begun, now)| begun.unwrap_or(Reply::Now(now))).collect())
}
