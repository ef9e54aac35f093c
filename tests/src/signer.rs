//! An issuer's key: it signs tokens, and shows its public half as a JWK.
use std::{
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::upstream::{Upstream, with_body};

/// A key with its name.
#[derive(Debug)]
pub struct Signer {
    /// Its `kid`.
    pub kid: String,
    key: Key,
}

#[derive(Debug)]
enum Key {
    Ed(Ed25519KeyPair),
    Es(EcdsaKeyPair),
    Rs(RsaKeyPair),
    Secret(Vec<u8>),
}

/// Bytes as a token has them.
pub fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Seconds since 1970, with `offset` seconds added.
pub fn from_now(offset: f64) -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64() + offset
}

impl Signer {
    /// For EdDSA.
    pub fn ed(kid: &str) -> Self {
        Self { kid: kid.into(), key: Key::Ed(Ed25519KeyPair::generate().unwrap()) }
    }

    /// For ES256.
    pub fn es(kid: &str) -> Self {
        Self { kid: kid.into(), key: Key::Es(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap()) }
    }

    /// For RS256.
    pub fn rs(kid: &str) -> Self {
        Self { kid: kid.into(), key: Key::Rs(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()) }
    }

    /// For HS256.
    pub fn secret(secret: &[u8]) -> Self {
        Self { kid: String::from("secret"), key: Key::Secret(secret.into()) }
    }

    /// The `alg` of what it signs.
    pub fn algorithm(&self) -> &'static str {
        match self.key {
            Key::Ed(_) => "EdDSA",
            Key::Es(_) => "ES256",
            Key::Rs(_) => "RS256",
            Key::Secret(_) => "HS256",
        }
    }

    /// Its public half.
    pub fn jwk(&self) -> Value {
        match &self.key {
            Key::Ed(pair) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "kid": self.kid, "x": base64(pair.public_key()) })
            }
            Key::Es(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({ "kty": "EC", "crv": "P-256", "kid": self.kid, "x": base64(x), "y": base64(y) })
            }
            Key::Rs(pair) => {
                let (n, e) = (pair.public_key().modulus(), pair.public_key().exponent());
                let part = |bytes: &[u8]| base64(bytes);
                let (n, e) = (n.big_endian_without_leading_zero(), e.big_endian_without_leading_zero());
                json!({ "kty": "RSA", "kid": self.kid, "n": part(n), "e": part(e) })
            }
            Key::Secret(_) => panic!("a secret is shown to nobody"),
        }
    }

    /// A token with these claims, text for text, under this header.
    pub fn sign_text(&self, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", base64(header), base64(claims));
        let (message, random) = (signed.as_bytes(), SystemRandom::new());
        let signature = match &self.key {
            Key::Ed(pair) => pair.sign(message).as_ref().to_vec(),
            Key::Es(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Key::Rs(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                signature
            }
            Key::Secret(secret) => hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message).as_ref().to_vec(),
        };
        format!("{signed}.{}", base64(signature))
    }

    /// A token with these claims, text for text.
    pub fn sign_claims(&self, claims: &str) -> String {
        self.sign_text(&json!({ "alg": self.algorithm(), "kid": self.kid }).to_string(), claims)
    }

    /// A token of the issuer `us` for `api`, good for a minute, where `changes` say nothing else; `null` takes a claim
    /// away.
    pub fn token(&self, changes: &Value) -> String {
        let mut claims = json!({ "iss": "us", "aud": "api", "sub": "7", "exp": from_now(60.0) });
        for (name, value) in changes.as_object().expect("claims are an object") {
            claims[name] = value.clone();
        }
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        self.sign_claims(&claims.to_string())
    }
}

/// A server of keys, which a test may change.
#[derive(Debug)]
pub struct Jwks {
    /// The server, with what it was asked.
    pub upstream: Upstream,
    answer: Arc<Mutex<Vec<u8>>>,
}

impl Jwks {
    /// Serves these keys.
    pub fn of(signers: &[&Signer]) -> Self {
        let answer = Arc::new(Mutex::new(Vec::new()));
        let current = Arc::clone(&answer);
        let upstream = Upstream::answering(move |_| current.lock().unwrap().clone());
        let jwks = Self { upstream, answer };
        jwks.serve(signers);
        jwks
    }

    /// Serves other keys from now on.
    pub fn serve(&self, signers: &[&Signer]) {
        let keys: Vec<Value> = signers.iter().map(|signer| signer.jwk()).collect();
        self.answer(&with_body("200 OK", json!({ "keys": keys }).to_string().as_bytes()));
    }

    /// Answers with these bytes from now on.
    pub fn answer(&self, bytes: &[u8]) {
        *self.answer.lock().unwrap() = bytes.to_vec();
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.upstream.requests().len()
    }

    /// A `[[jwt]]` of the issuer `us` with its keys, and more of the block's own keys.
    pub fn block(&self, more: &str) -> String {
        let url = self.upstream.url();
        format!("[[jwt]]\nissuer = 'us'\naudience = ['api']\njwks = {{ url = '{url}/keys' }}\n{more}\n")
    }
}
