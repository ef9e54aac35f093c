//! What a client is given to resume its session with, and what opens that again (RFC 5077 §4, RFC 8446 §4.6.1). It is
//! rustls' own, but for two things: AES-GCM does it, and the keys can be given to the process that takes over.
use std::{
    fmt,
    sync::{PoisonError, RwLock},
    time::{SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    rand,
};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use rustls::server::ProducesTickets;
use zeroize::Zeroizing;

/// For how long a key makes tickets, in seconds; for as long again it opens them.
const TURN: u64 = 6 * 60 * 60;
const ID: usize = 8;
const SECRET: usize = 32;
/// A key as bytes: its id, then its secret.
const BYTES: usize = ID + SECRET;

/// The keys of one set of trusted clients.
pub(super) struct Ticketer(RwLock<Keys>);

struct Keys {
    current: Key,
    /// When it makes no more tickets, in seconds since 1970.
    until: u64,
    previous: Option<Key>,
}

struct Key {
    bytes: Zeroizing<[u8; BYTES]>,
    cipher: RandomizedNonceKey,
}

impl Ticketer {
    /// With a new key.
    pub(super) fn new() -> Result<Self, rustls::Error> {
        let current = Key::new().ok_or(rustls::Error::FailedToGetRandomBytes)?;
        Ok(Self(RwLock::new(Keys { current, until: now() + TURN, previous: None })))
    }

    /// What [`Ticketer::with_keys`] makes one of that opens the same tickets: one word.
    pub(super) fn keys(&self) -> Zeroizing<String> {
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = Zeroizing::new(keys.until.to_be_bytes().to_vec());
        for key in [Some(&keys.current), keys.previous.as_ref()].into_iter().flatten() {
            bytes.extend_from_slice(&*key.bytes);
        }
        Zeroizing::new(STANDARD_NO_PAD.encode(&*bytes))
    }

    /// With those keys.
    pub(super) fn with_keys(keys: &str) -> Option<Self> {
        let bytes = Zeroizing::new(STANDARD_NO_PAD.decode(keys).ok()?);
        let (until, keys) = bytes.split_first_chunk()?;
        let (current, previous) = keys.split_first_chunk()?;
        let previous = if previous.is_empty() { None } else { Some(Key::of(previous.try_into().ok()?)?) };
        Some(Self(RwLock::new(Keys { current: Key::of(*current)?, until: u64::from_be_bytes(*until), previous })))
    }

    fn seal(&self, now: u64, message: &[u8]) -> Option<Vec<u8>> {
        self.roll(now)?;
        self.0.read().unwrap_or_else(PoisonError::into_inner).current.seal(message)
    }

    fn open(&self, now: u64, ticket: &[u8]) -> Option<Vec<u8>> {
        self.roll(now)?;
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner);
        keys.current.open(ticket).or_else(|| keys.previous.as_ref()?.open(ticket))
    }

    /// Begins the next turn when it is time.
    fn roll(&self, now: u64) -> Option<()> {
        if now < self.0.read().unwrap_or_else(PoisonError::into_inner).until {
            return Some(());
        }
        let next = Key::new()?;
        let mut keys = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if now >= keys.until {
            let last = std::mem::replace(&mut keys.current, next);
            // One that nobody has asked for a whole turn opens nothing any more.
            keys.previous = (now < keys.until + TURN).then_some(last);
            keys.until = now + TURN;
        }
        Some(())
    }
}

impl ProducesTickets for Ticketer {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        u32::try_from(2 * TURN).expect("it is half a day")
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        self.seal(now(), plain)
    }

    fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
        self.open(now(), cipher)
    }
}

impl Key {
    fn new() -> Option<Self> {
        let mut bytes = Zeroizing::new([0; BYTES]);
        rand::fill(&mut *bytes).ok()?;
        Self::of(*bytes)
    }

    fn of(bytes: [u8; BYTES]) -> Option<Self> {
        let bytes = Zeroizing::new(bytes);
        let cipher = RandomizedNonceKey::new(&AES_256_GCM, &bytes[ID..]).ok()?;
        Some(Self { bytes, cipher })
    }

    fn id(&self) -> &[u8] {
        &self.bytes[..ID]
    }

    /// The key's id, a nonce, what is sealed, and its tag.
    fn seal(&self, message: &[u8]) -> Option<Vec<u8>> {
        let mut sealed = message.to_vec();
        let nonce = self.cipher.seal_in_place_append_tag(Aad::from(self.id()), &mut sealed).ok()?;
        Some([self.id(), &nonce.as_ref()[..], &sealed].concat())
    }

    fn open(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = ticket.strip_prefix(self.id())?.split_first_chunk::<NONCE_LEN>()?;
        let mut sealed = sealed.to_vec();
        let length = self.cipher.open_in_place(Nonce::from(nonce), Aad::from(self.id()), &mut sealed).ok()?.len();
        sealed.truncate(length);
        Some(sealed)
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Keys are nobody's to see.
impl fmt::Debug for Ticketer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ticketer")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opens(ticketer: &Ticketer, at: u64, ticket: &[u8]) -> bool {
        ticketer.open(at, ticket).is_some_and(|session| session == b"session")
    }

    #[test]
    fn a_ticket_is_opened_for_one_turn_to_two() {
        let (ticketer, start) = (Ticketer::new().unwrap(), now());
        let ticket = ticketer.seal(start, b"session").unwrap();
        assert!(opens(&ticketer, start, &ticket) && opens(&ticketer, start + TURN - 60, &ticket));
        let later = ticketer.seal(start + TURN + 60, b"session").unwrap();
        assert!(opens(&ticketer, start + TURN + 60, &ticket), "by the key before");
        assert!(opens(&ticketer, start + 2 * TURN + 60, &later));
        assert!(!opens(&ticketer, start + 2 * TURN + 60, &ticket), "its key is gone");
        let ticketer = Ticketer::new().unwrap();
        let ticket = ticketer.seal(start, b"session").unwrap();
        assert!(!opens(&ticketer, start + 2 * TURN + 60, &ticket), "also where nobody came in between");
    }

    #[test]
    fn what_was_changed_or_is_anothers_is_not_opened() {
        let (ticketer, other, now) = (Ticketer::new().unwrap(), Ticketer::new().unwrap(), now());
        let ticket = ticketer.seal(now, b"session").unwrap();
        assert_ne!(ticket, ticketer.seal(now, b"session").unwrap());
        assert!(!opens(&other, now, &ticket));
        for at in 0..ticket.len() {
            let mut changed = ticket.clone();
            changed[at] ^= 1;
            assert_eq!(ticketer.open(now, &changed), None, "byte {at}");
            assert_eq!(ticketer.open(now, &ticket[..at]), None, "{at} bytes");
        }
    }

    #[test]
    fn whoever_has_the_keys_opens_the_same_tickets() {
        let (ticketer, now) = (Ticketer::new().unwrap(), now());
        let first = ticketer.seal(now, b"session").unwrap();
        let taken = Ticketer::with_keys(&ticketer.keys()).unwrap();
        assert!(opens(&taken, now, &first));
        let second = ticketer.seal(now + TURN + 60, b"session").unwrap();
        let taken = Ticketer::with_keys(&ticketer.keys()).unwrap();
        assert!(opens(&taken, now + TURN + 60, &first) && opens(&taken, now + TURN + 60, &second));
        assert!(opens(&ticketer, now + TURN + 60, &taken.seal(now + TURN + 60, b"session").unwrap()));
        for bad in ["", "AAAA", "not base64", &ticketer.keys()[1..]] {
            assert!(Ticketer::with_keys(bad).is_none(), "{bad}");
        }
    }
}
