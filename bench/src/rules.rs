//! What a proxy is made to ask of every request: a bearer token, and no more requests a minute than a limit.
//!
//! The same rules are written in each proxy's own language ([`crate::peer`]), and [`prove`] asks a running one whether
//! it keeps them, since a rule that lets everything pass costs nothing.

mod keys;
mod proof;
mod token;

use std::{fs, io, path::Path};

pub use keys::{KeyError, Keys};
pub use proof::{Broken, prove};
pub use token::Forgery;

/// The `iss` of every token.
pub const ISSUER: &str = "https://bench.example";

/// The `aud` of every token.
pub const AUDIENCE: &str = "api";

/// The field that the token's `sub` is handed on in.
pub const IDENTITY: &str = "X-User-Id";

/// A limit that no load of this machine reaches; the gateway takes no larger number.
pub const NO_LIMIT: Limit = Limit { requests: 1_000_000, seconds: 1 };

/// How many requests may come from one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// So many.
    pub requests: u32,
    /// Within this time.
    pub seconds: u32,
}

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-256 and a shared secret.
    Hs256,
    /// Ed25519.
    EdDsa,
    /// RSA (2048 bits, PKCS #1 v1.5) with SHA-256.
    Rs256,
}

/// The rules of one proxy.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// What signs and verifies.
    pub keys: &'a Keys,
    /// The only algorithm accepted.
    pub algorithm: Algorithm,
    /// For each address.
    pub limit: Limit,
}

impl Algorithm {
    /// Its name in a token's header (RFC 7518, RFC 8037).
    pub fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::EdDsa => "EdDSA",
            Self::Rs256 => "RS256",
        }
    }
}

impl Rules<'_> {
    /// A token that passes, for the user `subject`, with an hour to live.
    pub fn token(&self, subject: u32) -> Result<String, KeyError> {
        token::good(self, subject)
    }

    /// The field that carries a token, as a request has it, line end included.
    pub fn field(token: &str) -> String {
        format!("Authorization: Bearer {token}\r\n")
    }

    /// Writes the public keys as `jwks.json` and `rsa.pem` into `directory`.
    pub fn write_keys(&self, directory: &Path) -> io::Result<()> {
        let pem = self.keys.rsa_pem().map_err(io::Error::other)?;
        fs::write(directory.join("rsa.pem"), pem)?;
        fs::write(directory.join("jwks.json"), self.keys.jwks().to_string())
    }
}
