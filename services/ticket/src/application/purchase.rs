//! Command: places are bought. A saga over two databases:
//!
//! 1. The purchase is stored as pending.
//! 2. Its places are reserved, under its id: asked twice, they are reserved once.
//! 3. It is confirmed, with its event, or rejected where there are too few.
//!
//! What fails is cancelled in the database first and then released in the stock, so that no ticket is
//! ever confirmed whose places went back. A release that does not succeed is the recovery's to repeat
//! (see [`super::recover`]), as is all of it when this process dies or the caller goes away in between.

use std::time::Duration;

use jiff::Timestamp;
use kit::correlation::Correlation;
use kit::idempotency::{Done, Once};
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use super::apply::{Command, Reply};
use super::ports::Reservation;
use super::running::Guard;
use super::{Application, Error};
use crate::domain::{BuyerId, Purchase, Quantity, Status, TicketId, Verdict};

/// How often a purchase is begun anew when another process cancelled it as given up.
const ATTEMPTS: u32 = 3;
/// How long the second under a key waits for the first one's answer: above what a purchase takes unless something is away.
const WAIT: Duration = Duration::from_secs(10);

/// What a buyer gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// The ticket; `None` when there were too few places.
    pub ticket: Option<TicketId>,
    /// The stock right after.
    pub remaining: i64,
}

/// What is to be done about a purchase.
enum Step {
    /// It is this request's to finish.
    Finish(Purchase, Guard),
    /// It was answered before.
    Done(Done<Receipt>),
    /// Another request of this process is at it.
    Wait(TicketId),
    /// Another request of this very moment has begun it.
    Again,
}

impl Application {
    /// Buys `qty` places, once for each key: one that a dead process left behind is taken over and
    /// finished. [`Error::VacancyUnavailable`], after which the buyer holds nothing;
    /// [`Error::KeyReused`], [`Error::Overloaded`]. One that runs under the same key is waited for and answers both;
    /// [`Error::InProgress`] where that takes too long.
    pub async fn purchase(&self, buyer: BuyerId, qty: Quantity, once: Once<Receipt>) -> Result<Done<Receipt>, Error> {
        let deadline = Instant::now() + WAIT;
        let mut attempts = 0;
        while attempts < ATTEMPTS {
            let (purchase, _guard) = match self.begin(buyer, qty, &once).await? {
                Step::Finish(purchase, guard) => (purchase, guard),
                Step::Done(done) => return Ok(done),
                Step::Wait(id) => match timeout_at(deadline, self.running.ended(id)).await {
                    Ok(()) => continue,
                    Err(_) => break,
                },
                Step::Again if Instant::now() < deadline => continue,
                Step::Again => break,
            };
            if let Some(receipt) = self.finish(purchase, &once).await? {
                return Ok(Done::Now(receipt));
            }
            attempts += 1;
        }
        Err(Error::InProgress)
    }

    async fn begin(&self, buyer: BuyerId, qty: Quantity, once: &Once<Receipt>) -> Result<Step, Error> {
        let now = self.clock.now();
        let purchase = Purchase {
            id: TicketId(Uuid::now_v7()),
            buyer,
            qty,
            status: Status::Pending,
            expires_at: now.checked_add(self.patience).unwrap_or(Timestamp::MAX),
            created_at: now,
        };
        // Before it is stored, or the recovery could see it without the guard.
        let guard = self.running.enter(purchase.id).ok_or(Error::InProgress)?;
        match self.batcher.submit(Command::Begin { purchase, key: once.key.clone() }).await? {
            Reply::Begun => Ok(Step::Finish(purchase, guard)),
            Reply::Pending(earlier) => {
                let Some(guard) = self.running.enter(earlier.id) else { return Ok(Step::Wait(earlier.id)) };
                tracing::info!(ticket = %earlier.id, "a purchase that was left behind is taken over");
                Ok(Step::Finish(earlier, guard))
            }
            Reply::Before(answer) => Ok(Step::Done(Done::Before(answer))),
            Reply::InProgress => Ok(Step::Again),
            Reply::KeyReused => Err(Error::KeyReused),
            Reply::Now(_) => Err(unexpected()),
        }
    }

    /// Reserves and decides; `None` when another process had decided otherwise.
    async fn finish(&self, purchase: Purchase, once: &Once<Receipt>) -> Result<Option<Receipt>, Error> {
        let id = purchase.id;
        let Reservation { verdict, remaining } = match self.vacancy.reserve(id, purchase.qty).await {
            Ok(reservation) => reservation,
            Err(unavailable) => {
                // It may be reserved all the same. The buyer is not kept waiting for the release.
                return match self.step(Command::Cancel { id }).await? {
                    Status::Cancelled => Err(unavailable.into()),
                    _ => Ok(None),
                };
            }
        };
        let receipt = Receipt { ticket: (verdict == Verdict::Granted).then_some(id), remaining };
        let keep = once.key.clone().map(|key| (key, (once.render)(&receipt)));
        let command = Command::Decide { id, verdict, keep, correlation: Correlation::current() };
        match self.step(command).await {
            Ok(status) => Ok((status == verdict.status()).then_some(receipt)),
            Err(error) => self.compensate(id, verdict, receipt, error).await,
        }
    }

    /// The decision could not be stored, or its commit was not answered: what holds is what is stored.
    async fn compensate(
        &self,
        id: TicketId,
        verdict: Verdict,
        receipt: Receipt,
        error: Error,
    ) -> Result<Option<Receipt>, Error> {
        match self.step(Command::Cancel { id }).await {
            Ok(status) if status == verdict.status() => Ok(Some(receipt)),
            Ok(_) => {
                if let Err(cause) = self.give_back(id).await {
                    tracing::warn!(ticket = %id, %cause, "the places of a failed purchase are released later");
                }
                Err(error)
            }
            Err(_) => Err(error),
        }
    }

    /// The status of a purchase after a step of it.
    pub(super) async fn step(&self, command: Command) -> Result<Status, Error> {
        match self.batcher.submit(command).await? {
            Reply::Now(status) => Ok(status),
            _ => Err(unexpected()),
        }
    }
}

fn unexpected() -> Error {
    Error::Internal("a command was answered as another one".to_owned())
}
