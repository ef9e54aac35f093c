//! Command: tell users of what happened in other services.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use uuid::Uuid;

use super::ports::Address;
use super::{Application, Error};
use crate::domain::{Cause, Email, LogName, Notification, Occasion, Recipient, UserId};

/// Something that happened in another service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// The event that told it.
    pub event_id: Uuid,
    /// When it happened.
    pub at: Timestamp,
    /// What led to it.
    pub cause: Cause,
    /// What happened.
    pub what: Happening,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// A user is reached at this address from now on.
    Reachable {
        /// The user.
        user: UserId,
        /// The address as the user service has it.
        email: String,
        /// What else there is to tell; `None` when the address has only changed.
        occasion: Option<Occasion>,
    },
    /// A user is to be told of something.
    Told {
        /// The user.
        user: UserId,
        /// Of what.
        occasion: Occasion,
    },
}

impl Application {
    /// Makes the notifications of all of `occurrences`, and notes their events, in one transaction: an event
    /// that was noted before has no effect. They go by e-mail where that is set up and the user's address is
    /// known, else into the log.
    pub async fn react(&self, occurrences: Vec<Occurrence>) -> Result<(), Error> {
        if occurrences.is_empty() {
            return Ok(());
        }
        let mut transaction = self.store.begin().await?;
        let ids: Vec<Uuid> = occurrences.iter().map(|one| one.event_id).collect();
        let mut new = transaction.note(&ids).await?;
        // An event that is there twice is taken once.
        let occurrences: Vec<_> = occurrences.into_iter().filter(|one| new.remove(&one.event_id)).collect();

        transaction.save_addresses(&addresses(&occurrences)).await?;
        let users: HashSet<UserId> = occurrences.iter().filter_map(told).map(|(user, _)| user).collect();
        let known = transaction.addresses(&users.into_iter().collect::<Vec<_>>()).await?;
        let now = self.clock.now();
        let notifications: Vec<_> = occurrences
            .iter()
            .filter_map(|one| told(one).map(|(user, occasion)| (user, occasion, one.cause.clone())))
            .map(|(user, occasion, cause)| {
                let recipient = self.recipient(user, known.get(&user));
                Notification::new(user, recipient, occasion.subject(), occasion.message(), cause, now)
            })
            .collect();
        transaction.insert(&notifications).await?;
        Ok(transaction.commit().await?)
    }

    fn recipient(&self, user: UserId, email: Option<&Email>) -> Recipient {
        let by_email = email.map(|email| Recipient::Email(email.clone()));
        by_email.filter(|recipient| self.channels.check(recipient).is_ok()).unwrap_or_else(|| {
            Recipient::Log(LogName::parse(&user.to_string()).expect("a UUID is 36 printable characters"))
        })
    }
}

/// The youngest usable address of each user.
fn addresses(occurrences: &[Occurrence]) -> Vec<Address> {
    let mut youngest: HashMap<UserId, Address> = HashMap::new();
    for Occurrence { at, what, .. } in occurrences {
        let Happening::Reachable { user, email, .. } = what else { continue };
        let Ok(email) = Email::parse(email) else { continue };
        let address = Address { user: *user, email, as_of: *at };
        let known = youngest.entry(*user).or_insert_with(|| address.clone());
        if known.as_of <= address.as_of {
            *known = address;
        }
    }
    youngest.into_values().collect()
}

fn told(occurrence: &Occurrence) -> Option<(UserId, &Occasion)> {
    match &occurrence.what {
        Happening::Reachable { user, occasion, .. } => occasion.as_ref().map(|occasion| (*user, occasion)),
        Happening::Told { user, occasion } => Some((*user, occasion)),
    }
}
