//! The rules of the stock, applied to a batch of commands in memory.
//!
//! - No reservation is held beyond the stock, and the stock never exceeds what there was and was
//!   restocked: `available + held = total`, always.
//! - An id is answered once: asked again it gets the same answer, and changes nothing.
//! - A release gives back what its reservation holds, once. One that comes before its reservation (the
//!   caller gave up on an answer that was still on its way) keeps it from ever being held.
//! - What is old is forgotten: places that are still held then are sold for good, and an id that was chosen
//!   before that instant does nothing any more, for nobody knows what it did.

use std::collections::{HashMap, HashSet};

use super::{Quantity, Reservation, ReservationId, State};

/// The places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stock {
    /// How many are left.
    pub available: i64,
    /// How many there were at first and were restocked, without those of forgotten reservations: left and
    /// held together.
    pub total: i64,
    /// Nothing is known of the reservations whose ids were chosen before this instant, in milliseconds since
    /// 1970, but for those that are still stored.
    pub forgotten_before: i64,
}

/// What a command came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The places are held.
    Reserved,
    /// There are too few.
    TooFew,
    /// The id was released before; it is never held again.
    WasReleased,
    /// The places went back.
    Released,
    /// There was nothing to give back.
    NothingHeld,
    /// The id is so old that nobody knows what became of it; nothing was changed.
    Forgotten,
    /// Places were added.
    Restocked,
}

/// What a command came to, and the stock right after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// What it came to.
    pub verdict: Verdict,
    /// The stock right after; of a reservation that was asked for before, right after it was decided.
    pub remaining: i64,
}

/// The places of one reservation that were taken or given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// The reservation, as it is now.
    pub reservation: ReservationId,
    /// How many places.
    pub qty: i64,
}

/// The id was used for another number of places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the reservation id was used for another quantity")]
pub struct OtherQuantity;

/// There is no room for that many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stock would be larger than any number that is kept")]
pub struct Overflow;

/// The stock and the reservations that a batch is about.
#[derive(Debug)]
pub struct Ledger {
    stock: Stock,
    known: HashMap<ReservationId, Reservation>,
    /// Ids whose reservation is new or another than before.
    touched: HashSet<ReservationId>,
}

impl Ledger {
    /// Begins with what is stored: `known` is every reservation of the ids that the batch names.
    pub fn new(stock: Stock, known: Vec<Reservation>) -> Self {
        let known = known.into_iter().map(|reservation| (reservation.id.clone(), reservation)).collect();
        Self { stock, known, touched: HashSet::new() }
    }

    /// Reserves `qty` places under `id`, if there are so many; the movement is there the first time.
    pub fn reserve(&mut self, id: &ReservationId, qty: Quantity) -> Result<(Outcome, Option<Movement>), OtherQuantity> {
        if let Some(earlier) = self.known.get(id) {
            let (verdict, remaining) = match earlier.state {
                // Released before it was made, it has no quantity of its own.
                State::Released if earlier.qty == 0 => (Verdict::WasReleased, self.stock.available),
                _ if earlier.qty != qty.get() => return Err(OtherQuantity),
                State::Held => (Verdict::Reserved, earlier.remaining),
                State::Refused => (Verdict::TooFew, earlier.remaining),
                State::Released => (Verdict::WasReleased, self.stock.available),
            };
            return Ok((Outcome { verdict, remaining }, None));
        }
        if self.has_forgotten(id) {
            return Ok((self.outcome(Verdict::Forgotten), None));
        }
        let (state, verdict) = if qty.get() <= self.stock.available {
            self.stock.available -= qty.get();
            (State::Held, Verdict::Reserved)
        } else {
            (State::Refused, Verdict::TooFew)
        };
        let remaining = self.stock.available;
        self.keep(Reservation { id: id.clone(), qty: qty.get(), state, remaining });
        let moved = (state == State::Held).then(|| Movement { reservation: id.clone(), qty: qty.get() });
        Ok((Outcome { verdict, remaining }, moved))
    }

    /// Gives back what `id` holds, if anything.
    pub fn release(&mut self, id: &ReservationId) -> (Outcome, Option<Movement>) {
        let held = match self.known.get(id) {
            Some(Reservation { state: State::Held, qty, .. }) => *qty,
            Some(_) => return (self.outcome(Verdict::NothingHeld), None),
            None if self.has_forgotten(id) => return (self.outcome(Verdict::Forgotten), None),
            None => {
                let remaining = self.stock.available;
                self.keep(Reservation { id: id.clone(), qty: 0, state: State::Released, remaining });
                return (self.outcome(Verdict::NothingHeld), None);
            }
        };
        self.stock.available += held;
        let remaining = self.stock.available;
        self.keep(Reservation { id: id.clone(), qty: held, state: State::Released, remaining });
        (self.outcome(Verdict::Released), Some(Movement { reservation: id.clone(), qty: held }))
    }

    /// Adds places. It counts what is held too, so that a release always has room.
    pub fn restock(&mut self, qty: Quantity) -> Result<Outcome, Overflow> {
        self.stock.total = self.stock.total.checked_add(qty.get()).ok_or(Overflow)?;
        self.stock.available += qty.get();
        Ok(self.outcome(Verdict::Restocked))
    }

    /// Forgets what is known of the ids that were chosen before `instant`, in milliseconds since 1970, and
    /// gives them. What they hold is sold for good.
    pub fn forget(&mut self, instant: i64) -> Vec<ReservationId> {
        self.stock.forgotten_before = self.stock.forgotten_before.max(instant);
        let old = |id: &ReservationId| id.chosen_at().is_some_and(|chosen| chosen < instant);
        let mut forgotten: Vec<_> = self.known.keys().filter(|id| old(id)).cloned().collect();
        forgotten.sort_unstable();
        for id in &forgotten {
            if let Some(Reservation { state: State::Held, qty, .. }) = self.known.remove(id) {
                self.stock.total -= qty;
            }
            self.touched.remove(id);
        }
        forgotten
    }

    /// The stock as it is now.
    pub fn stock(&self) -> Stock {
        self.stock
    }

    /// Every reservation that is new or another than it was, in the order of their ids.
    pub fn changed(&self) -> Vec<Reservation> {
        let mut changed: Vec<_> = self.touched.iter().filter_map(|id| self.known.get(id)).cloned().collect();
        changed.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        changed
    }

    fn has_forgotten(&self, id: &ReservationId) -> bool {
        let instant = self.stock.forgotten_before;
        instant > 0 && id.chosen_at().is_some_and(|chosen| chosen < instant)
    }

    fn keep(&mut self, reservation: Reservation) {
        self.touched.insert(reservation.id.clone());
        self.known.insert(reservation.id.clone(), reservation);
    }

    fn outcome(&self, verdict: Verdict) -> Outcome {
        Outcome { verdict, remaining: self.stock.available }
    }
}

#[cfg(test)]
mod tests;
