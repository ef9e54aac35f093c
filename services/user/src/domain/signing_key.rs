//! Signing keys and when each signs.
//!
//! A key is published before it signs, so that whoever verifies has it by then; and it stays
//! published after its last signature until every token it signed has expired. All of that
//! follows from one instant a key, `signs_from`, and so every instance comes to the same answer.

use jiff::{SignedDuration, Timestamp};

use super::Secret;

/// The clocks of those who verify may be this far behind.
const LEEWAY: SignedDuration = SignedDuration::from_secs(60);

/// An Ed25519 key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// Its `kid`.
    pub kid: String,
    /// PKCS #8.
    pub private: Secret<Vec<u8>>,
    /// The 32 bytes of the public key.
    pub public: Vec<u8>,
    /// From when on it signs.
    pub signs_from: Timestamp,
    /// The longest life of a token it may have signed.
    pub token_ttl: SignedDuration,
}

/// When keys change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RotationPolicy {
    /// How long a key signs.
    pub every: SignedDuration,
    /// How long before it signs a key is published; shorter than `every`.
    pub ahead: SignedDuration,
}

/// All keys that are stored, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyRing(Vec<SigningKey>);

impl KeyRing {
    /// Takes the keys in any order.
    pub fn new(mut keys: Vec<SigningKey>) -> Self {
        keys.sort_by_key(|key| key.signs_from);
        Self(keys)
    }

    /// The key that signs at `now`: the latest whose time has come. `None` of an empty ring, or
    /// one whose clock ran backwards past its first key.
    pub fn active(&self, now: Timestamp) -> Option<&SigningKey> {
        self.0.iter().rev().find(|key| key.signs_from <= now)
    }

    /// The keys that a token may be signed with, at `now`: those to come, the active one, and
    /// those whose last token has not yet expired.
    pub fn published(&self, now: Timestamp) -> impl Iterator<Item = &SigningKey> {
        self.0.iter().enumerate().filter(move |(at, _)| !self.is_over(*at, now)).map(|(_, key)| key)
    }

    /// The `kid`s of keys that no valid token can name any more.
    pub fn over(&self, now: Timestamp) -> Vec<String> {
        let over = self.0.iter().enumerate().filter(|(at, _)| self.is_over(*at, now));
        over.map(|(_, key)| key.kid.clone()).collect()
    }

    /// When the next key is to sign, if one has to be made at `now`.
    pub fn next(&self, policy: RotationPolicy, now: Timestamp) -> Option<Timestamp> {
        let Some(newest) = self.0.last() else {
            return Some(now);
        };
        let due = later(newest.signs_from, policy.every);
        // A service that slept over its rotation still publishes first.
        let earliest = later(now, policy.ahead);
        (due <= earliest).then_some(earliest.max(due))
    }

    /// The key at `index` was superseded, and its last token has expired.
    fn is_over(&self, index: usize, now: Timestamp) -> bool {
        let Some(successor) = self.0.get(index + 1) else {
            return false;
        };
        later(later(successor.signs_from, self.0[index].token_ttl), LEEWAY) <= now
    }
}

/// The sum, or the end of time.
fn later(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: RotationPolicy =
        RotationPolicy { every: SignedDuration::from_secs(1_000), ahead: SignedDuration::from_secs(100) };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn ring(signs_from: &[i64]) -> KeyRing {
        let key = |&second: &i64| SigningKey {
            kid: second.to_string(),
            private: Secret::new(Vec::new()),
            public: Vec::new(),
            signs_from: at(second),
            token_ttl: SignedDuration::from_secs(40),
        };
        KeyRing::new(signs_from.iter().map(key).collect())
    }

    #[test]
    fn a_key_is_made_ahead_of_its_turn() {
        fn check(keys: &[i64], now: i64, expected: Option<i64>) {
            assert_eq!(ring(keys).next(POLICY, at(now)), expected.map(at), "{keys:?} at {now}");
        }
        check(&[], 5, Some(5));
        check(&[0], 899, None);
        check(&[0], 900, Some(1_000));
        check(&[0, 1_000], 900, None);
        check(&[0], 5_000, Some(5_100));
        check(&[0, 1_000], 1_899, None);
        check(&[0, 1_000], 1_900, Some(2_000));
    }

    #[test]
    fn a_key_signs_in_its_time_and_stays_until_its_tokens_are_gone() {
        fn check(now: i64, active: &str, published: &[&str]) {
            let ring = ring(&[2_000, 0, 1_000]);
            assert_eq!(ring.active(at(now)).map(|key| key.kid.as_str()), Some(active), "{now}");
            let kids: Vec<&str> = ring.published(at(now)).map(|key| key.kid.as_str()).collect();
            assert_eq!(kids, published, "at {now}");
        }
        check(999, "0", &["0", "1000", "2000"]);
        check(1_000, "1000", &["0", "1000", "2000"]);
        check(1_099, "1000", &["0", "1000", "2000"]);
        check(1_100, "1000", &["1000", "2000"]);
        check(9_999, "2000", &["2000"]);
        assert_eq!(ring(&[0, 1_000]).over(at(1_100)), ["0"]);
        assert_eq!(KeyRing::default().active(at(0)), None);
    }
}
