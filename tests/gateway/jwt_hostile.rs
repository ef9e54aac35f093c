//! CASES 22–25: tokens that somebody made up.
use e2e::{Gateway, Jwks, Signer, Upstream, base64, from_now, service};
use serde_json::json;

struct Scene {
    upstream: Upstream,
    own: Signer,
    jwks: Jwks,
    gateway: Gateway,
}

fn scene(own: Signer, more: &str) -> Scene {
    let upstream = Upstream::ok();
    let jwks = Jwks::of(&[&own]);
    let gateway = Gateway::start(&format!("{}{}", jwks.block(more), service("app", &[&upstream], ""))).with_keys();
    Scene { upstream, own, jwks, gateway }
}

impl Scene {
    #[track_caller]
    fn check(&self, token: &str, expected: &str) {
        let answer = self.gateway.ask(&format!("GET / HTTP/1.1\r\nauthorization: Bearer {token}"));
        let code = if answer.status() == 200 { "" } else { &*answer.json()["code"].as_str().unwrap().to_owned() };
        assert_eq!(code, expected, "{token}");
        assert_eq!(answer.status(), if expected.is_empty() { 200 } else { 401 });
    }

    /// A token with this header, otherwise good.
    fn under(&self, header: &str) -> String {
        self.own.sign_text(header, &claims(""))
    }
}

