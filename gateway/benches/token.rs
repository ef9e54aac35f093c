//! What a token costs: at first sight beside its bare signature, and once it is remembered.
//! `cargo bench -p gateway --bench token`
#![expect(clippy::unwrap_used, reason = "a measurement, like a test, says what it means by panicking")]
use std::{hint::black_box, rc::Rc, time::Duration};

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
        ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use divan::Bencher;
use gateway::{
    config::{Algorithm, Jwt, KeySource},
    token::{Cache, Issuer, KeySet, Known, LastHeader, Token},
};
use http::HeaderName;
use serde_json::json;

/// The gateway's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    divan::main();
}

const ALGORITHMS: [&str; 4] = ["HS256", "RS256", "EdDSA", "ES256"];
const SECRET: [u8; 32] = [7; 32];
/// 2023, in microseconds.
const NOW: u64 = 1_700_000_000_000_000;

/// A token as the user service makes them, and what checks it.
struct Scene {
    token: String,
    issuer: Issuer,
    keys: KeySet,
    bare: Bare,
}

/// Whether a message has this signature.
type Bare = Box<dyn Fn(&[u8], &[u8]) -> bool>;

impl Scene {
    fn new(algorithm: &str) -> Self {
        let base64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let id = "01a1fe34-d4cb-74ff-914a-688823647fb6";
        let header = json!({ "typ": "JWT", "alg": algorithm, "kid": id });
        let claims = json!({
            "iss": "user-service", "aud": "api", "sub": id, "email": "ada@example.com", "scope": "read write",
            "iat": 1_699_999_000, "exp": 1_700_001_000, "jti": id,
        });
        let signed = format!("{}.{}", base64(header.to_string().as_bytes()), base64(claims.to_string().as_bytes()));
        let (message, random) = (signed.as_bytes(), SystemRandom::new());
        let listed = Algorithm::of_name(algorithm).unwrap();
        let public = |jwk: serde_json::Value, key: ParsedPublicKey| -> (KeySet, Bare) {
            let jwks = json!({ "keys": [jwk] }).to_string();
            let keys = KeySet::parse(jwks.as_bytes(), &[listed]).unwrap();
            (keys, Box::new(move |message, signature| key.verify_sig(message, signature).is_ok()))
        };
        let (signature, (keys, bare)) = match algorithm {
            "HS256" => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, &SECRET);
                let tag = hmac::sign(&key, message).as_ref().to_vec();
                let bare = move |message: &[u8], tag: &[u8]| hmac::verify(&key, message, tag).is_ok();
                (tag, (KeySet::secret(&SECRET, &[listed]), Box::new(bare) as _))
            }
            "RS256" => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                let n = pair.public_key().modulus().big_endian_without_leading_zero().to_vec();
                let e = pair.public_key().exponent().big_endian_without_leading_zero().to_vec();
                let jwk = json!({ "kty": "RSA", "kid": id, "n": base64(&n), "e": base64(&e) });
                let key = RsaPublicKeyComponents { n, e }.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).unwrap();
                (signature, public(jwk, key))
            }
            "EdDSA" => {
                let pair = Ed25519KeyPair::generate().unwrap();
                let x = pair.public_key().as_ref();
                let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "kid": id, "x": base64(x) });
                (pair.sign(message).as_ref().to_vec(), public(jwk, ParsedPublicKey::new(&ED25519, x).unwrap()))
            }
            _ => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
                let point = pair.public_key().as_ref();
                let (x, y) = (base64(&point[1..33]), base64(&point[33..]));
                let jwk = json!({ "kty": "EC", "crv": "P-256", "kid": id, "x": x, "y": y });
                let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).unwrap();
                (pair.sign(&random, message).unwrap().as_ref().to_vec(), public(jwk, key))
            }
        };
        let fields = [("sub", "x-user-id"), ("email", "x-user-email"), ("scope", "x-user-scope")];
        let jwt = Jwt {
            issuer: "user-service".into(),
            audience: vec![String::from("api")],
            keys: KeySource::File("unused".into()),
            algorithms: vec![listed],
            leeway: Duration::from_secs(5),
            claims: fields.map(|(claim, name)| (claim.to_owned(), HeaderName::from_static(name))).to_vec(),
        };
        Self { token: format!("{signed}.{}", base64(&signature)), issuer: Issuer::new(&jwt, &[]), keys, bare }
    }

    fn first_sight(&self, last: &mut LastHeader) -> gateway::token::Verified {
        let token = Token::read(&self.token, last).unwrap();
        let claims = token.claims().unwrap();
        assert_eq!(claims.issuer().unwrap().as_deref(), Some(self.issuer.name()));
        self.issuer.verify(&token, &claims, &self.keys, NOW).unwrap()
    }
}

/// The signature alone, by a parsed key.
#[divan::bench(args = ALGORITHMS)]
fn bare_signature(bencher: Bencher, algorithm: &str) {
    let scene = Scene::new(algorithm);
    let (signed, signature) = scene.token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    bencher.bench_local(|| assert!((scene.bare)(black_box(signed.as_bytes()), black_box(&signature))));
}

/// All that is done for a token that was not seen before, of an issuer that was.
#[divan::bench(args = ALGORITHMS)]
fn first_sight(bencher: Bencher, algorithm: &str) {
    let (scene, mut last) = (Scene::new(algorithm), LastHeader::default());
    bencher.bench_local(|| scene.first_sight(&mut last));
}

/// The same where the token before was another issuer's.
#[divan::bench(args = ALGORITHMS)]
fn first_sight_of_header(bencher: Bencher, algorithm: &str) {
    let scene = Scene::new(algorithm);
    bencher.bench_local(|| scene.first_sight(&mut LastHeader::default()));
}

/// A remembered token, among so many others.
#[divan::bench(args = [1, 8_192])]
fn hit(bencher: Bencher, remembered: usize) {
    let scene = Scene::new("EdDSA");
    let mut cache = Cache::new(remembered);
    for other in 1..remembered {
        let other = other.to_string();
        let known = Known { issuer: 0, generation: 1, expires: u64::MAX, identity: Rc::default() };
        cache.insert(cache.key(other.as_bytes()), other.as_bytes(), known);
    }
    let identity = Rc::new(scene.first_sight(&mut LastHeader::default()).identity);
    let token = scene.token.as_bytes();
    cache.insert(cache.key(token), token, Known { issuer: 0, generation: 1, expires: u64::MAX, identity });
    bencher.bench_local(|| {
        let token = black_box(token);
        cache.get(cache.key(token), token, NOW, |_| 1).unwrap()
    });
}
