//! SPEC §2 `[[jwt]]`, §3 "Tokens": each fault has its code and its challenge, and a good token passes.
use e2e::{Gateway, Jwks, Signer, Upstream, from_now, service};
use serde_json::json;

const ROUTES: &str = "routes = ['/', { match = '/open', auth = 'none' }, { match = '/maybe', auth = 'optional' },
  { match = '/admin', scopes = ['admin', 'write'] }]";

fn start(jwks: &Jwks, upstream: &Upstream, more: &str) -> Gateway {
    Gateway::start(&format!("{}{}", jwks.block(more), service("app", &[upstream], ROUTES))).with_keys()
}

/// Asks with this token, and tells status, code and challenge.
fn ask(gateway: &Gateway, target: &str, token: &str) -> (u16, String, Option<String>) {
    let answer = gateway.ask(&format!("GET {target} HTTP/1.1\r\nauthorization: Bearer {token}"));
    let code = if answer.status() == 200 { String::new() } else { answer.json()["code"].as_str().unwrap().to_owned() };
    (answer.status(), code, answer.field("www-authenticate").map(str::to_owned))
}

#[test]
fn each_fault_has_its_code_and_says_so_in_its_challenge() {
    let (upstream, own, other) = (Upstream::ok(), Signer::ed("1"), Signer::ed("1"));
    let jwks = Jwks::of(&[&own]);
    let gateway = start(&jwks, &upstream, "");
    for (token, code, words) in [
        ("abc".into(), "token_malformed", "The token cannot be read."),
        (other.token(&json!({})), "token_signature", "The token's signature is not good."),
        (Signer::secret(&[7; 32]).token(&json!({})), "token_algorithm", "The token's algorithm is not taken here."),
        (own.token(&json!({ "exp": from_now(-60.0) })), "token_expired", "The token has expired."),
        (own.token(&json!({ "nbf": from_now(60.0) })), "token_not_yet_valid", "The token is not valid yet."),
        (own.token(&json!({ "iat": from_now(60.0) })), "token_not_yet_valid", "The token is not valid yet."),
        (own.token(&json!({ "iss": "them" })), "token_issuer", "The token's issuer is not known here."),
        (own.token(&json!({ "iss": null })), "token_issuer", "The token's issuer is not known here."),
        (own.token(&json!({ "aud": "web" })), "token_audience", "The token is meant for somebody else."),
        (Signer::ed("2").token(&json!({})), "token_key_unknown", "The token's key is not known."),
    ] {
        let challenge = format!("Bearer realm=\"gateway\", error=\"invalid_token\", error_description=\"{words}\"");
        assert_eq!(ask(&gateway, "/", &token), (401, code.into(), Some(challenge)));
    }
    let missing = gateway.get("/");
    assert_eq!((missing.status(), missing.json()["code"].as_str()), (401, Some("token_missing")));
    assert_eq!(missing.field("www-authenticate"), Some("Bearer realm=\"gateway\""));
    let basic = gateway.ask("GET / HTTP/1.1\r\nauthorization: Basic am9lOnB3");
    assert_eq!((basic.status(), basic.json()["code"].as_str()), (401, Some("token_missing")));
    assert_eq!(upstream.requests().len(), 0, "nobody was let through");
    assert_eq!(gateway.logged("/")["code"], "token_malformed");
    gateway.wait_metric(
        "gateway_requests_total{route=\"/\",service=\"app\",status=\"401\",code=\"token_not_yet_valid\"}",
        2.0,
    );
}

#[test]
fn a_good_token_passes_and_goes_on() {
    let (upstream, own) = (Upstream::ok(), Signer::ed("1"));
    let jwks = Jwks::of(&[&own]);
    let gateway = start(&jwks, &upstream, "");
    let token = own.token(&json!({ "nbf": from_now(0.0), "iat": from_now(0.0), "aud": ["web", "api"] }));
    for scheme in ["Bearer", "bearer", "BEARER "] {
        let answer = gateway.ask(&format!("GET / HTTP/1.1\r\nauthorization: {scheme} {token}"));
        assert_eq!(answer.status(), 200, "{scheme}");
        assert_eq!(upstream.last().field("authorization"), Some(&*format!("{scheme} {token}")));
    }
    assert_eq!(jwks.asked(), 1);
    assert_eq!(jwks.upstream.last().target(), "/keys");
    let log = gateway.stdout.all().join("\n") + &gateway.stderr.all().join("\n");
    assert!(!log.contains(&token) && !log.contains("Bearer"), "{log}");
}

#[test]
fn every_family_of_algorithms_is_taken_where_it_is_listed() {
    let (upstream, signers) = (Upstream::ok(), [Signer::ed("ed"), Signer::es("es"), Signer::rs("rs")]);
    let jwks = Jwks::of(&signers.each_ref());
    let gateway = start(&jwks, &upstream, "");
    for signer in &signers {
        assert_eq!(ask(&gateway, "/", &signer.token(&json!({}))).0, 200, "{}", signer.algorithm());
    }
    let gateway = start(&jwks, &upstream, "algorithms = ['ES256']");
    for signer in &signers {
        let expected = if signer.algorithm() == "ES256" { "" } else { "token_algorithm" };
        assert_eq!(ask(&gateway, "/", &signer.token(&json!({}))).1, expected, "{}", signer.algorithm());
    }
}

