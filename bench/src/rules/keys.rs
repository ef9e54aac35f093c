//! The keys of one run of the bench: made at its start, forgotten at its end.

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    hmac,
    rand::SystemRandom,
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};

use super::Algorithm;

/// One key for each algorithm.
#[derive(Debug)]
pub struct Keys {
    secret: String,
    ed25519: Ed25519KeyPair,
    rsa: RsaKeyPair,
}

/// The library could not make a key, or not use it.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("cannot make the keys that tokens are signed with")]
pub struct KeyError;

impl From<aws_lc_rs::error::Unspecified> for KeyError {
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        Self
    }
}

impl Keys {
    /// Fresh ones.
    pub fn generate() -> Result<Self, KeyError> {
        let mut secret = [0; 32];
        aws_lc_rs::rand::fill(&mut secret)?;
        Ok(Self {
            // HAProxy takes its secret as text on a line of its file; these characters need no quoting anywhere.
            secret: URL_SAFE_NO_PAD.encode(secret),
            ed25519: Ed25519KeyPair::generate()?,
            rsa: RsaKeyPair::generate(KeySize::Rsa2048)?,
        })
    }

    /// What HS256 signs and verifies with: 43 characters, whose bytes are the key.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// The `kid` of an algorithm's key.
    pub(super) fn id(algorithm: Algorithm) -> &'static str {
        match algorithm {
            Algorithm::Hs256 => "hmac",
            Algorithm::EdDsa => "ed25519",
            Algorithm::Rs256 => "rsa",
        }
    }

    /// The signature of `message`.
    pub(super) fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        Ok(match algorithm {
            Algorithm::Hs256 => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.as_bytes());
                hmac::sign(&key, message).as_ref().to_vec()
            }
            Algorithm::EdDsa => self.ed25519.sign(message).as_ref().to_vec(),
            Algorithm::Rs256 => {
                let mut signature = vec![0; self.rsa.public_modulus_len()];
                self.rsa.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)?;
                signature
            }
        })
    }

    /// The public keys as a JWK set (RFC 7517, RFC 8037).
    pub(super) fn jwks(&self) -> Value {
        let rsa = self.rsa.public_key();
        let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({ "keys": [
            {
                "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": Self::id(Algorithm::EdDsa),
                "x": number(self.ed25519.public_key().as_ref()),
            },
            {
                "kty": "RSA", "use": "sig", "alg": "RS256", "kid": Self::id(Algorithm::Rs256),
                "n": number(rsa.modulus().big_endian_without_leading_zero()),
                "e": number(rsa.exponent().big_endian_without_leading_zero()),
            },
        ]})
    }

    /// The RSA public key as a PEM file.
    pub(super) fn rsa_pem(&self) -> Result<String, KeyError> {
        let der: PublicKeyX509Der = self.rsa.public_key().as_der()?;
        let text = STANDARD.encode(der.as_ref());
        // PEM's lines have 64 characters (RFC 7468, section 2).
        let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
        Ok(format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_keys_are_written_whole_and_private_ones_not_at_all() {
        let keys = Keys::generate().unwrap();
        let jwks = keys.jwks();
        let size = |key: usize, member: &str| {
            URL_SAFE_NO_PAD.decode(jwks["keys"][key][member].as_str().unwrap()).unwrap().len()
        };
        assert_eq!((size(0, "x"), size(1, "n"), size(1, "e")), (32, 256, 3));
        let text = jwks.to_string();
        assert!(!text.contains("\"d\"") && !text.contains(keys.secret()), "{text}");
        let pem = keys.rsa_pem().unwrap();
        assert!(pem.lines().all(|line| line.len() <= 64) && pem.contains("PUBLIC"), "{pem}");
        assert_eq!(keys.secret().len(), 43);
    }
}
