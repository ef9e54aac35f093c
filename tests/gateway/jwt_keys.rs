//! SPEC §3 "JWT keys", CASES 26: what becomes of traffic while keys come, change and stay away.
use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    sync::Arc,
    thread,
};

use e2e::{Gateway, Jwks, Run, Signer, Upstream, eventually, ok, service, with_body};
use serde_json::json;

fn start(jwks: &Jwks, upstream: &Upstream) -> Gateway {
    start_without_keys(jwks, upstream).with_keys()
}

fn start_without_keys(jwks: &Jwks, upstream: &Upstream) -> Gateway {
    Gateway::start(&format!("{}{}", jwks.block(""), service("app", &[upstream], "")))
}

/// Status and code of a request with this token.
fn ask(gateway: &Gateway, token: &str) -> (u16, String) {
    let answer = gateway.ask(&format!("GET / HTTP/1.1\r\nauthorization: Bearer {token}"));
    let code = if answer.status() == 200 { String::new() } else { answer.json()["code"].as_str().unwrap().to_owned() };
    (answer.status(), code)
}

fn passes() -> (u16, String) {
    (200, String::new())
}

fn unknown() -> (u16, String) {
    (401, String::from("token_key_unknown"))
}

#[test]
fn without_keys_nobody_passes_until_there_are_some() {
    for bad in [with_body("500 x", b"{}"), with_body("200 OK", b"<html>"), with_body("200 OK", br#"{"keys":[]}"#)] {
        let (upstream, own) = (Upstream::ok(), Signer::ed("1"));
        let jwks = Jwks::of(&[&own]);
        jwks.answer(&bad);
        let gateway = start_without_keys(&jwks, &upstream);
        let token = own.token(&json!({}));
        assert_eq!(ask(&gateway, &token), (503, "keys_unavailable".into()));
        let answer = gateway.ask(&format!("GET / HTTP/1.1\r\nauthorization: Bearer {token}"));
        assert!(answer.field("retry-after").is_some(), "{answer:?}");
        assert_eq!(ask(&gateway, "a.b.c").0, 401, "what is no token needs no key");
        assert_eq!(upstream.requests().len(), 0);
        jwks.serve(&[&own]);
        eventually("keys are fetched again", || (ask(&gateway, &token) == passes()).then_some(()));
    }
}

#[test]
fn traffic_waits_for_the_first_keys() {
    let (upstream, own) = (Upstream::ok(), Signer::ed("1"));
    let jwks = Jwks::of(&[&own]);
    jwks.answer(&with_body("500 x", b""));
    let gateway = start_without_keys(&jwks, &upstream);
    eventually("the keys are asked for", || (jwks.asked() > 0).then_some(()));
    jwks.serve(&[&own]);
    assert_eq!(ask(&gateway, &own.token(&json!({}))), passes(), "the second try comes after a second");
}

#[test]
fn an_issuer_that_is_away_is_not_needed() {
    let (upstream, own) = (Upstream::ok(), Signer::ed("1"));
    let jwks = Jwks::of(&[&own]);
    let gateway = start(&jwks, &upstream);
    assert_eq!(ask(&gateway, &own.token(&json!({}))), passes());
    jwks.answer(&with_body("200 OK", b"<html>"));
    assert_eq!(ask(&gateway, &Signer::ed("2").token(&json!({}))), unknown());
    eventually("the gateway asked and got nothing", || (jwks.asked() == 2).then_some(()));
    for at in 0..10 {
        assert_eq!(ask(&gateway, &own.token(&json!({ "n": at }))), passes(), "the keys are kept");
    }
}

#[test]
fn an_issuer_that_hangs_holds_nobody_but_who_needs_it() {
    let (upstream, own) = (Upstream::ok(), Signer::ed("1"));
    let keys = with_body("200 OK", json!({ "keys": [own.jwk()] }).to_string().as_bytes());
    let issuer = Upstream::scripted(move |conn| {
        while conn.receive().is_some() {
            if conn.index > 0 {
                conn.wait_end();
                return;
            }
            conn.send(&keys);
        }
    });
    let block = format!("[[jwt]]\nissuer = 'us'\naudience = 'api'\njwks.url = '{}/keys'\n", issuer.url());
    let gateway = Gateway::start(&format!("{block}{}", service("app", &[&upstream], ""))).with_keys();
    assert_eq!(ask(&gateway, &own.token(&json!({}))), passes());
    thread::scope(|scope| {
        let waiting = scope.spawn(|| ask(&gateway, &Signer::ed("2").token(&json!({}))));
        eventually("the issuer is asked", || (issuer.requests().len() == 2).then_some(()));
        assert_eq!(ask(&gateway, &own.token(&json!({ "n": 1 }))), passes());
        assert!(!waiting.is_finished(), "who needs the key waits for a moment");
        assert_eq!(waiting.join().unwrap(), unknown());
    });
}

#[test]
fn a_rotation_is_seen_at_once_and_drops_what_the_old_key_vouched_for() {
    let (upstream, old, new) = (Upstream::ok(), Signer::ed("1"), Signer::ed("2"));
    let jwks = Jwks::of(&[&old]);
    let gateway = start(&jwks, &upstream);
    let (by_old, by_new) = (old.token(&json!({})), new.token(&json!({})));
    for _ in 0..3 {
        assert_eq!(ask(&gateway, &by_old), passes(), "remembered from the second time on");
    }
    jwks.serve(&[&new]);
    assert_eq!(ask(&gateway, &by_new), passes(), "the key that it names is fetched while it waits");
    assert_eq!(ask(&gateway, &by_old), unknown());
    assert_eq!(jwks.asked(), 2);
}

#[test]
fn keys_that_overlap_are_both_good() {
    let (upstream, old, new) = (Upstream::ok(), Signer::ed("1"), Signer::ed("2"));
    let jwks = Jwks::of(&[&old]);
    let gateway = start(&jwks, &upstream);
    assert_eq!(ask(&gateway, &old.token(&json!({}))), passes());
    jwks.serve(&[&old, &new]);
    assert_eq!(ask(&gateway, &new.token(&json!({}))), passes());
    assert_eq!(ask(&gateway, &old.token(&json!({}))), passes());
}

#[test]
fn a_storm_of_unknown_keys_asks_once() {
    let (upstream, own) = (Upstream::ok(), Signer::ed("1"));
    let jwks = Jwks::of(&[&own]);
    let gateway = start(&jwks, &upstream);
    assert_eq!(ask(&gateway, &own.token(&json!({}))), passes());
    let stranger = Signer::ed("x");
    thread::scope(|scope| {
        for worker in 0..8 {
            let (gateway, stranger) = (&gateway, &stranger);
            scope.spawn(move || {
                let mut client = gateway.connect();
                for at in 0..50 {
                    let header = json!({ "alg": "EdDSA", "kid": format!("{worker}-{at}") }).to_string();
                    let token = stranger.sign_text(&header, r#"{"iss":"us","aud":"api","exp":9999999999}"#);
                    let answer = client.ask(&format!("GET / HTTP/1.1\r\nauthorization: Bearer {token}"));
                    assert_eq!(answer.json()["code"], "token_key_unknown");
                }
            });
        }
    });
    assert_eq!(jwks.asked(), 2, "the first time, and once for all of them");
    assert_eq!(upstream.requests().len(), 1);
}

#[test]
fn a_token_without_kid_is_tried_with_the_keys_that_fit() {
    let (upstream, one, two, es) = (Upstream::ok(), Signer::ed("1"), Signer::ed("2"), Signer::es("3"));
    let jwks = Jwks::of(&[&one, &es, &two]);
    let gateway = start(&jwks, &upstream);
    let claims = r#"{"iss":"us","aud":"api","exp":9999999999}"#;
    for signer in [&one, &two, &es] {
        let header = json!({ "alg": signer.algorithm() }).to_string();
        assert_eq!(ask(&gateway, &signer.sign_text(&header, claims)), passes());
    }
    let stranger = Signer::ed("1").sign_text(r#"{"alg":"EdDSA"}"#, claims);
    assert_eq!(ask(&gateway, &stranger), (401, "token_signature".into()));
}

#[test]
fn a_service_of_the_file_has_the_keys() {
    let own = Signer::ed("1");
    let keys = with_body("200 OK", json!({ "keys": [own.jwk()] }).to_string().as_bytes());
    let upstream = Upstream::answering(move |request| match request.target() {
        "/.well-known/jwks.json" => keys.clone(),
        _ => ok(),
    });
    let away = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let file = format!(
        "[[jwt]]\nissuer = 'us'\naudience = 'api'\njwks = {{ service = 'app' }}\n\
         [services.app]\nupstreams = ['http://{away}', '{}']\nroutes = ['/']\n",
        upstream.url()
    );
    let gateway = Gateway::start(&file);
    let token = own.token(&json!({}));
    eventually("the upstream that is there is asked", || (ask(&gateway, &token) == passes()).then_some(()));
}

#[test]
fn a_file_has_the_keys() {
    let (upstream, own) = (Upstream::ok(), Signer::ed("1"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    let file =
        format!("[[jwt]]\nissuer = 'us'\naudience = 'api'\njwks.file = {path:?}\n{}", service("app", &[&upstream], ""));
    fs::write(&path, "{}").unwrap();
    let (config, _) = e2e::write_file(&file);
    let refused = Run::of(config.path(), &["check"]);
    assert!(refused.stderr.contains("no_keys"), "{}", refused.stderr);
    fs::write(&path, json!({ "keys": [own.jwk()] }).to_string()).unwrap();
    let gateway = Gateway::start(&file);
    assert_eq!(ask(&gateway, &own.token(&json!({}))), passes());
    let next = Signer::ed("2");
    fs::write(&path, json!({ "keys": [next.jwk()] }).to_string()).unwrap();
    assert_eq!(ask(&gateway, &next.token(&json!({}))), passes(), "it is read again for a key that is not known");
}

/// Answers one connection after the other by TLS, with a certificate for `localhost` that it made itself; the port, and the
/// certificate.
fn tls_server(answer: Vec<u8>) -> (u16, String) {
    let certified = rcgen::generate_simple_self_signed([String::from("localhost")]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let chain = vec![certified.cert.der().clone()];
    let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, stream.unwrap());
            // A client that does not trust us breaks off here, which is what one of the tests is about.
            if stream.read(&mut [0; 4096]).is_ok_and(|read| read > 0) {
                let _ = stream.write_all(&answer).and_then(|()| stream.flush());
            }
        }
    });
    (port, certified.cert.pem())
}

#[test]
fn a_url_of_https_has_the_keys_where_its_certificate_is_trusted() {
    let (upstream, own) = (Upstream::ok(), Signer::ed("1"));
    let keys = json!({ "keys": [own.jwk()] }).to_string();
    let (port, certificate) = tls_server(with_body("200 OK", keys.as_bytes()));
    let (_, stranger) = tls_server(Vec::new());
    let folder = tempfile::tempdir().unwrap();
    let start = |host: &str, trusted: &str| {
        let path = folder.path().join("roots.pem");
        fs::write(&path, trusted).unwrap();
        let block = format!("[[jwt]]\nissuer = 'us'\naudience = 'api'\njwks.url = 'https://{host}:{port}/keys'\n");
        let file = format!("{block}{}", service("app", &[&upstream], ""));
        Gateway::with_env(&file, "SSL_CERT_FILE", path.to_str().unwrap())
    };
    let token = own.token(&json!({}));
    assert_eq!(ask(&start("localhost", &certificate).with_keys(), &token), passes());
    assert_eq!(ask(&start("localhost", &stranger), &token), (503, "keys_unavailable".into()));
    assert_eq!(ask(&start("127.0.0.1", &certificate), &token), (503, "keys_unavailable".into()));
}
