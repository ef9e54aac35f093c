//! JSON Web Keys: which of them are public keys to check signatures with, and for which algorithms.
use aws_lc_rs::signature::{self, ParsedPublicKey, RsaParameters, RsaPublicKeyComponents};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Check, Key};
use crate::config::Algorithm;

/// RFC 7518 §3.3 asks for 2,048 bits at least; beyond 8,192 a signature takes too long to check.
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

#[derive(Deserialize)]
struct Set<'s> {
    #[serde(borrow)]
    keys: Vec<&'s RawValue>,
}

/// The members that say what a key is for, and those of a public key. Others, `d` and `k` among them, are not read: a
/// secret has no business in a set that is fetched.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<Box<str>>,
    r#use: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

pub(super) fn parse(json: &[u8], algorithms: &[Algorithm]) -> Option<Vec<Key>> {
    let set: Set<'_> = serde_json::from_slice(json).ok()?;
    let keys = set.keys.iter().filter_map(|raw| serde_json::from_str::<Jwk>(raw.get()).ok());
    Some(keys.filter_map(|jwk| jwk.key(algorithms)).collect())
}

impl Jwk {
    fn key(self, algorithms: &[Algorithm]) -> Option<Key> {
        let mut material = Vec::new();
        let fitting = algorithms.iter().filter(|algorithm| self.permits(**algorithm));
        let checks: Vec<_> =
            fitting.filter_map(|&one| Some((one, Check::Public(self.public(one, &mut material)?)))).collect();
        (!checks.is_empty()).then_some(Key { kid: self.kid, checks, material })
    }

    /// RFC 7517 §4.2 to §4.4: what the issuer says that the key is for.
    fn permits(&self, algorithm: Algorithm) -> bool {
        self.r#use.as_deref().is_none_or(|use_| use_ == "sig")
            && self.key_ops.as_ref().is_none_or(|ops| ops.iter().any(|op| op == "verify"))
            // `Ed25519` is RFC 9864's name for what `EdDSA` means with this curve.
            && self.alg.as_deref().is_none_or(|alg| {
                alg == algorithm.name() || (alg == "Ed25519" && algorithm == Algorithm::EdDsa)
            })
    }

    /// The public key for an algorithm, if it is of the algorithm's kind and curve.
    fn public(&self, algorithm: Algorithm, material: &mut Vec<u8>) -> Option<ParsedPublicKey> {
        let curve = || self.crv.as_deref();
        match (algorithm, self.kty.as_str()) {
            (Algorithm::Es256, "EC") if curve() == Some("P-256") => {
                *material = self.point(32)?;
                ParsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, &*material).ok()
            }
            (Algorithm::Es384, "EC") if curve() == Some("P-384") => {
                *material = self.point(48)?;
                ParsedPublicKey::new(&signature::ECDSA_P384_SHA384_FIXED, &*material).ok()
            }
            (Algorithm::EdDsa, "OKP") if curve() == Some("Ed25519") => {
                *material = decode(self.x.as_ref()?).filter(|x| x.len() == 32)?;
                ParsedPublicKey::new(&signature::ED25519, &*material).ok()
            }
            (_, "RSA") => {
                let parameters = rsa(algorithm)?;
                let (n, e) = (number(self.n.as_ref()?)?, number(self.e.as_ref()?)?);
                if !RSA_BYTES.contains(&n.len()) {
                    return None;
                }
                *material = [&n[..], &[0], &e].concat();
                RsaPublicKeyComponents { n, e }.to_parsed_public_key(parameters).ok()
            }
            _ => None,
        }
    }

    /// A point that is not compressed (SEC 1 §2.3.3); each coordinate has its full length (RFC 7518 §6.2.1.2).
    fn point(&self, length: usize) -> Option<Vec<u8>> {
        let coordinate = |text: &Option<String>| decode(text.as_ref()?).filter(|bytes| bytes.len() == length);
        Some([&[4], &*coordinate(&self.x)?, &*coordinate(&self.y)?].concat())
    }
}

fn rsa(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    Some(match algorithm {
        Algorithm::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
        Algorithm::Ps384 => &signature::RSA_PSS_2048_8192_SHA384,
        Algorithm::Ps512 => &signature::RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}

fn decode(text: &String) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// A number without the zeros that some issuers write before it.
fn number(text: &String) -> Option<Vec<u8>> {
    let bytes = decode(text)?;
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    Some(bytes[zeros..].to_vec())
}
