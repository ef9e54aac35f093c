//! Who is counted.
use std::{cell::Cell, hash, net::IpAddr};

use siphasher::sip128::{Hasher128, SipHasher13};

/// Whom a limit counts together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller<'a> {
    /// A client's address. Of IPv6 the /64 counts, which one subscriber has at least; an IPv4-mapped one is IPv4.
    Address(IpAddr),
    /// The value of a field or of a claim.
    Value(&'a [u8]),
}

impl Caller<'_> {
    /// 128 bits that stand for this caller under the limit with this id. `hasher` has a key that nobody knows, so that
    /// nobody can choose callers that share a place.
    pub(super) fn hash(self, hasher: SipHasher13, limit: u64) -> (u64, u64) {
        let mut hasher = hasher;
        let mut write = |kind: u8, bytes: &[u8]| {
            hash::Hasher::write(&mut hasher, &limit.to_le_bytes());
            hash::Hasher::write(&mut hasher, &[kind]);
            hash::Hasher::write(&mut hasher, bytes);
        };
        match self {
            Self::Address(address) => match address.to_canonical() {
                IpAddr::V4(address) => write(4, &address.octets()),
                IpAddr::V6(address) => write(6, &address.octets()[..8]),
            },
            Self::Value(value) => write(0, value),
        }
        let hash = hasher.finish128();
        (hash.h1, hash.h2)
    }
}

/// A caller's place among the counters, for one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Which set.
    pub(super) set: usize,
    /// Which entry of it, see [`super::counters::tag`].
    pub(super) tag: u64,
    /// The moment of the check.
    pub(super) now: u64,
    /// Written by the check: the caller's theoretical arrival time after it, that is, when its burst is whole again.
    pub(super) arrival: Cell<u64>,
}

/// governor asks for it; its store finds the place without.
impl hash::Hash for Place {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        (self.set, self.tag).hash(state);
    }
}
