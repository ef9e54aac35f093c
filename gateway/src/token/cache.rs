//! Whom verified tokens belong to, so that a token's signature is checked once and not for each request.
use std::{
    collections::HashMap,
    hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState},
    rc::Rc,
};

use siphasher::sip128::SipHasher24;

use crate::Identity;

/// Slots that an insert looks at for one that was not used lately.
const MAX_STEPS: usize = 8;

/// Scopes of an identity that is kept: each takes more memory than it has letters.
const MAX_SCOPES: usize = 64;

/// One worker's verified tokens, at most as many as told.
///
/// A token is found by SipHash-2-4 with 128 bits of output under a random key that never leaves the process. That is a
/// pseudo-random function: who does not know the key can't make two texts of one hash but by luck, 2⁻¹²⁸ a try, though
/// it chooses both. So the token itself, which is as good as a password, is not kept. Faster hashes (aHash, xxh3) promise
/// no such thing to somebody who tries, and 64 bits are too few where a collision lets one caller be another; a keyed
/// BLAKE3 or HMAC-SHA-256 would do as well, at three times the cost for what is as long as a token.
///
/// 8,192 tokens as the user service makes them (three fields, a scope or two) take about 3 MiB: 130 bytes each for slot and
/// index, the rest for the identity. An identity's text is shorter than its token and its scopes are few, so 80 MiB is the
/// bound, with an issuer that fills every token to its last byte.
#[derive(Debug)]
pub struct Cache {
    hasher: SipHasher24,
    /// From hashes to slots.
    index: HashMap<u128, usize, BuildHasherDefault<Folded>>,
    slots: Vec<Slot>,
    capacity: usize,
    /// Where the next insert begins to look for a slot to take: the clock algorithm, which forgets what was not used
    /// since it last came by.
    hand: usize,
}

#[derive(Debug)]
struct Slot {
    key: u128,
    /// Which keys vouched for it.
    generation: u64,
    issuer: usize,
    /// In microseconds since 1970.
    expires: u64,
    used: bool,
    identity: Rc<Identity>,
}

impl Cache {
    /// One for so many tokens.
    pub fn new(capacity: usize) -> Self {
        // The standard library's source of keys for its own maps: the operating system's random numbers. aws-lc's own
        // generator would first gather entropy, 0.4 billion instructions of it, before the gateway can serve.
        let random = RandomState::new();
        Self {
            hasher: SipHasher24::new_with_keys(random.hash_one(0), random.hash_one(1)),
            index: HashMap::default(),
            slots: Vec::new(),
            capacity: capacity.max(1),
            hand: 0,
        }
    }

    /// What a token is found by.
    pub fn key(&self, token: &[u8]) -> u128 {
        self.hasher.hash(token).as_u128()
    }

    /// Whose token it is, unless its time is over at `now`, or its issuer's keys are no longer of the generation that
    /// vouched for it.
    pub fn get(&mut self, key: u128, now: u64, generation: impl FnOnce(usize) -> u64) -> Option<Rc<Identity>> {
        let slot = &mut self.slots[*self.index.get(&key)?];
        if now >= slot.expires || generation(slot.issuer) != slot.generation {
            return None;
        }
        slot.used = true;
        Some(Rc::clone(&slot.identity))
    }

    /// Remembers a token that was verified, but for one with very many scopes. What it takes the place of is found in a
    /// few steps.
    pub fn insert(&mut self, key: u128, issuer: usize, generation: u64, expires: u64, identity: Rc<Identity>) {
        if identity.scopes.len() > MAX_SCOPES {
            return;
        }
        let slot = Slot { key, generation, issuer, expires, used: false, identity };
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

/// A hash needs no second one.
#[derive(Debug, Default)]
struct Folded(u64);

impl Hasher for Folded {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    #[allow(clippy::cast_possible_truncation, reason = "half of a hash is a hash")]
    fn write_u128(&mut self, hash: u128) {
        self.0 = hash as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insert(cache: &mut Cache, token: &str) {
        let key = cache.key(token.as_bytes());
        cache.insert(key, 0, 1, 1000, Rc::default());
    }

    fn has(cache: &mut Cache, token: &str) -> bool {
        let key = cache.key(token.as_bytes());
        cache.get(key, 0, |_| 1).is_some()
    }

    #[test]
    fn a_token_is_known_until_it_expires_or_its_keys_change() {
        let mut cache = Cache::new(4);
        let key = cache.key(b"a");
        assert!(cache.get(key, 0, |_| 1).is_none());
        let identity = Rc::new(Identity { scopes: vec!["x".into()], ..Identity::default() });
        cache.insert(key, 3, 7, 1000, identity);
        let found = cache.get(key, 999, |issuer| if issuer == 3 { 7 } else { 0 }).unwrap();
        assert_eq!(found.scopes, ["x".into()]);
        assert!(cache.get(key, 1000, |_| 7).is_none());
        assert!(cache.get(key, 999, |_| 8).is_none());
        let other = cache.key(b"b");
        assert!(cache.get(other, 0, |_| 7).is_none());
    }

    #[test]
    fn it_is_bounded_and_forgets_what_is_not_used() {
        let mut cache = Cache::new(100);
        insert(&mut cache, "used");
        for at in 0..10_000 {
            assert!(has(&mut cache, "used"), "{at}");
            insert(&mut cache, &at.to_string());
        }
        assert_eq!((cache.slots.len(), cache.index.len()), (100, 100));
        assert!(has(&mut cache, "9999") && !has(&mut cache, "0"));
    }

    #[test]
    fn an_identity_that_takes_much_memory_is_not_kept() {
        let mut cache = Cache::new(4);
        for (token, scopes, kept) in [("a", MAX_SCOPES, true), ("b", MAX_SCOPES + 1, false)] {
            let key = cache.key(token.as_bytes());
            let identity = Identity { scopes: vec!["x".into(); scopes], ..Identity::default() };
            cache.insert(key, 0, 1, 1000, Rc::new(identity));
            assert_eq!(has(&mut cache, token), kept);
        }
    }

    #[test]
    fn each_process_hashes_in_its_own_way() {
        assert_ne!(Cache::new(1).key(b"a"), Cache::new(1).key(b"a"));
    }
}
