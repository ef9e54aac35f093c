//! All stored answers, shared by all workers, within a bound of bytes; the ones used longest ago go first.
use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, Hasher},
    sync::{
        Arc, Mutex, MutexGuard, Weak,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use foldhash::fast::FixedState;

use super::{entry::Entry, flight::Flight, seen::Seen};

/// The scheme and the host as a service is told of them, the path and the query as a client asked for them.
pub(crate) type Key = Arc<[u8]>;

/// So many locks: each is held for a look-up alone.
const SHARDS: usize = 16;
/// Answers of one URI, by what `Vary` names.
const MAX_VARIANTS: usize = 16;
/// How long nobody waits for an answer that turned out not to be stored, in seconds.
const PASS: u64 = 10;

/// The store.
#[derive(Debug)]
pub(crate) struct Store {
    shards: [Mutex<Shard>; SHARDS],
    /// For each shard, in bytes.
    max: AtomicUsize,
}

#[derive(Debug, Default)]
struct Shard {
    slots: HashMap<Key, Slot>,
    /// When each was used last.
    order: BTreeMap<u64, Key>,
    clock: u64,
    bytes: usize,
    /// Fetches that run, by URI and route.
    flights: HashMap<(Key, u64), Weak<Flight>>,
}

#[derive(Debug, Default)]
struct Slot {
    variants: Vec<Arc<Entry>>,
    /// Until when nobody waits for another's fetch.
    pass_until: u64,
    used: u64,
}

impl Store {
    pub(crate) fn new(max: usize) -> Arc<Self> {
        let store = Self { shards: std::array::from_fn(|_| Mutex::default()), max: AtomicUsize::new(0) };
        store.resize(max);
        Arc::new(store)
    }

    /// Holds so many bytes from now on.
    pub(crate) fn resize(&self, max: usize) {
        self.max.store(max / SHARDS, Relaxed);
        for shard in &self.shards {
            lock(shard).shrink(max / SHARDS);
        }
    }

    /// Bytes and URIs that are stored.
    pub(crate) fn size(&self) -> (usize, usize) {
        let sizes = self.shards.iter().map(|shard| {
            let shard = lock(shard);
            (shard.bytes, shard.slots.values().filter(|slot| !slot.variants.is_empty()).count())
        });
        sizes.fold((0, 0), |(bytes, count), one| (bytes + one.0, count + one.1))
    }

    /// The answer to a request for `key` that its service sees so, by this route.
    pub(super) fn find(&self, key: &Key, route: u64, seen: &Seen) -> Option<Arc<Entry>> {
        let mut shard = self.shard(key);
        let slot = shard.slots.get(key)?;
        let found = slot.variants.iter().find(|entry| entry.fits(route, seen)).cloned()?;
        shard.touch(key);
        Some(found)
    }

    /// Stores an answer in the place of the one that it replaces.
    pub(super) fn put(&self, key: &Key, entry: Entry) {
        let max = self.max.load(Relaxed);
        if entry.size() + key.len() > max {
            return;
        }
        let mut shard = self.shard(key);
        // A leader that was left behind may come after its successor.
        let is_newer = |known: &Arc<Entry>| {
            known.route == entry.route && known.chosen_by == entry.chosen_by && known.life.at > entry.life.at
        };
        if shard.slots.get(key).is_some_and(|slot| slot.variants.iter().any(is_newer)) {
            return;
        }
        let mut variants = shard.take(key);
        variants.retain(|known| known.route == entry.route && known.chosen_by != entry.chosen_by);
        // What `Vary` names may change: then the old ones answer nobody.
        variants.truncate(MAX_VARIANTS - 1);
        variants.insert(0, Arc::new(entry));
        shard.give(key, Slot { variants, ..Slot::default() });
        shard.shrink(max);
    }

    /// Forgets what a URI stood for (RFC 9111 §4.4).
    pub(super) fn forget(&self, key: &Key) {
        self.shard(key).take(key);
    }

    /// Notes that an answer was not stored: the next ones do not wait for one another.
    pub(super) fn pass(&self, key: &Key, now: u64) {
        let max = self.max.load(Relaxed);
        let mut shard = self.shard(key);
        let variants = shard.take(key);
        shard.give(key, Slot { variants, pass_until: now + PASS, used: 0 });
        shard.shrink(max);
    }

    /// The flight for whoever wants this, which may be a new one; none where nobody waits for another.
    pub(super) fn board(self: &Arc<Self>, key: &Key, route: u64, now: u64) -> Option<Arc<Flight>> {
        let mut shard = self.shard(key);
        if shard.slots.get(key).is_some_and(|slot| slot.pass_until > now) {
            return None;
        }
        let place = (Arc::clone(key), route);
        if let Some(flight) = shard.flights.get(&place).and_then(Weak::upgrade) {
            return Some(flight);
        }
        let flight = Flight::new(self, key, route);
        shard.flights.insert(place, Arc::downgrade(&flight));
        Some(flight)
    }

    /// Nobody boards this flight any more.
    pub(super) fn land(&self, key: &Key, route: u64, flight: &Flight) {
        let mut shard = self.shard(key);
        let place = (Arc::clone(key), route);
        if shard.flights.get(&place).is_some_and(|known| std::ptr::eq(known.as_ptr(), flight)) {
            shard.flights.remove(&place);
        }
    }

    fn shard(&self, key: &Key) -> MutexGuard<'_, Shard> {
        lock(self.lock_of(key))
    }

    fn lock_of(&self, key: &Key) -> &Mutex<Shard> {
        let mut hasher = FixedState::default().build_hasher();
        hasher.write(key);
        let at = usize::try_from(hasher.finish() % SHARDS as u64).expect("it is below 16");
        &self.shards[at]
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().expect("no holder of this lock panics")
}

impl Shard {
    fn touch(&mut self, key: &Key) {
        self.clock += 1;
        if let Some(slot) = self.slots.get_mut(key) {
            self.order.remove(&slot.used);
            slot.used = self.clock;
            self.order.insert(slot.used, Arc::clone(key));
        }
    }

    /// Takes a slot out, with its answers.
    fn take(&mut self, key: &Key) -> Vec<Arc<Entry>> {
        let Some(slot) = self.slots.remove(key) else { return Vec::new() };
        self.order.remove(&slot.used);
        self.bytes -= slot.size(key);
        slot.variants
    }

    fn give(&mut self, key: &Key, slot: Slot) {
        self.clock += 1;
        self.bytes += slot.size(key);
        self.order.insert(self.clock, Arc::clone(key));
        self.slots.insert(Arc::clone(key), Slot { used: self.clock, ..slot });
    }

    fn shrink(&mut self, max: usize) {
        while self.bytes > max
            && let Some((_, oldest)) = self.order.first_key_value()
        {
            let oldest = Arc::clone(oldest);
            self.take(&oldest);
        }
    }
}

impl Slot {
    fn size(&self, key: &Key) -> usize {
        key.len() + 128 + self.variants.iter().map(|entry| entry.size()).sum::<usize>()
    }
}

#[cfg(test)]
mod tests;
