use super::*;
use jiff::SignedDuration;

fn key(crypto: &JwtCrypto, kid: &str) -> SigningKey {
    let pair = crypto.key_pair().unwrap();
    SigningKey {
        kid: kid.to_owned(),
        private: pair.private,
        public: pair.public,
        signs_from: Timestamp::UNIX_EPOCH,
        token_ttl: SignedDuration::from_secs(900),
    }
}

fn claims() -> Claims {
    Claims {
        subject: UserId(Uuid::now_v7()),
        email: Email::parse("ada@example.com").unwrap(),
        scope: Scope::admin(),
        issued_at: Timestamp::from_second(1_000).unwrap(),
        expires_at: Timestamp::from_second(1_900).unwrap(),
        token_id: "one".to_owned(),
    }
}

/// Signs any header and payload, as an attacker with a key of ours could.
fn forge(key: &SigningKey, header: &str, payload: &str) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let pair = Ed25519KeyPair::from_pkcs8(key.private.expose()).unwrap();
    let signature = URL_SAFE_NO_PAD.encode(pair.sign(message.as_bytes()).as_ref());
    format!("{message}.{signature}")
}

#[test]
fn a_token_says_what_was_signed() {
    let crypto = JwtCrypto::new();
    let (one, other) = (key(&crypto, "1"), key(&crypto, "2"));
    let token = crypto.sign(&one, &claims()).unwrap();
    let read = crypto.verify(&token, &[&other, &one]).unwrap();
    assert_eq!(Claims { subject: read.subject, ..claims() }, read);
    assert_eq!(crypto.verify(&token, &[&other]), Err(TokenFault::UnknownKey));
    let namesake = SigningKey { kid: "1".to_owned(), ..other };
    assert_eq!(crypto.verify(&token, &[&namesake]), Err(TokenFault::Signature));
}

#[test]
fn what_is_not_ours_is_refused_with_its_reason() {
    let crypto = JwtCrypto::new();
    let key = key(&crypto, "1");
    let payload = serde_json::to_value(Payload::from(&claims())).unwrap();
    let with = |name: &str, value: serde_json::Value| {
        let mut changed = payload.clone();
        changed[name] = value;
        changed.to_string()
    };
    let good = payload.to_string();
    let eddsa = r#"{"alg":"EdDSA","kid":"1"}"#;
    let check = |header: &str, payload: &str, expected: Result<(), TokenFault>| {
        let read = crypto.verify(&forge(&key, header, payload), &[&key]).map(drop);
        assert_eq!(read, expected, "{header} {payload}");
    };
    check(eddsa, &good, Ok(()));
    check(r#"{"alg":"none","kid":"1"}"#, &good, Err(TokenFault::Algorithm));
    check(r#"{"alg":"None","kid":"1"}"#, &good, Err(TokenFault::Algorithm));
    check(r#"{"alg":"HS256","kid":"1"}"#, &good, Err(TokenFault::Algorithm));
    check(r#"{"alg":"ES256","kid":"1"}"#, &good, Err(TokenFault::Algorithm));
    check(r#"{"alg":"EdDSA"}"#, &good, Err(TokenFault::UnknownKey));
    check(r#"{"alg":"EdDSA","kid":"2"}"#, &good, Err(TokenFault::UnknownKey));
    check(r#"{"alg":"EdDSA","kid":7}"#, &good, Err(TokenFault::Malformed));
    check("{}", &good, Err(TokenFault::Malformed));
    check(eddsa, &with("iss", "another".into()), Err(TokenFault::Issuer));
    check(eddsa, &with("aud", "another".into()), Err(TokenFault::Audience));
    check(eddsa, &with("sub", "7".into()), Err(TokenFault::Malformed));
    check(eddsa, &with("exp", "soon".into()), Err(TokenFault::Malformed));
    check(eddsa, &with("exp", i64::MAX.into()), Err(TokenFault::Malformed));
    check(eddsa, "[]", Err(TokenFault::Malformed));
}

#[test]
fn a_changed_token_is_refused() {
    let crypto = JwtCrypto::new();
    let key = key(&crypto, "1");
    let token = crypto.sign(&key, &claims()).unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    for text in ["", ".", "..", "...", "a.b.c", parts[0], &token[..token.len() - 1]] {
        assert!(crypto.verify(text, &[&key]).is_err(), "{text:?}");
    }
    let unsigned = format!("{}.{}.", parts[0], parts[1]);
    assert!(crypto.verify(&unsigned, &[&key]).is_err());
    for at in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert!(crypto.verify(&changed, &[&key]).is_err(), "byte {at} of {token}");
    }
}

#[test]
fn refresh_tokens_are_long_and_never_twice_the_same() {
    let crypto = JwtCrypto::new();
    let (one, other) = (crypto.refresh_token().unwrap(), crypto.refresh_token().unwrap());
    assert_eq!(one.0.expose().len(), 43);
    assert_ne!(one.0, other.0);
    let hash = crypto.hash_refresh_token(one.0.expose());
    assert_eq!(hash, crypto.hash_refresh_token(one.0.expose()));
    assert_ne!(hash, crypto.hash_refresh_token(other.0.expose()));
    assert!(!format!("{one:?}").contains(one.0.expose()));
}
