//! An issuer's keys, each bound to the algorithms that it may check (RFC 7517, RFC 7518 §6, RFC 8037 §2): what key a
//! token names and which algorithm it asks for can't bring the two together where the key does not fit.
mod jwk;

use aws_lc_rs::{hmac, signature::ParsedPublicKey};

use super::Token;
use crate::{TokenFault, config::Algorithm};

/// Keys of one issuer; more of them would make a token without `kid` dear.
const MAX_KEYS: usize = 32;

/// What an issuer's signatures are checked with. Two sets are equal when they vouch for the same tokens.
#[derive(Debug, PartialEq, Eq)]
pub struct KeySet(Vec<Key>);

/// One key.
struct Key {
    kid: Option<Box<str>>,
    /// With which algorithms, never none.
    checks: Vec<(Algorithm, Check)>,
    /// What tells it apart from other keys; of a secret key nothing.
    material: Vec<u8>,
}

enum Check {
    Public(ParsedPublicKey),
    Secret(Box<hmac::Key>),
}

impl KeySet {
    /// The keys of a JWK set (RFC 7517 §5) that `algorithms` can use; what is no such key is passed over, as that section
    /// wants it. `None` for what is no set at all.
    pub fn parse(json: &[u8], algorithms: &[Algorithm]) -> Option<Self> {
        let mut keys = jwk::parse(json, algorithms)?;
        keys.truncate(MAX_KEYS);
        // The order says nothing.
        keys.sort_by(|a, b| (&a.kid, &a.material).cmp(&(&b.kid, &b.material)));
        Some(Self(keys))
    }

    /// One shared secret.
    pub fn secret(secret: &[u8], algorithms: &[Algorithm]) -> Self {
        let checks = algorithms.iter().filter_map(|&algorithm| {
            let hash = match algorithm {
                Algorithm::Hs256 => hmac::HMAC_SHA256,
                Algorithm::Hs384 => hmac::HMAC_SHA384,
                Algorithm::Hs512 => hmac::HMAC_SHA512,
                _ => return None,
            };
            Some((algorithm, Check::Secret(Box::new(hmac::Key::new(hash, secret)))))
        });
        Self(vec![Key { kid: None, checks: checks.collect(), material: Vec::new() }])
    }

    /// Whether there is no key at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of the keys signed it: the one that it names, or any that fits where either has no name.
    ///
    /// [`TokenFault::KeyUnknown`] where no key is to be asked, [`TokenFault::Algorithm`] where the named one is for
    /// something else, [`TokenFault::Signature`] where none of those asked signed it.
    pub(super) fn verify(&self, token: &Token<'_>) -> Result<(), TokenFault> {
        let is_meant = |key: &&Key| match (&token.header.kid, &key.kid) {
            (Some(named), Some(kid)) => **named == **kid,
            _ => true,
        };
        let mut fault = TokenFault::KeyUnknown;
        for key in self.0.iter().filter(is_meant) {
            match key.checks.iter().find(|(algorithm, _)| *algorithm == token.header.algorithm) {
                Some((_, check)) if check.is_good(token) => return Ok(()),
                Some(_) => fault = TokenFault::Signature,
                None if token.header.kid.is_some() && key.kid.is_some() && fault == TokenFault::KeyUnknown => {
                    fault = TokenFault::Algorithm;
                }
                None => {}
            }
        }
        Err(fault)
    }
}

impl Check {
    fn is_good(&self, token: &Token<'_>) -> bool {
        match self {
            Self::Public(key) => key.verify_sig(token.signed, token.signature()).is_ok(),
            // Compares in constant time.
            Self::Secret(key) => hmac::verify(key, token.signed, token.signature()).is_ok(),
        }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        let algorithms = |key: &Self| key.checks.iter().map(|(algorithm, _)| *algorithm).collect::<Vec<_>>();
        self.kid == other.kid && self.material == other.material && algorithms(self) == algorithms(other)
    }
}

impl Eq for Key {}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("kid", &self.kid).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
