//! A notification and its life.

use std::fmt;

use jiff::Timestamp;
use uuid::Uuid;

use super::{Backoff, Cause, Message, Recipient, Subject};

/// A notification's id, a UUIDv7: later ones are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NotificationId(pub Uuid);

/// A user's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub Uuid);

/// Something to tell someone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Its id.
    pub id: NotificationId,
    /// Who sees it in the list.
    pub owner: UserId,
    /// Whom it is for, and so how it is sent.
    pub recipient: Recipient,
    /// Its headline.
    pub subject: Subject,
    /// Its text.
    pub message: Message,
    /// How far it is.
    pub state: State,
    /// How often its delivery was tried, since it was made or last asked for again.
    pub attempts: u32,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// What led to it.
    pub cause: Cause,
}

/// How far a notification is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is to be tried at this instant.
    Pending {
        /// The instant.
        due_at: Timestamp,
    },
    /// Its channel has it.
    Sent {
        /// Since when.
        at: Timestamp,
    },
    /// It is not tried again by itself.
    Failed,
}

/// Why a channel did not take a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undelivered {
    /// For the owner: without secrets.
    pub reason: String,
    /// Whether another attempt would end the same.
    pub permanent: bool,
}

impl Notification {
    /// A new one, due at once.
    pub fn new(
        owner: UserId,
        recipient: Recipient,
        subject: Subject,
        message: Message,
        cause: Cause,
        now: Timestamp,
    ) -> Self {
        Self {
            id: NotificationId(Uuid::now_v7()),
            owner,
            recipient,
            subject,
            message,
            state: State::Pending { due_at: now },
            attempts: 0,
            error: None,
            created_at: now,
            cause,
        }
    }

    /// Its channel took it.
    pub fn delivered(&mut self, now: Timestamp) {
        self.attempts += 1;
        self.error = None;
        self.state = State::Sent { at: now };
    }

    /// Its channel did not: it waits for its next attempt, or has failed with the last one. `jitter` is a
    /// number from 0 to 1.
    pub fn undelivered(&mut self, why: Undelivered, backoff: &Backoff, jitter: f64, now: Timestamp) {
        self.attempts += 1;
        self.error = Some(why.reason);
        let pause = if why.permanent { None } else { backoff.pause(self.attempts, jitter) };
        self.state = match pause.map(|pause| now.checked_add(pause)) {
            Some(Ok(due_at)) => State::Pending { due_at },
            _ => State::Failed,
        };
    }

    /// Begins the attempts anew after a failure; a pending one goes on with those that it has left.
    pub fn try_again(&mut self, now: Timestamp) {
        if self.state == State::Failed {
            self.attempts = 0;
        }
        self.state = State::Pending { due_at: now };
    }

    /// Whether its channel has it.
    pub fn is_sent(&self) -> bool {
        matches!(self.state, State::Sent { .. })
    }
}

impl fmt::Display for NotificationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::LogName;
    use std::time::Duration;

    const BACKOFF: Backoff = Backoff { attempts: 2, first: Duration::from_secs(1) };

    fn new() -> Notification {
        let recipient = Recipient::Log(LogName::parse("ada").unwrap());
        let (subject, message) = (Subject::parse("Hi").unwrap(), Message::parse("there").unwrap());
        Notification::new(UserId(Uuid::nil()), recipient, subject, message, Cause::new("c", None), at(0))
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn refused(permanent: bool) -> Undelivered {
        Undelivered { reason: "no".to_owned(), permanent }
    }

    #[test]
    fn attempts_end_in_failure_and_begin_anew_when_asked_for() {
        let mut one = new();
        one.undelivered(refused(false), &BACKOFF, 1.0, at(10));
        assert_eq!((one.state, one.attempts), (State::Pending { due_at: at(11) }, 1));
        one.try_again(at(10));
        assert_eq!((one.state, one.attempts), (State::Pending { due_at: at(10) }, 1));
        one.undelivered(refused(false), &BACKOFF, 1.0, at(11));
        assert_eq!((one.state, one.error.as_deref()), (State::Failed, Some("no")));
        one.try_again(at(12));
        assert_eq!((one.state, one.attempts), (State::Pending { due_at: at(12) }, 0));
        one.delivered(at(13));
        assert_eq!((one.state, one.error), (State::Sent { at: at(13) }, None));
    }

    #[test]
    fn what_is_refused_for_good_is_not_tried_again() {
        let mut one = new();
        one.undelivered(refused(true), &BACKOFF, 1.0, at(10));
        assert_eq!(one.state, State::Failed);
    }
}
