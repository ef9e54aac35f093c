//! All stored answers, shared by all workers, within a bound of bytes; the ones used longest ago go first.
use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, Hasher},
    sync::{
        Arc, Mutex, MutexGuard, Weak,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
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
/// Counters of changes; URIs share them, which costs an answer its place now and then.
const GENERATIONS: usize = 1024;

/// The store.
#[derive(Debug)]
pub(crate) struct Store {
    shards: [Mutex<Shard>; SHARDS],
    /// What all of it may take, and takes, in bytes.
    max: AtomicUsize,
    bytes: AtomicUsize,
    /// Ticks with each use.
    clock: AtomicU64,
    /// How often URIs were changed: what was fetched before a change is not stored after it.
    generations: Box<[AtomicU64]>,
}

#[derive(Debug, Default)]
struct Shard {
    slots: HashMap<Key, Slot>,
    /// When each was used last.
    order: BTreeMap<u64, Key>,
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
        Arc::new(Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            max: AtomicUsize::new(max),
            bytes: AtomicUsize::new(0),
            clock: AtomicU64::new(1),
            generations: (0..GENERATIONS).map(|_| AtomicU64::new(0)).collect(),
        })
    }

    /// Holds so many bytes from now on.
    pub(crate) fn resize(&self, max: usize) {
        self.max.store(max, Relaxed);
        self.shrink();
    }

    /// Bytes and URIs that are stored.
    pub(crate) fn size(&self) -> (usize, usize) {
        let stored = |shard: &Shard| shard.slots.values().filter(|slot| !slot.variants.is_empty()).count();
        (self.bytes.load(Relaxed), self.shards.iter().map(|shard| stored(&lock(shard))).sum())
    }

    /// The answer to a request for `key` that its service sees so, by this route.
    pub(super) fn find(&self, key: &Key, route: u64, seen: &Seen) -> Option<Arc<Entry>> {
        let mut shard = self.shard(key);
        let slot = shard.slots.get(key)?;
        let found = slot.variants.iter().find(|entry| entry.fits(route, seen)).cloned()?;
        shard.touch(key, self.tick());
        Some(found)
    }

    /// How often this URI was changed, with a few others.
    pub(super) fn generation(&self, key: &Key) -> u64 {
        self.counter(key).load(Relaxed)
    }

    /// Whether an answer with a body of so many bytes is not too large for all of it.
    pub(super) fn holds(&self, key: &Key, entry: &Entry, body: u64) -> bool {
        let rest = (entry.size() - entry.body.len() + Slot::default().size(key)) as u64;
        rest.saturating_add(body) <= self.max.load(Relaxed) as u64
    }

    /// Stores an answer in the place of the one that it replaces, unless the URI was changed since this generation; whether
    /// it did.
    pub(super) fn put(&self, key: &Key, entry: Entry, generation: u64) -> bool {
        if !self.holds(key, &entry, entry.body.len() as u64) {
            return false;
        }
        let mut shard = self.shard(key);
        // A leader that was left behind may come after its successor.
        let is_newer = |known: &Arc<Entry>| known.is_in_place_of(&entry) && known.life.at > entry.life.at;
        if self.generation(key) != generation
            || shard.slots.get(key).is_some_and(|slot| slot.variants.iter().any(is_newer))
        {
            return false;
        }
        let mut variants = self.take(&mut shard, key);
        // What `Vary` names may change: then the old ones answer nobody.
        variants.retain(|known| known.is_beside(&entry));
        variants.truncate(MAX_VARIANTS - 1);
        variants.insert(0, Arc::new(entry));
        self.give(&mut shard, key, Slot { variants, ..Slot::default() });
        drop(shard);
        self.shrink();
        true
    }

    /// Forgets what a URI stood for, since it was changed (RFC 9111 §4.4).
    pub(super) fn forget(&self, key: &Key) {
        // First: whoever stores something meanwhile has the lock, and it goes then.
        self.counter(key).fetch_add(1, Relaxed);
        self.take(&mut self.shard(key), key);
    }

    /// Forgets one answer, which holds no more.
    pub(super) fn remove(&self, key: &Key, gone: &Entry) {
        let mut shard = self.shard(key);
        let Some(pass_until) = shard.slots.get(key).map(|slot| slot.pass_until) else { return };
        let mut variants = self.take(&mut shard, key);
        variants.retain(|known| !known.is_in_place_of(gone));
        self.give(&mut shard, key, Slot { variants, pass_until, used: 0 });
    }

    /// Notes that an answer was not stored: the next ones do not wait for one another.
    pub(super) fn pass(&self, key: &Key, now: u64) {
        let mut shard = self.shard(key);
        let variants = self.take(&mut shard, key);
        self.give(&mut shard, key, Slot { variants, pass_until: now + PASS, used: 0 });
        drop(shard);
        self.shrink();
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
        &self.shards[hash(key) % SHARDS]
    }

    fn counter(&self, key: &Key) -> &AtomicU64 {
        &self.generations[hash(key) % GENERATIONS]
    }

    fn tick(&self) -> u64 {
        self.clock.fetch_add(1, Relaxed)
    }

    /// Takes a slot out, with its answers.
    fn take(&self, shard: &mut Shard, key: &Key) -> Vec<Arc<Entry>> {
        let Some(slot) = shard.slots.remove(key) else { return Vec::new() };
        shard.order.remove(&slot.used);
        self.bytes.fetch_sub(slot.size(key), Relaxed);
        slot.variants
    }

    fn give(&self, shard: &mut Shard, key: &Key, slot: Slot) {
        let used = self.tick();
        self.bytes.fetch_add(slot.size(key), Relaxed);
        shard.order.insert(used, Arc::clone(key));
        shard.slots.insert(Arc::clone(key), Slot { used, ..slot });
    }

    /// Lets go what was used longest ago, of all shards, until the rest fits.
    fn shrink(&self) {
        while self.bytes.load(Relaxed) > self.max.load(Relaxed) {
            let oldest = |shard: &Mutex<Shard>| lock(shard).order.first_key_value().map(|(used, _)| *used);
            let ages = self.shards.iter().filter_map(|shard| Some((oldest(shard)?, shard)));
            let Some((_, shard)) = ages.min_by_key(|(used, _)| *used) else { return };
            let mut shard = lock(shard);
            if let Some(key) = shard.order.first_key_value().map(|(_, key)| Arc::clone(key)) {
                self.take(&mut shard, &key);
            }
        }
    }
}

fn hash(key: &Key) -> usize {
    let mut hasher = FixedState::default().build_hasher();
    hasher.write(key);
    // A part of it is as good as all of it, however long an address is.
    let [low, high, ..] = hasher.finish().to_le_bytes();
    usize::from(u16::from_le_bytes([low, high]))
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().expect("no holder of this lock panics")
}

impl Shard {
    fn touch(&mut self, key: &Key, now: u64) {
        if let Some(slot) = self.slots.get_mut(key) {
            self.order.remove(&slot.used);
            slot.used = now;
            self.order.insert(slot.used, Arc::clone(key));
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
