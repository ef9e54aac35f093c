//! The callers that share a place, and who of them makes room.
use std::{
    cmp::Ordering,
    sync::{Mutex, PoisonError},
};

use governor::nanos::Nanos;

/// Entries beside the lock: one cache line.
const FIRST: usize = 3;
/// Entries that are allocated when those are taken.
const MORE: usize = 12;
/// Low bits of a tag that are no hash.
const WINDOW_BITS: u32 = 10;
/// Of those, what is behind the point.
const FRACTION_BITS: u32 = 4;

/// One caller under one limit.
#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    /// 54 bits of the caller's hash and the size of its limit; 0 in an entry that was never used, behind which there
    /// are no others that were.
    tag: u64,
    /// The theoretical arrival time: the moment when the caller's burst is whole again, in nanoseconds.
    arrival: u64,
}

/// The tag of an entry: 54 bits of `hash`, and the time that the limit's whole burst takes to come back, in nanoseconds
/// and rounded down to five binary digits. Callers of different limits share a set, and are compared by the part of
/// their limit that they have used.
pub(in super::super) fn tag(hash: u64, whole: u64) -> u64 {
    let exponent = whole.max(1).ilog2();
    let digits = whole.max(1).unbounded_shl(63 - exponent) >> (63 - FRACTION_BITS) & ((1 << FRACTION_BITS) - 1);
    let window = u64::from(exponent) << FRACTION_BITS | digits;
    hash >> WINDOW_BITS << WINDOW_BITS | window.max(1)
}

impl Entry {
    /// Which of the two has used the smaller part of its limit and, among equals, less time.
    fn compare(&self, other: &Self, now: u64) -> Ordering {
        let part = |of: &Self, whole: &Self| u128::from(of.arrival.saturating_sub(now)) * u128::from(whole.whole());
        part(self, other).cmp(&part(other, self)).then(self.arrival.cmp(&other.arrival))
    }

    /// The time that its limit's whole burst takes to come back, as the tag has it.
    fn whole(&self) -> u64 {
        let digits = 1 << FRACTION_BITS | self.tag & ((1 << FRACTION_BITS) - 1);
        let exponent = (self.tag & ((1 << WINDOW_BITS) - 1)) >> FRACTION_BITS;
        // Either way, so that no digit is lost: short times have fewer.
        if exponent < FRACTION_BITS.into() {
            digits >> (u64::from(FRACTION_BITS) - exponent)
        } else {
            digits << (exponent - u64::from(FRACTION_BITS))
        }
    }

    /// Whether its caller is like one that never came.
    fn is_over(self, now: u64) -> bool {
        self.arrival <= now
    }
}

/// A set. The lock is held while a count is read and written and, once, while the set is given its second part.
#[derive(Debug, Default)]
#[repr(align(64))]
pub(super) struct Set(Mutex<Entries>);

const _: () = assert!(size_of::<Set>() == 64, "a set is one cache line");

/// In the order in which they were first used.
#[derive(Debug, Default)]
struct Entries {
    first: [Entry; FIRST],
    more: Option<Box<[Entry; MORE]>>,
}

impl Set {
    /// Lets `decide` replace the arrival time of the caller with this tag, and returns what it said, with the time that
    /// holds then.
    pub(super) fn measure<T, E>(
        &self,
        tag: u64,
        now: u64,
        decide: impl Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    ) -> (Result<T, E>, u64) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.find(tag) {
            return match decide(Some(entry.arrival.into())) {
                Ok((outcome, arrival)) => {
                    entry.arrival = arrival.into();
                    (Ok(outcome), entry.arrival)
                }
                Err(outcome) => (Err(outcome), entry.arrival),
            };
        }
        let (room, taken_over) = entries.room(tag, now);
        match decide(taken_over.map(Nanos::from)) {
            Ok((outcome, arrival)) => {
                *room = Entry { tag, arrival: arrival.into() };
                (Ok(outcome), room.arrival)
            }
            Err(outcome) => (Err(outcome), taken_over.unwrap_or(now)),
        }
    }

    /// Callers whose count says something.
    pub(super) fn live(&self, now: u64) -> usize {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.all().filter(|entry| !entry.is_over(now)).count()
    }

    /// What is allocated for it beside itself, in bytes.
    pub(super) fn allocated(&self) -> usize {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.more.as_ref().map_or(0, |more| size_of_val(&**more))
    }
}

impl Entries {
    fn all(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.first.iter_mut().chain(self.more.as_deref_mut().into_iter().flatten())
    }

    fn find(&mut self, tag: u64) -> Option<&mut Entry> {
        if let Some(at) = self.first.iter().position(|entry| entry.tag == tag) {
            return Some(&mut self.first[at]);
        }
        self.more.as_deref_mut()?.iter_mut().take_while(|entry| entry.tag != 0).find(|entry| entry.tag == tag)
    }

    /// Room for a caller that is not known: an entry that says nothing, else that of the caller who has used the least
    /// of its limit. In its place the newcomer begins with the same part of its own limit used, which is the arrival time
    /// that comes with the entry (the Space-Saving algorithm: Metwally, Agrawal, El Abbadi 2005). So nobody's count is
    /// ever lower than the truth: whoever made room takes over at least as much when it comes back.
    fn room(&mut self, tag: u64, now: u64) -> (&mut Entry, Option<u64>) {
        let free = self.all().position(|entry| entry.is_over(now));
        if let Some(at) = free {
            return (self.at(at), None);
        }
        if self.more.is_none() {
            return (&mut self.more.insert(Box::default())[0], None);
        }
        let entries = self.all().map(|entry| *entry).enumerate();
        let (at, least) = entries.min_by(|(_, a), (_, b)| a.compare(b, now)).expect("a set has entries");
        let newcomer = Entry { tag, arrival: now };
        let used =
            (u128::from(least.arrival - now) * u128::from(newcomer.whole())).div_ceil(least.whole().max(1).into());
        (self.at(at), Some(now.saturating_add(u64::try_from(used).unwrap_or(u64::MAX))))
    }

    fn at(&mut self, index: usize) -> &mut Entry {
        match (index.checked_sub(FIRST), &mut self.more) {
            (Some(index), Some(more)) => &mut more[index],
            _ => &mut self.first[index],
        }
    }
}

#[cfg(test)]
mod tests;
