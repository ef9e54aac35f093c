//! Tokens: good ones, and forged ones that no proxy may let pass.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{AUDIENCE, Algorithm, ISSUER, KeyError, Keys, Rules};

/// How long a token lives, in seconds: longer than any run of the bench.
const LIFE: i64 = 3600;

/// What is wrong with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forgery {
    /// Another payload under the signature of a good one.
    Payload,
    /// `alg` is `none`, and there is no signature.
    Unsigned,
    /// It has expired.
    Expired,
    /// Another issuer's.
    Issuer,
    /// For another audience.
    Audience,
}

impl Forgery {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Payload, Self::Unsigned, Self::Expired, Self::Issuer, Self::Audience];

    /// What the token is, in a sentence that goes on.
    pub fn name(self) -> &'static str {
        match self {
            Self::Payload => "a token with a changed payload",
            Self::Unsigned => "a token with the algorithm none",
            Self::Expired => "an expired token",
            Self::Issuer => "another issuer's token",
            Self::Audience => "a token for another audience",
        }
    }

    /// A token with this and no other fault.
    pub fn token(self, rules: &Rules<'_>) -> Result<String, KeyError> {
        let mut claims = claims(0);
        let algorithm = rules.algorithm;
        match self {
            Self::Payload => {
                let good = good(rules, 0)?;
                claims["sub"] = json!("somebody-else");
                let signature = good.rsplit_once('.').map_or("", |(_, signature)| signature);
                return Ok(format!("{}.{signature}", message(algorithm.name(), algorithm, &claims)));
            }
            Self::Unsigned => return Ok(format!("{}.", message("none", algorithm, &claims))),
            Self::Expired => claims["exp"] = json!(now() - LIFE),
            Self::Issuer => claims["iss"] = json!("https://elsewhere.example"),
            Self::Audience => claims["aud"] = json!("another"),
        }
        signed(rules, &claims)
    }
}

/// A token that passes.
pub(super) fn good(rules: &Rules<'_>, subject: u32) -> Result<String, KeyError> {
    signed(rules, &claims(subject))
}

fn claims(subject: u32) -> Value {
    let now = now();
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": format!("user-{subject:06}"), "iat": now, "exp": now + LIFE,
        "scope": "tasks:read tasks:write",
    })
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// The part of a token that is signed (RFC 7515, section 5.1).
fn message(name: &str, algorithm: Algorithm, claims: &Value) -> String {
    let header = json!({ "alg": name, "typ": "JWT", "kid": Keys::id(algorithm) });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(&header), part(claims))
}

fn signed(rules: &Rules<'_>, claims: &Value) -> Result<String, KeyError> {
    let message = message(rules.algorithm.name(), rules.algorithm, claims);
    let signature = rules.keys.sign(rules.algorithm, message.as_bytes())?;
    Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use aws_lc_rs::signature::{ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    use super::*;
    use crate::rules::NO_LIMIT;

    fn parts(token: &str) -> (Value, Value, Vec<u8>) {
        let parts: Vec<_> = token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap()).collect();
        assert_eq!(parts.len(), 3);
        let value = |place: usize| serde_json::from_slice(&parts[place]).unwrap();
        (value(0), value(1), parts[2].clone())
    }

    #[test]
    fn good_tokens_are_signed_by_the_published_keys() {
        let keys = Keys::generate().unwrap();
        let jwks = keys.jwks();
        for (algorithm, key) in [(Algorithm::EdDsa, 0), (Algorithm::Rs256, 1)] {
            let token = good(&Rules { keys: &keys, algorithm, limit: NO_LIMIT }, 7).unwrap();
            let (header, claims, signature) = parts(&token);
            assert_eq!((&header["alg"], &header["kid"]), (&json!(algorithm.name()), &jwks["keys"][key]["kid"]));
            assert_eq!((&claims["sub"], &claims["iss"]), (&json!("user-000007"), &json!(ISSUER)));
            assert!(claims["exp"].as_i64().unwrap() > now() + 3500);
            let member = |name: &str| URL_SAFE_NO_PAD.decode(jwks["keys"][key][name].as_str().unwrap()).unwrap();
            let message = token.rsplit_once('.').unwrap().0.as_bytes();
            let verified = if algorithm == Algorithm::EdDsa {
                UnparsedPublicKey::new(&ED25519, member("x")).verify(message, &signature)
            } else {
                let public = aws_lc_rs::rsa::PublicKeyComponents { n: member("n"), e: member("e") };
                public.verify(&RSA_PKCS1_2048_8192_SHA256, message, &signature)
            };
            assert!(verified.is_ok(), "{algorithm:?}");
        }
    }

    #[test]
    fn every_forgery_differs_from_the_good_token() {
        let keys = Keys::generate().unwrap();
        let rules = Rules { keys: &keys, algorithm: Algorithm::Hs256, limit: NO_LIMIT };
        let good = good(&rules, 0).unwrap();
        let mut seen = HashSet::from([good.clone()]);
        for forgery in Forgery::ALL {
            let token = forgery.token(&rules).unwrap();
            let (header, claims, signature) = parts(&token);
            assert_eq!(header["alg"] == "none", signature.is_empty(), "{forgery:?}");
            assert_eq!(claims["exp"].as_i64().unwrap() < now(), forgery == Forgery::Expired);
            assert!(seen.insert(token), "{forgery:?}");
        }
        let changed = Forgery::Payload.token(&rules).unwrap();
        assert_eq!(changed.rsplit_once('.').unwrap().1, good.rsplit_once('.').unwrap().1);
    }
}