/// Good claims, and `more` members after them.
fn claims(more: &str) -> String {
    format!(r#"{{"iss":"us","aud":"api","sub":"7","exp":{}{more}}}"#, from_now(60.0))
}

/// CASES 22, RFC 8725 §2.1.
#[test]
fn unsigned_and_confused_tokens_are_refused() {
    let scene = scene(Signer::rs("1"), "");
    for alg in ["none", "nOnE", "NONE", ""] {
        let signed = format!("{}.{}", base64(json!({ "alg": alg }).to_string()), base64(claims("")));
        scene.check(&format!("{signed}."), "token_algorithm");
        scene.check(&format!("{signed}.AAAA"), "token_algorithm");
    }
    let good = scene.own.token(&json!({}));
    let (signed, _) = good.rsplit_once('.').unwrap();
    scene.check(&format!("{signed}."), "token_signature");
    let jwk = scene.own.jwk();
    for secret in [jwk.to_string(), jwk["n"].as_str().unwrap().to_owned()] {
        scene.check(&Signer::secret(secret.as_bytes()).token(&json!({})), "token_algorithm");
        let confused = Signer::secret(secret.as_bytes()).sign_text(r#"{"alg":"RS256","kid":"1"}"#, &claims(""));
        scene.check(&confused, "token_signature");
    }
    assert_eq!(scene.upstream.requests().len(), 0);
    scene.check(&good, "");
}

/// CASES 23: a token's own idea of where its key is means nothing.
#[test]
fn a_token_does_not_choose_its_key() {
    let scene = scene(Signer::ed("1"), "");
    let (theirs, evil) = (Signer::ed("1"), Upstream::ok());
    scene.check(&scene.own.token(&json!({})), "");
    let url = evil.url();
    for extra in [
        format!(r#""jku":"{url}/jwks""#),
        format!(r#""x5u":"{url}/cert""#),
        format!(r#""jwk":{}"#, theirs.jwk()),
        String::from(r#""x5c":["AAAA"]"#),
    ] {
        let header = format!(r#"{{"alg":"EdDSA","kid":"1",{extra}}}"#);
        scene.check(&theirs.sign_text(&header, &claims("")), "token_signature");
        scene.check(&scene.under(&header), "");
    }
    for kid in ["../../dev/null", "1' OR '1'='1", "", "1 ", "http://127.0.0.1/"] {
        let header = json!({ "alg": "EdDSA", "kid": kid }).to_string();
        scene.check(&theirs.sign_text(&header, &claims("")), "token_key_unknown");
    }
    scene.check(&scene.under(r#"{"alg":"EdDSA","kid":"1","kid":"1"}"#), "token_malformed");
    scene.check(&scene.under(r#"{"alg":"EdDSA","kid":["1"]}"#), "token_malformed");
    assert_eq!(evil.connections(), 0, "nobody was asked for a key");
    let asked = scene.jwks.upstream.requests();
    assert!(asked.len() <= 2 && asked.iter().all(|request| request.target() == "/keys"), "{asked:?}");
}

/// CASES 24, all but the boundary.
#[test]
fn claims_are_what_they_have_to_be() {
    let scene = scene(Signer::ed("1"), "");
    scene.check(&scene.under(r#"{"alg":"EdDSA","crit":["x"],"x":1}"#), "token_malformed");
    for text in [
        r#"{"iss":"us","aud":"api"}"#,
        r#"{"iss":"us","aud":"api","exp":"9999999999"}"#,
        r#"{"iss":"us","aud":"api","exp":1e400}"#,
        r#"{"iss":"us","aud":"api","exp":null}"#,
        r#"{"iss":7,"aud":"api","exp":9999999999}"#,
        &claims(r#","nbf":"0""#),
        &claims(r#","nbf":-1e400"#),
        &claims(r#","iat":"0""#),
        &claims(r#","sub":"8""#),
        &claims(r#","s\u0075b":"8""#),
        &claims(r#","iss":"us""#),
        &claims(r#","scope":7"#),
        r#"["iss"]"#,
        "",
    ] {
        scene.check(&scene.own.sign_claims(text), "token_malformed");
    }
    for (name, code) in [("aud", "token_audience"), ("iss", "token_issuer")] {
        let own = if name == "aud" { "api" } else { "us" };
        for wrong in [&own[..own.len() - 1], &format!("{own}2"), &own.to_uppercase(), ""] {
            scene.check(&scene.own.token(&json!({ name: wrong })), code);
        }
        scene.check(&scene.own.token(&json!({ name: null })), code);
    }
    scene.check(&scene.own.token(&json!({ "aud": [] })), "token_audience");
    scene.check(&scene.own.token(&json!({ "aud": ["ap", "apis"] })), "token_audience");
    scene.check(&scene.own.token(&json!({ "exp": from_now(60.25), "nbf": 0, "iat": 0.5 })), "");
    assert_eq!(scene.upstream.requests().len(), 1);
}

/// CASES 24: exact at the boundary is `token::issuer`'s own test; here, that it is this clock and this leeway.
#[test]
fn leeway_is_as_long_as_it_says() {
    let scene = scene(Signer::ed("1"), "leeway = '100s'");
    for (claim, offset, expected) in [
        ("exp", -90.0, ""),
        ("exp", -101.0, "token_expired"),
        ("nbf", 90.0, ""),
        ("nbf", 110.0, "token_not_yet_valid"),
        ("iat", 90.0, ""),
        ("iat", 110.0, "token_not_yet_valid"),
    ] {
        scene.check(&scene.own.token(&json!({ claim: from_now(offset) })), expected);
    }
}

/// CASES 25.
#[test]
fn large_and_deep_tokens_cost_nothing() {
    let scene = scene(Signer::es("1"), "");
    let long = scene.own.token(&json!({ "x": "a".repeat(7000) }));
    scene.check(&long, "token_malformed");
    scene.check(&scene.own.token(&json!({ "x": "a".repeat(4000) })), "");
    let huge = scene.own.token(&json!({ "x": "a".repeat(48_000) }));
    assert_eq!(scene.gateway.ask(&format!("GET / HTTP/1.1\r\nauthorization: Bearer {huge}")).status(), 431);
    let deep = format!("{}{}", "[".repeat(2000), "]".repeat(2000));
    scene.check(&scene.own.sign_claims(&claims(&format!(",\"x\":{deep}"))), "token_malformed");
    scene.check(&scene.own.sign_claims(&deep), "token_malformed");
    let good = scene.own.token(&json!({}));
    let (signed, _) = good.rsplit_once('.').unwrap();
    for signature in [vec![0; 64], vec![0xff; 64], vec![0; 63], [vec![0; 32], vec![1; 32]].concat()] {
        scene.check(&format!("{signed}.{}", base64(signature)), "token_signature");
    }
}
