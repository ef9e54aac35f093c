//! Each algorithm with its own key and with everybody else's.
use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        self, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
        RsaKeyPair,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{super::LastHeader, *};

fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// An issuer that can sign in every way.
struct Signer {
    rsa: RsaKeyPair,
    p256: EcdsaKeyPair,
    p384: EcdsaKeyPair,
    ed: Ed25519KeyPair,
}

impl Signer {
    fn new() -> Self {
        Self {
            rsa: RsaKeyPair::generate(KeySize::Rsa2048).unwrap(),
            p256: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
            p384: EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap(),
            ed: Ed25519KeyPair::generate().unwrap(),
        }
    }

    fn sign(&self, header: &Value) -> String {
        let signed = format!("{}.e30", base64(header.to_string().as_bytes()));
        let message = signed.as_bytes();
        let random = SystemRandom::new();
        let rsa = |encoding: &'static dyn signature::RsaEncoding| {
            let mut signature = vec![0; self.rsa.public_modulus_len()];
            self.rsa.sign(encoding, &random, message, &mut signature).unwrap();
            signature
        };
        let signature = match header["alg"].as_str().unwrap() {
            "RS256" => rsa(&signature::RSA_PKCS1_SHA256),
            "RS384" => rsa(&signature::RSA_PKCS1_SHA384),
            "RS512" => rsa(&signature::RSA_PKCS1_SHA512),
            "PS256" => rsa(&signature::RSA_PSS_SHA256),
            "PS384" => rsa(&signature::RSA_PSS_SHA384),
            "PS512" => rsa(&signature::RSA_PSS_SHA512),
            "ES256" => self.p256.sign(&random, message).unwrap().as_ref().to_vec(),
            "ES384" => self.p384.sign(&random, message).unwrap().as_ref().to_vec(),
            "EdDSA" => self.ed.sign(message).as_ref().to_vec(),
            other => panic!("{other}"),
        };
        format!("{signed}.{}", base64(&signature))
    }

    fn jwks(&self) -> Value {
        let rsa = self.rsa.public_key();
        let (n, e) = (rsa.modulus(), rsa.exponent());
        let point = |pair: &EcdsaKeyPair, crv: &str, kid: &str| {
            let (x, y) = pair.public_key().as_ref()[1..].split_at((pair.public_key().as_ref().len() - 1) / 2);
            json!({ "kty": "EC", "crv": crv, "kid": kid, "x": base64(x), "y": base64(y) })
        };
        json!({ "keys": [
            { "kty": "RSA", "kid": "rsa", "n": base64(n.big_endian_without_leading_zero()),
              "e": base64(e.big_endian_without_leading_zero()) },
            point(&self.p256, "P-256", "p256"),
            point(&self.p384, "P-384", "p384"),
            { "kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": base64(self.ed.public_key().as_ref()) },
        ] })
    }
}

fn all(jwks: &Value) -> KeySet {
    KeySet::parse(jwks.to_string().as_bytes(), &Algorithm::ALL).unwrap()
}

#[track_caller]
fn check(set: &KeySet, token: &str, expected: Result<(), TokenFault>) {
    let found = Token::read(token, &mut LastHeader::default()).and_then(|token| set.verify(&token));
    assert_eq!(found, expected, "{token}");
}

/// The kid of the key that an algorithm is checked with.
fn kid_of(algorithm: Algorithm) -> Option<&'static str> {
    Some(match algorithm.name() {
        "ES256" => "p256",
        "ES384" => "p384",
        "EdDSA" => "ed",
        name if name.starts_with("HS") => return None,
        _ => "rsa",
    })
}

#[test]
fn each_algorithm_is_checked_with_its_own_key_and_no_other() {
    let (signer, stranger) = (Signer::new(), Signer::new());
    let set = all(&signer.jwks());
    for algorithm in Algorithm::ALL {
        let Some(own) = kid_of(algorithm) else { continue };
        let alg = algorithm.name();
        check(&set, &signer.sign(&json!({ "alg": alg, "kid": own })), Ok(()));
        check(&set, &signer.sign(&json!({ "alg": alg })), Ok(()));
        check(&set, &stranger.sign(&json!({ "alg": alg, "kid": own })), Err(TokenFault::Signature));
        check(&set, &stranger.sign(&json!({ "alg": alg })), Err(TokenFault::Signature));
        check(&set, &signer.sign(&json!({ "alg": alg, "kid": "../../dev/null" })), Err(TokenFault::KeyUnknown));
        for kid in ["rsa", "p256", "p384", "ed"].into_iter().filter(|kid| *kid != own) {
            check(&set, &signer.sign(&json!({ "alg": alg, "kid": kid })), Err(TokenFault::Algorithm));
        }
        let good = signer.sign(&json!({ "alg": alg }));
        let (claimed, _) = good.rsplit_once('.').unwrap();
        for signature in [String::new(), base64(&[0; 64]), base64(&[0; 96]), base64(&[0; 256])] {
            check(&set, &format!("{claimed}.{signature}"), Err(TokenFault::Signature));
        }
    }
}

