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
    pub(super) fn hash(self, hasher: &SipHasher13, limit: u64) -> (u64, u64) {
        let hash = match self {
            Self::Address(address) => hasher.hash(&address_under(address, limit)),
            Self::Value(value) => {
                let mut hasher = *hasher;
                hash::Hasher::write(&mut hasher, &limit.to_le_bytes());
                hash::Hasher::write(&mut hasher, value);
                hasher.finish128()
            }
        };
        (hash.h1, hash.h2)
    }
}

/// What stands for an address under a limit. The limit's id is a hash, so a number beside it is no other limit's; what
/// it is, says that an address follows, and of which kind.
fn address_under(address: IpAddr, limit: u64) -> [u8; 16] {
    let (kind, number) = match address.to_canonical() {
        IpAddr::V4(address) => (1, address.to_bits().into()),
        IpAddr::V6(address) => (2, address.to_bits() >> 64),
    };
    (number << 64 | u128::from(limit.wrapping_add(kind))).to_le_bytes()
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
