//! The purchases that begin.

use std::collections::{HashMap, HashSet};

use kit::idempotency::{Earlier, IdempotencyKey};

use super::{Command, Reply};
use crate::application::ports::{PendingUnderKey, StoreError, Transaction};

/// The reply to each command that begins a purchase, and `None` for the others.
pub(super) async fn begin(
    commands: &[Command],
    transaction: &mut dyn Transaction,
) -> Result<Vec<Option<Reply>>, StoreError> {
    let mut known = Known::read(commands, transaction).await?;
    let mut new = Vec::new();
    let reply = |command: &Command| match command {
        Command::Begin { purchase, key } => {
            let reply = key.as_ref().and_then(|key| known.take(key)).unwrap_or(Reply::Begun);
            if matches!(reply, Reply::Begun) {
                new.push((*purchase, key.clone()));
            }
            Some(reply)
        }
        _ => None,
    };
    let replies = commands.iter().map(reply).collect();
    if !new.is_empty() {
        transaction.insert(&new).await?;
    }
    Ok(replies)
}

/// What is known of the keys of a batch.
struct Known {
    answered: HashMap<String, Earlier>,
    pending: HashMap<String, PendingUnderKey>,
    /// Keys that this batch has begun, with their fingerprints.
    begun: HashMap<String, String>,
}

impl Known {
    async fn read(commands: &[Command], transaction: &mut dyn Transaction) -> Result<Self, StoreError> {
        let keys = commands.iter().filter_map(|command| match command {
            Command::Begin { key, .. } => key.as_ref(),
            _ => None,
        });
        let keys: Vec<&IdempotencyKey> = keys.collect::<HashSet<_>>().into_iter().collect();
        let (mut answered, mut pending) = (HashMap::new(), HashMap::new());
        if !keys.is_empty() {
            // In this order: one that another process decides in between is then seen as answered.
            pending = transaction.pending(&keys).await?.into_iter().map(|one| (one.key.clone(), one)).collect();
            let earlier = keys.iter().zip(transaction.earlier(&keys).await?);
            // Another body is known by the fingerprint; both forms of a key lead to the same entry.
            answered = earlier.filter_map(|(key, one)| Some((name(key), one?))).collect();
        }
        Ok(Self { answered, pending, begun: HashMap::new() })
    }

    /// The reply to a purchase under `key`, or `None` when it is the key's first.
    fn take(&mut self, key: &IdempotencyKey) -> Option<Reply> {
        match self.answered.get(&name(key)) {
            Some(Earlier::Answered(answer)) => return Some(Reply::Before(answer.clone())),
            Some(Earlier::OtherBody) => return Some(Reply::KeyReused),
            None => {}
        }
        if let Some(pending) = self.pending.get(key.id()) {
            let same = pending.fingerprint == key.fingerprint();
            return Some(if same { Reply::Pending(pending.purchase) } else { Reply::KeyReused });
        }
        let begun = self.begun.insert(key.id().to_owned(), key.fingerprint().to_owned())?;
        let same = begun == key.fingerprint();
        // The first one's fingerprint is the one that counts.
        self.begun.insert(key.id().to_owned(), begun);
        Some(if same { Reply::InProgress } else { Reply::KeyReused })
    }
}

/// A key together with its body: two bodies under one key are told apart.
fn name(key: &IdempotencyKey) -> String {
    format!("{}/{}", key.id(), key.fingerprint())
}
