//! What was counted: one store for all limits and all workers, of a size that no number of callers can exceed.
//!
//! It is an array of sets, each behind a lock of its own that is held for a few instructions; a caller's keyed hash says
//! which set is its, and tells it from the others there. A set has room for fifteen callers. When they are more, the one
//! that has used the least of its limit makes room, and the newcomer begins with what that one had used (see [`set`]). So
//! fresh callers, however many, push out each other and never one that is at its limit, and nobody gets a count back that
//! is lower than it was. The price is paid by newcomers, and it is bounded: for a set to be at its limits, fifteen
//! callers' limits must be spent in it again and again; under a hundred a minute that takes 3.3 million requests a second
//! over all sets.
//!
//! Memory comes as callers come, 4 KiB at a time, and is at most 32 MiB; a hundred thousand live callers have 8 MiB. With
//! a million of them, three sets in a thousand are full.
mod set;

use std::{
    array, fmt,
    hash::{BuildHasher, RandomState},
    sync::{Arc, OnceLock},
    time::Instant,
};

use governor::{nanos::Nanos, state::StateStore};
use siphasher::sip128::SipHasher13;

use super::caller::{Caller, Place};
use set::Set;
pub(super) use set::tag;

/// Sets that are allocated together.
const SETS: usize = 64;
const SEGMENTS: usize = 2048;

type Segment = [Set; SETS];

/// The counters of every limit.
pub struct Counters {
    segments: Box<[OnceLock<Box<Segment>>]>,
    /// Without input, with a key that this process alone knows.
    hasher: SipHasher13,
    beginning: Instant,
}

impl Counters {
    /// Without any caller.
    pub fn new() -> Arc<Self> {
        // The standard library's source of keys for its own maps: the operating system's random numbers.
        let random = RandomState::new();
        Arc::new(Self {
            segments: (0..SEGMENTS).map(|_| OnceLock::new()).collect(),
            hasher: SipHasher13::new_with_keys(random.hash_one(0), random.hash_one(1)),
            beginning: Instant::now(),
        })
    }

    /// Callers whose count says something at `now`: their burst is not whole again yet. It looks at every entry, which
    /// takes milliseconds where there are many: for a scrape, not for a request.
    pub fn live(&self, now: Instant) -> usize {
        let now = self.nanos(now);
        let segments = self.segments.iter().filter_map(OnceLock::get);
        segments.flat_map(|segment| segment.iter()).map(|set| set.live(now)).sum()
    }

    /// What is allocated for callers, in bytes.
    pub fn allocated(&self) -> usize {
        let segments = self.segments.iter().filter_map(OnceLock::get);
        let of = |segment: &Segment| size_of_val(segment) + segment.iter().map(Set::allocated).sum::<usize>();
        size_of_val(&*self.segments) + segments.map(|segment| of(segment)).sum::<usize>()
    }

    /// A number that stands for a limit.
    pub(super) fn id(&self, limit: &str) -> u64 {
        self.hasher.hash(limit.as_bytes()).h1
    }

    /// Where a caller's count lies; `tag` makes the entry's tag of 64 bits of its hash.
    pub(super) fn place(&self, caller: Caller<'_>, limit: u64, now: Instant, tag: impl FnOnce(u64) -> u64) -> Place {
        let (entry, set) = caller.hash(&self.hasher, limit);
        let set = usize::try_from(set % (SETS * SEGMENTS) as u64).expect("there are fewer sets than numbers");
        Place { set, tag: tag(entry), now: self.nanos(now), arrival: 0.into() }
    }

    fn set(&self, index: usize) -> &Set {
        let segment = self.segments[index / SETS].get_or_init(|| Box::new(array::from_fn(|_| Set::default())));
        &segment[index % SETS]
    }

    fn nanos(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.beginning);
        since.as_secs() * 1_000_000_000 + u64::from(since.subsec_nanos())
    }
}

/// Neither the counts nor the key are for people.
impl fmt::Debug for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counters").finish_non_exhaustive()
    }
}

/// The counters as governor's store.
#[derive(Debug)]
pub(super) struct Shared(pub(super) Arc<Counters>);

impl StateStore for Shared {
    type Key = Place;

    fn measure_and_replace<T, F, E>(&self, place: &Place, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let (outcome, arrival) = self.0.set(place.set).measure(place.tag, place.now, decide);
        place.arrival.set(arrival);
        outcome
    }
}
