//! Who signs a request to the authority (RFC 8555 §6): nothing unsigned, and nothing twice.
use std::collections::HashSet;

use aws_lc_rs::{
    digest::{SHA256, digest},
    signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::{message::Message, signer::base64};

/// What is known of clients.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    nonces: HashSet<String>,
    given: usize,
    /// The keys, as JWKs; an account's number is its place.
    keys: Vec<Value>,
}

/// A request whose signature is good.
#[derive(Debug)]
pub(super) struct Signed {
    pub(super) payload: Value,
    /// Of the account's key (RFC 7638).
    pub(super) thumbprint: String,
}

impl Accounts {
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// One more, for the next request.
    pub(super) fn nonce(&mut self) -> String {
        self.given += 1;
        let nonce = format!("nonce{}", self.given);
        self.nonces.insert(nonce.clone());
        nonce
    }

    /// What a request says, if an account has signed it for this URL and with a nonce of ours; a new account signs with
    /// the key that it brings.
    pub(super) fn check(&mut self, request: &Message, base: &str) -> Option<Signed> {
        let jws = request.json();
        let part = |name: &str| jws[name].as_str().map(str::to_owned);
        let (protected, payload, signature) = (part("protected")?, part("payload")?, part("signature")?);
        let head: Value = serde_json::from_slice(&decode(&protected)).ok()?;
        let is_new = request.target() == "/account";
        let key = if is_new {
            head["jwk"].clone()
        } else {
            self.keys.iter().enumerate().find(|(n, _)| head["kid"] == format!("{base}/account/{n}"))?.1.clone()
        };
        let point = [&[4][..], &decode(key["x"].as_str()?), &decode(key["y"].as_str()?)].concat();
        let signed = format!("{protected}.{payload}");
        let verifier = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
        verifier.verify(signed.as_bytes(), &decode(&signature)).ok()?;
        let is_sound = request.method() == "POST"
            && request.field("content-type") == Some("application/jose+json")
            && (&head["alg"], &head["url"]) == (&"ES256".into(), &format!("{base}{}", request.target()).into())
            && self.nonces.remove(head["nonce"].as_str()?);
        if !is_sound {
            return None;
        }
        if is_new && !self.keys.contains(&key) {
            self.keys.push(key.clone());
        }
        let canonical = format!("{{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":{},\"y\":{}}}", key["x"], key["y"]);
        let payload = serde_json::from_slice(&decode(&payload)).unwrap_or_default();
        Some(Signed { payload, thumbprint: base64(digest(&SHA256, canonical.as_bytes())) })
    }
}

pub(super) fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect("base64url")
}
