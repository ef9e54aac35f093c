//! A purchase, which is a ticket once it is confirmed.

use std::fmt;

use jiff::Timestamp;
use uuid::Uuid;

use super::Quantity;

/// A ticket's id, and that of its purchase and of its reservation: a UUIDv7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TicketId(pub Uuid);

/// Who buys: a user's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BuyerId(pub Uuid);

impl fmt::Display for TicketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where a purchase stands. It leaves `Pending` once, and no other state ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Begun; the stock is being asked.
    Pending,
    /// The buyer holds a ticket.
    Confirmed,
    /// There were too few places.
    Rejected,
    /// Given up, and what was reserved goes back.
    Cancelled,
}

/// What the stock said to a purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Its places are reserved.
    Granted,
    /// There are too few.
    Refused,
}

/// A purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purchase {
    /// Its id.
    pub id: TicketId,
    /// Whose it is.
    pub buyer: BuyerId,
    /// How many places.
    pub qty: Quantity,
    /// Where it stands.
    pub status: Status,
    /// From when on a pending one counts as given up by the process that began it.
    pub expires_at: Timestamp,
    /// When it was begun.
    pub created_at: Timestamp,
}

impl Verdict {
    /// What a pending purchase becomes by it.
    pub fn status(self) -> Status {
        match self {
            Self::Granted => Status::Confirmed,
            Self::Refused => Status::Rejected,
        }
    }
}

impl Status {
    /// The status after `next` was decided: a purchase that is no longer pending stays what it is.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        if self == Self::Pending { next } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purchase_is_decided_once() {
        fn check(before: Status, next: Status, expected: Status) {
            assert_eq!(before.then(next), expected);
        }
        check(Status::Pending, Verdict::Granted.status(), Status::Confirmed);
        check(Status::Pending, Verdict::Refused.status(), Status::Rejected);
        check(Status::Cancelled, Status::Confirmed, Status::Cancelled);
        check(Status::Confirmed, Status::Cancelled, Status::Confirmed);
        check(Status::Rejected, Status::Cancelled, Status::Rejected);
    }
}