/// RFC 8725 §2.1: the public key is no secret.
#[test]
fn a_public_key_is_never_a_secret() {
    let jwks = Signer::new().jwks();
    let set = all(&jwks);
    let signed = format!("{}.e30", base64(br#"{"alg":"HS256"}"#));
    let oct = json!({ "keys": [{ "kty": "oct", "alg": "HS256", "k": base64(&[7; 32]) }] });
    let texts = [jwks.to_string(), jwks["keys"][0].to_string(), jwks["keys"][0]["n"].to_string(), String::new()];
    for secret in texts.iter().map(String::as_bytes).chain([&[7; 32][..]]) {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
        let token = format!("{signed}.{}", base64(tag.as_ref()));
        check(&set, &token, Err(TokenFault::KeyUnknown));
        check(&all(&oct), &token, Err(TokenFault::KeyUnknown));
    }
}

#[test]
fn a_secret_checks_its_own_hashes() {
    let secret = [7; 64];
    for (name, hash) in [("HS256", hmac::HMAC_SHA256), ("HS384", hmac::HMAC_SHA384), ("HS512", hmac::HMAC_SHA512)] {
        let signed = format!("{}.e30", base64(json!({ "alg": name, "kid": "any" }).to_string().as_bytes()));
        let tag = hmac::sign(&hmac::Key::new(hash, &secret), signed.as_bytes());
        let token = format!("{signed}.{}", base64(tag.as_ref()));
        check(&KeySet::secret(&secret, &Algorithm::ALL), &token, Ok(()));
        check(&KeySet::secret(&[8; 64], &Algorithm::ALL), &token, Err(TokenFault::Signature));
        check(&KeySet::secret(&secret, &[]), &token, Err(TokenFault::KeyUnknown));
        check(&KeySet::secret(&secret, &Algorithm::ALL), &format!("{signed}."), Err(TokenFault::Signature));
    }
}

#[test]
fn a_key_checks_only_what_it_is_for() {
    let signer = Signer::new();
    let with = |member: &str, value: Value| {
        let mut jwks = signer.jwks();
        jwks["keys"][0][member] = value;
        all(&jwks)
    };
    let (rs256, ps256) = (signer.sign(&json!({ "alg": "RS256" })), signer.sign(&json!({ "alg": "PS256" })));
    check(&with("use", json!("sig")), &rs256, Ok(()));
    check(&with("use", json!("enc")), &rs256, Err(TokenFault::KeyUnknown));
    check(&with("key_ops", json!(["verify"])), &rs256, Ok(()));
    check(&with("key_ops", json!(["encrypt"])), &rs256, Err(TokenFault::KeyUnknown));
    check(&with("alg", json!("RS256")), &rs256, Ok(()));
    check(&with("alg", json!("RS256")), &ps256, Err(TokenFault::KeyUnknown));
    check(&with("alg", json!("none")), &rs256, Err(TokenFault::KeyUnknown));
    check(&with("kty", json!("EC")), &rs256, Err(TokenFault::KeyUnknown));
    check(&with("n", json!(base64(&[0xff; 128]))), &rs256, Err(TokenFault::KeyUnknown));
    let listed = KeySet::parse(signer.jwks().to_string().as_bytes(), &[Algorithm::Ps256]).unwrap();
    check(&listed, &rs256, Err(TokenFault::KeyUnknown));
    check(&listed, &ps256, Ok(()));
}

#[test]
fn what_is_no_key_is_passed_over_and_what_is_no_set_is_refused() {
    let signer = Signer::new();
    let mut jwks = signer.jwks();
    let keys = jwks["keys"].as_array_mut().unwrap();
    keys.extend([
        json!(7),
        json!({}),
        json!({ "kty": "OKP", "crv": "Ed448", "x": "AA" }),
        json!({ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" }),
    ]);
    keys.push(json!({ "kty": "EC", "crv": "P-256", "x": base64(&[1; 32]), "y": base64(&[1; 32]) }));
    assert_eq!(all(&jwks), all(&signer.jwks()));
    for text in ["", "<html>", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[]} x"#] {
        assert!(KeySet::parse(text.as_bytes(), &Algorithm::ALL).is_none(), "{text}");
    }
    assert!(KeySet::parse(br#"{"keys":[]}"#, &Algorithm::ALL).unwrap().is_empty());
}

#[test]
fn sets_are_equal_when_they_vouch_for_the_same() {
    let signer = Signer::new();
    let mut jwks = signer.jwks();
    jwks["keys"].as_array_mut().unwrap().reverse();
    assert_eq!(all(&jwks), all(&signer.jwks()));
    jwks["keys"][0]["kid"] = json!("other");
    assert_ne!(all(&jwks), all(&signer.jwks()));
    assert_ne!(all(&Signer::new().jwks()), all(&signer.jwks()));
}
