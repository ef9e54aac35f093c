//! A batch of commands in one transaction.
//!
//! 1. The stock is read, and with that locked, and what is known of the ids that the commands name.
//! 2. The ledger decides each command in memory, in the order in which they came.
//! 3. What changed is written: the stock, the reservations, the events, the answers to keys.
//! 4. One commit, and only then is anyone answered.

use std::sync::Arc;

use events::Draft;
use events::vacancy::{StockReleased, StockReserved};
use kit::correlation::Correlation;
use kit::idempotency::{Done, Earlier, Once};

use super::Error;
use super::available::Cache;
use super::ports::{Store, StoreError, Transaction};
use crate::domain::{Ledger, Outcome, Quantity, ReservationId, Verdict};

/// What is to be done, and what it is part of.
pub(super) enum Command {
    Reserve { id: ReservationId, qty: Quantity, correlation: Correlation },
    Release { id: ReservationId, correlation: Correlation },
    Restock { qty: Quantity, once: Once<Outcome> },
}

pub(super) type Reply = Result<Done<Outcome>, Error>;

impl Command {
    fn id(&self) -> Option<&ReservationId> {
        match self {
            Self::Reserve { id, .. } | Self::Release { id, .. } => Some(id),
            Self::Restock { .. } => None,
        }
    }
}

/// Does them all, or, with an error, none.
pub(super) async fn apply(
    store: Arc<dyn Store>,
    cache: Arc<Cache>,
    commands: Vec<Command>,
) -> Result<Vec<Reply>, StoreError> {
    match transact(&*store, commands).await {
        Ok((replies, available)) => {
            cache.store(available);
            Ok(replies)
        }
        Err(error) => {
            // A commit whose answer was lost may have happened.
            cache.forget();
            Err(error)
        }
    }
}

async fn transact(store: &dyn Store, commands: Vec<Command>) -> Result<(Vec<Reply>, i64), StoreError> {
    let mut transaction = store.begin().await?;
    let before = transaction.stock().await?;
    let mut ids: Vec<&ReservationId> = commands.iter().filter_map(Command::id).collect();
    ids.sort_unstable();
    ids.dedup();
    let known = transaction.reservations(&ids).await?;

    let mut ledger = Ledger::new(before, known);
    let (mut replies, mut events) = (Vec::with_capacity(commands.len()), Vec::new());
    for command in commands {
        replies.push(decide(command, &mut ledger, &mut *transaction, &mut events).await?);
    }

    let stock = ledger.stock();
    if stock != before {
        transaction.save_stock(stock).await?;
    }
    transaction.save_reservations(&ledger.changed()).await?;
    transaction.publish(&events).await?;
    transaction.commit().await?;
    Ok((replies, stock.available))
}

async fn decide(
    command: Command,
    ledger: &mut Ledger,
    transaction: &mut dyn Transaction,
    events: &mut Vec<(Draft, Correlation)>,
) -> Result<Reply, StoreError> {
    Ok(match command {
        Command::Reserve { id, qty, correlation } => ledger.reserve(&id, qty).map_err(Error::from).map(|done| {
            let (outcome, moved) = done;
            if let Some(moved) = moved {
                let (reservation_id, remaining) = (moved.reservation.to_string(), outcome.remaining);
                let event = StockReserved { reservation_id, qty: moved.qty, remaining };
                events.push((Draft::from(&event), correlation));
            }
            Done::Now(outcome)
        }),
        Command::Release { id, correlation } => {
            let (outcome, moved) = ledger.release(&id);
            if outcome.verdict == Verdict::Forgotten {
                tracing::warn!(%id, "a reservation was released too late: if it held places, they count as sold");
            }
            if let Some(moved) = moved {
                let (reservation_id, remaining) = (moved.reservation.to_string(), outcome.remaining);
                let event = StockReleased { reservation_id, qty: moved.qty, remaining };
                events.push((Draft::from(&event), correlation));
            }
            Ok(Done::Now(outcome))
        }
        Command::Restock { qty, once } => restock(qty, &once, ledger, transaction).await?,
    })
}

async fn restock(
    qty: Quantity,
    once: &Once<Outcome>,
    ledger: &mut Ledger,
    transaction: &mut dyn Transaction,
) -> Result<Reply, StoreError> {
    if let Some(key) = &once.key {
        match transaction.earlier(key).await? {
            Some(Earlier::Answered(answer)) => return Ok(Ok(Done::Before(answer))),
            Some(Earlier::OtherBody) => return Ok(Err(Error::KeyReused)),
            None => {}
        }
    }
    let outcome = match ledger.restock(qty) {
        Ok(outcome) => outcome,
        Err(overflow) => return Ok(Err(overflow.into())),
    };
    if let Some(key) = &once.key {
        transaction.remember(key, &(once.render)(&outcome)).await?;
    }
    Ok(Ok(Done::Now(outcome)))
}
