use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::support::{PASSWORD, Service};

const SETTINGS: &[(&str, &str)] = &[("KEY_ROTATION", "1h"), ("KEY_PUBLISH_AHEAD", "10m"), ("ACCESS_TOKEN_TTL", "15m")];

fn kid(token: &str) -> String {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

/// Waits until this many keys are published: the worker looks every few milliseconds.
async fn keys(service: &Service, count: usize) -> Vec<String> {
    let poll = async {
        loop {
            let kids = service.kids().await;
            if kids.len() == count {
                return kids;
            }
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(10), poll).await;
    waited.unwrap_or_else(|_| panic!("never were there {count} keys"))
}

#[tokio::test]
async fn the_published_key_verifies_what_was_signed() {
    let service = Service::with(SETTINGS).await;
    service.register("ada@example.com").await;
    let token = service.token("ada@example.com").await;
    let jwks = service.get("/.well-known/jwks.json").await.is(200);
    assert_eq!(jwks.headers["cache-control"], "public, max-age=300");
    let key = &jwks.body["keys"][0];
    assert_eq!(key["kid"], kid(&token));
    let fixed = ["kty", "crv", "alg", "use"].map(|name| key[name].as_str().unwrap());
    assert_eq!(fixed, ["OKP", "Ed25519", "EdDSA", "sig"]);
    assert!(key.get("d").is_none(), "the private key is published");

    // As another party would: by the document alone.
    let set: jsonwebtoken::jwk::JwkSet = serde_json::from_value(jwks.body.clone()).unwrap();
    let public = jsonwebtoken::DecodingKey::from_jwk(set.find(&kid(&token)).unwrap()).unwrap();
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::EdDSA);
    validation.set_audience(&["api"]);
    validation.set_issuer(&["user-service"]);
    validation.validate_exp = false;
    let claims = jsonwebtoken::decode::<Value>(&token, &public, &validation).unwrap().claims;
    assert_eq!(claims["email"], "ada@example.com");
}

#[tokio::test]
async fn keys_overlap_while_they_rotate() {
    let service = Service::with(SETTINGS).await;
    service.register("ada@example.com").await;
    let first = service.kids().await;
    assert_eq!(first.len(), 1);

    // 10 minutes ahead the next key is published, and does not sign yet.
    service.clock.advance(50 * 60);
    let both = keys(&service, 2).await;
    assert_eq!(kid(&service.token("ada@example.com").await), first[0]);

    // At its hour it signs; what the old one signed last is still good.
    service.clock.advance(10 * 60 - 1);
    let last = service.token("ada@example.com").await;
    assert_eq!(kid(&last), first[0]);
    service.clock.advance(1);
    assert_eq!(kid(&service.token("ada@example.com").await), both[1]);
    assert_eq!(service.kids().await, both);
    service.verify(&last).await.is(200);

    // A minute after its last token has expired it is gone.
    service.clock.advance(15 * 60 - 2);
    service.verify(&last).await.is(200);
    service.clock.advance(61);
    assert_eq!(service.kids().await, both);
    service.clock.advance(1);
    assert_eq!(keys(&service, 1).await, both[1..]);
    service.verify(&last).await.fails(401, "token_key_unknown");
}

#[tokio::test]
async fn instances_agree_on_the_keys() {
    let service = Service::with(SETTINGS).await;
    service.register("ada@example.com").await;
    let other = service.second_instance().await;
    let third = service.second_instance().await;
    service.clock.advance(50 * 60);
    let both = keys(&service, 2).await;
    let service = service.restart().await;
    assert_eq!(service.kids().await, both, "each instance made its own");
    other.stop().await;
    third.stop().await;
}

#[tokio::test]
async fn a_service_that_slept_over_its_rotation_still_publishes_first() {
    let service = Service::with(SETTINGS).await;
    service.register("ada@example.com").await;
    let first = service.kids().await;
    service.clock.advance(30 * 86_400);
    let service = service.restart().await;
    assert_eq!(service.kids().await.len(), 2);
    let token = service.login("ada@example.com", PASSWORD).await.is(200).text("access_token");
    assert_eq!(kid(&token), first[0]);
}
