//! Whom verified tokens belong to, so that a token's signature is checked once and not for each request.
use std::{
    collections::HashMap,
    fmt,
    hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState},
    rc::Rc,
};

use foldhash::{SharedSeed, fast::SeedableRandomState};

use crate::Identity;

/// Slots that an insert looks at for one that was not used lately.
const MAX_STEPS: usize = 8;

/// Scopes of an identity that is kept: each takes more memory than it has letters.
const MAX_SCOPES: usize = 64;

/// One worker's verified tokens, at most as many as told.
///
/// A token is found by a hash of all of it under a random key of the process, and it is the one that was verified only
/// if every byte of it is the same. So no two texts of one hash can stand for each other, whether by luck or by design,
/// and the hash may be the fastest there is: whoever found such texts could only make tokens push each other out that an
/// issuer signed for him.
///
/// 8,192 tokens as the user service makes them (450 bytes, three fields, two scopes) take 6 MiB. With an issuer that
/// fills each to its last byte, and all of it handed on once, they take 122 MiB.
#[derive(Debug)]
pub struct Cache {
    hasher: SeedableRandomState,
    /// From hashes to slots.
    index: HashMap<u64, usize, BuildHasherDefault<Itself>>,
    slots: Vec<Slot>,
    capacity: usize,
    /// Where the next insert begins to look for a slot to take: the clock algorithm, which forgets what was not used
    /// since it last came by.
    hand: usize,
}

struct Slot {
    key: u64,
    /// All of it: as good as a password until it expires.
    token: Box<[u8]>,
    used: bool,
    known: Known,
}

/// What was found out about a token that is good.
#[derive(Debug, Clone)]
pub struct Known {
    /// The index of its issuer.
    pub issuer: usize,
    /// Which of the issuer's keys vouched for it: each set has its own number.
    pub generation: u64,
    /// When it is good no longer, in microseconds since 1970.
    pub expires: u64,
    /// Whose it is.
    pub identity: Rc<Identity>,
}

impl Cache {
    /// One for so many tokens.
    pub fn new(capacity: usize) -> Self {
        // The standard library's source of keys for its own maps: the operating system's random numbers. aws-lc's own
        // generator would first gather entropy, 0.4 billion instructions of it, before the gateway can serve.
        let random = RandomState::new();
        Self {
            hasher: SeedableRandomState::with_seed(random.hash_one(0), SharedSeed::global_random()),
            index: HashMap::default(),
            slots: Vec::new(),
            capacity: capacity.max(1),
            hand: 0,
        }
    }

    /// What a token is found by.
    pub fn key(&self, token: &[u8]) -> u64 {
        self.hasher.hash_one(token)
    }

    /// Whose token this is, found by its [`Cache::key`], unless its time is over at `now`, or its issuer's keys are no
    /// longer of the generation that vouched for it.
    pub fn get(
        &mut self,
        key: u64,
        token: &[u8],
        now: u64,
        generation: impl FnOnce(usize) -> u64,
    ) -> Option<Rc<Identity>> {
        let slot = &mut self.slots[*self.index.get(&key)?];
        let known = &slot.known;
        if *slot.token != *token || now >= known.expires || generation(known.issuer) != known.generation {
            return None;
        }
        slot.used = true;
        Some(Rc::clone(&known.identity))
    }

    /// Remembers a token that was verified, but for one with very many scopes. What it takes the place of is found in a
    /// few steps.
    pub fn insert(&mut self, key: u64, token: &[u8], known: Known) {
        if known.identity.scopes.len() > MAX_SCOPES {
            return;
        }
        let slot = Slot { key, token: token.into(), used: false, known };
        if let Some(&at) = self.index.get(&key) {
            self.slots[at] = slot;
            return;
        }
        if self.slots.len() < self.capacity {
            self.index.insert(key, self.slots.len());
            self.slots.push(slot);
            return;
        }
        for _ in 0..MAX_STEPS {
            if !std::mem::take(&mut self.slots[self.hand].used) {
                break;
            }
            self.hand = (self.hand + 1) % self.capacity;
        }
        self.index.remove(&self.slots[self.hand].key);
        self.index.insert(key, self.hand);
        self.slots[self.hand] = slot;
        self.hand = (self.hand + 1) % self.capacity;
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").field("known", &self.known).finish_non_exhaustive()
    }
}

/// A hash needs no second one.
#[derive(Debug, Default)]
struct Itself(u64);

impl Hasher for Itself {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests;
