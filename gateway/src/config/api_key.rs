//! `[[api_key]]`: callers that show a long-lived key, and how such a key is made.
//!
//! The file has a key's SHA-256, not the key. A slow hash such as argon2 is for passwords, which can be guessed: a key
//! of 256 random bits can't be, however fast its hash is, so a fast one is as safe at rest, and each request pays for it.
use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

use aws_lc_rs::{constant_time, digest, rand};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::HeaderName;

/// One place where keys are shown, and the keys that are good there.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiKeys {
    /// `header` or `query`; no two blocks have the same.
    pub place: KeyPlace,
    /// At least one.
    pub keys: Vec<ApiKey>,
    /// The field that an upstream reads a key's name from.
    pub name_header: Option<HeaderName>,
    /// The field that it reads a key's scopes from, with a space between two.
    pub scope_header: Option<HeaderName>,
}

/// Where a key is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyPlace {
    /// `header = "X-Api-Key"`.
    Header(HeaderName),
    /// `query = "api_key"`: the name of a parameter, not percent-encoded.
    Query(Box<str>),
}

/// `{ name = "ci", sha256 = "…", scopes = ["tasks:write"] }`.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiKey {
    /// Who shows it: visible ASCII, and no other key's.
    pub name: Arc<str>,
    /// No other key's.
    pub sha256: KeyHash,
    /// What it permits. Default nothing.
    pub scopes: Vec<Box<str>>,
}

/// The SHA-256 of a key. Two are compared in a time that does not tell how alike they are, and none is printed by chance.
#[derive(Clone, Copy)]
pub struct KeyHash([u8; 32]);

impl KeyHash {
    /// That of a key.
    pub fn of(key: &[u8]) -> Self {
        let hash = digest::digest(&digest::SHA256, key);
        Self(hash.as_ref().try_into().expect("SHA-256 has 32 bytes"))
    }

    /// 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let mut hash = [0; 32];
        if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        for (byte, digits) in hash.iter_mut().zip(text.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?;
        }
        Some(Self(hash))
    }

    /// As the file has it.
    pub fn to_hex(self) -> String {
        self.0.iter().fold(String::with_capacity(64), |text, byte| text + &format!("{byte:02x}"))
    }
}

impl PartialEq for KeyHash {
    fn eq(&self, other: &Self) -> bool {
        constant_time::verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

impl Eq for KeyHash {}

impl Hash for KeyHash {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(&self.0);
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Whether a key may have this name: visible ASCII, 1 to 64 characters, nothing that TOML or a header would escape.
pub fn is_key_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'))
}

/// A new key: `gwk_` and 256 random bits. It is shown once, to whoever is to have it.
pub fn new_key() -> String {
    let mut bits = [0; 32];
    rand::fill(&mut bits).expect("the system has random numbers");
    format!("gwk_{}", BASE64_URL_SAFE_NO_PAD.encode(bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-2, appendix B.1.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_hash_is_read_as_it_is_written() {
        let hash = KeyHash::parse(ABC).unwrap();
        assert_eq!(hash, KeyHash::of(b"abc"));
        assert_eq!(KeyHash::parse(&ABC.to_uppercase()), Some(hash));
        assert_eq!((hash.to_hex().as_str(), format!("{hash:?}").as_str()), (ABC, "***"));
        for bad in ["", &ABC[1..], &format!("{ABC}0"), &ABC.replace('b', "g"), &format!("+{}", &ABC[1..])] {
            assert_eq!(KeyHash::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_new_key_has_256_bits_of_its_own_and_needs_no_escape() {
        let (one, other) = (new_key(), new_key());
        assert_ne!(one, other);
        let bits = one.strip_prefix("gwk_").unwrap();
        assert_eq!(bits.len(), 43);
        assert!(bits.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')), "{one}");
    }
}
