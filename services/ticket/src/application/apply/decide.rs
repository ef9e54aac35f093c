//! The purchases that are decided, cancelled or settled.

use std::collections::HashMap;

use events::Draft;
use events::ticket::TicketPurchased;
use jiff::Timestamp;

use super::Command;
use crate::application::ports::{StoreError, Transaction};
use crate::domain::{Purchase, Status, TicketId};

/// The status that each command's purchase has after it; `Pending` for those that begin one.
pub(super) async fn decide(
    commands: &[Command],
    now: Timestamp,
    transaction: &mut dyn Transaction,
) -> Result<Vec<Status>, StoreError> {
    let mut purchases = read(commands, transaction).await?;
    let mut changed: HashMap<Status, Vec<TicketId>> = HashMap::new();
    let (mut settled, mut answers, mut events) = (Vec::new(), Vec::new(), Vec::new());
    let mut statuses = Vec::with_capacity(commands.len());
    for command in commands {
        let (id, next) = match command {
            Command::Begin { .. } => {
                statuses.push(Status::Pending);
                continue;
            }
            Command::Decide { id, verdict, .. } => (id, verdict.status()),
            Command::Cancel { id } => (id, Status::Cancelled),
            Command::Settle { id } => {
                settled.push(*id);
                statuses.push(Status::Cancelled);
                continue;
            }
        };
        let Some(purchase) = purchases.get_mut(id) else {
            // It never began, and so it ends as one that was given up.
            statuses.push(Status::Cancelled);
            continue;
        };
        let before = purchase.status;
        purchase.status = before.then(next);
        statuses.push(purchase.status);
        if before != Status::Pending {
            continue;
        }
        changed.entry(next).or_default().push(*id);
        if let Command::Decide { keep, correlation, .. } = command {
            answers.extend(keep.clone());
            if next == Status::Confirmed {
                events.push((Draft::from(&purchased(purchase)), correlation.clone()));
            }
        }
    }
    for (status, ids) in &changed {
        transaction.decide(ids, *status, now).await?;
    }
    transaction.settle(&settled, now).await?;
    transaction.remember(&answers).await?;
    transaction.publish(&events).await?;
    Ok(statuses)
}

async fn read(
    commands: &[Command],
    transaction: &mut dyn Transaction,
) -> Result<HashMap<TicketId, Purchase>, StoreError> {
    let mut ids: Vec<TicketId> = commands
        .iter()
        .filter_map(|command| match command {
            Command::Decide { id, .. } | Command::Cancel { id } => Some(*id),
            Command::Begin { .. } | Command::Settle { .. } => None,
        })
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let purchases = transaction.purchases(&ids).await?;
    Ok(purchases.into_iter().map(|purchase| (purchase.id, purchase)).collect())
}

fn purchased(purchase: &Purchase) -> TicketPurchased {
    TicketPurchased { ticket_id: purchase.id.0, buyer_id: purchase.buyer.0, qty: purchase.qty.get() }
}