#[test]
fn scopes_are_all_needed() {
    let (upstream, own) = (Upstream::ok(), Signer::ed("1"));
    let jwks = Jwks::of(&[&own]);
    let gateway = start(&jwks, &upstream, "");
    let scoped = |scope: serde_json::Value| own.token(&json!({ "scope": scope }));
    assert_eq!(ask(&gateway, "/admin", &scoped(json!("read write admin"))).0, 200);
    assert_eq!(ask(&gateway, "/admin", &scoped(json!(["admin", "write"]))).0, 200);
    let lacks = |scope: &str| {
        let challenge = format!("Bearer realm=\"gateway\", error=\"insufficient_scope\", scope=\"{scope}\"");
        (403, String::from("scope_missing"), Some(challenge))
    };
    assert_eq!(ask(&gateway, "/admin", &scoped(json!("administrator write"))), lacks("admin"));
    assert_eq!(ask(&gateway, "/admin", &scoped(json!("admin"))), lacks("write"));
    assert_eq!(ask(&gateway, "/admin", &own.token(&json!({}))), lacks("admin"));
    assert_eq!(gateway.get("/admin").status(), 401);
}

#[test]
fn auth_is_required_optional_or_none() {
    let (upstream, own) = (Upstream::ok(), Signer::ed("1"));
    let jwks = Jwks::of(&[&own]);
    let gateway = start(&jwks, &upstream, "");
    for (target, without, with_bad) in [("/", 401, 401), ("/maybe", 200, 401), ("/open", 200, 200)] {
        assert_eq!(gateway.get(target).status(), without, "{target}");
        assert_eq!(ask(&gateway, target, "bad").0, with_bad, "{target}");
        assert_eq!(ask(&gateway, target, &own.token(&json!({}))).0, 200, "{target}");
    }
    assert_eq!(gateway.get("/health").status(), 200, "the gateway's own page asks nobody");
}

#[test]
fn two_authorizations_are_no_request() {
    let (upstream, own) = (Upstream::ok(), Signer::ed("1"));
    let jwks = Jwks::of(&[&own]);
    let gateway = start(&jwks, &upstream, "");
    let token = own.token(&json!({}));
    for second in [format!("Bearer {token}"), String::from("Basic x")] {
        let lines = format!("GET / HTTP/1.1\r\nauthorization: Bearer {token}\r\nAuthorization: {second}");
        let answer = gateway.ask(&lines);
        assert_eq!((answer.status(), answer.json()["code"].as_str()), (400, Some("bad_request")));
    }
    assert_eq!(upstream.requests().len(), 0);
}

#[test]
fn a_tokens_issuer_picks_the_block() {
    let (upstream, ours, theirs) =
        (Upstream::ok(), Signer::ed("1"), Signer::secret(b"thirty-two-bytes-that-are-shared"));
    let jwks = Jwks::of(&[&ours]);
    let second = "[[jwt]]\nissuer = 'them'\naudience = 'web'\nsecret = 'thirty-two-bytes-that-are-shared'\n";
    let gateway = start(&jwks, &upstream, second);
    let of_them = json!({ "iss": "them", "aud": "web" });
    assert_eq!(ask(&gateway, "/", &ours.token(&json!({}))).0, 200);
    assert_eq!(ask(&gateway, "/", &theirs.token(&of_them)).0, 200);
    assert_eq!(ask(&gateway, "/", &theirs.token(&json!({ "iss": "them" }))).1, "token_audience");
    assert_eq!(ask(&gateway, "/", &ours.token(&of_them)).1, "token_algorithm");
    assert_eq!(ask(&gateway, "/", &theirs.token(&json!({}))).1, "token_algorithm");
    let config = gateway.admin("/config").text();
    assert!(config.contains("\"secret\": \"***\"") && !config.contains("thirty-two"), "{config}");
}

#[test]
fn a_verified_token_is_good_until_it_expires() {
    let (upstream, own) = (Upstream::ok(), Signer::ed("1"));
    let jwks = Jwks::of(&[&own]);
    let gateway = start(&jwks, &upstream, "leeway = '0s'");
    let token = own.token(&json!({ "exp": from_now(1.5) }));
    let mut client = gateway.connect();
    let lines = format!("GET / HTTP/1.1\r\nauthorization: Bearer {token}");
    assert_eq!(client.ask(&lines).status(), 200);
    let last = e2e::eventually("the token expires", || {
        let answer = client.ask(&lines);
        (answer.status() != 200).then_some(answer)
    });
    assert_eq!(last.json()["code"], "token_expired");
}
