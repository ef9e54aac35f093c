//! Upstreams over TLS: whom the gateway trusts, and who it is to them.
use std::{fs, sync::Mutex};

use e2e::{Authority, Gateway, Message, Shown, Upstream, eventually, ok, server, server_of, with_body};
use rustls::{
    HandshakeKind,
    version::{TLS12, TLS13},
};

/// A gateway before an upstream of this port that is trusted by `tls`.
fn before(upstream: &Upstream, host: &str, keys: &str) -> Gateway {
    let url = format!("https://{host}:{}", upstream.address.port());
    Gateway::start(&format!("[services.app]\nupstreams = ['{url}']\nroutes = ['/']\n{keys}\n"))
}

fn trusting(authority: &Authority, more: &str) -> String {
    format!("tls = {{ ca = '{}'{more} }}", authority.file().display())
}

#[track_caller]
fn refused(gateway: &Gateway, answer: &Message, reason: &str) {
    assert_eq!((answer.status(), answer.json()["code"].as_str()), (502, Some("upstream_tls")), "{}", answer.text());
    assert!(!answer.text().contains(reason), "an upstream's inside in {}", answer.text());
    gateway
        .stderr
        .find(reason, |line| (line.contains("no TLS with an upstream") && line.contains(reason)).then_some(()));
}

#[test]
fn an_upstream_with_a_good_certificate_is_asked_over_one_connection() {
    let authority = Authority::new();
    let config = server(&authority.issue(&["localhost"]), None);
    let upstream = Upstream::tls(config, |request| with_body("200 OK", &request.body));
    let gateway = before(&upstream, "localhost", &trusting(&authority, ""));
    let body: Vec<u8> = (0..3_000_000u32).map(|n| n.to_le_bytes()[n as usize % 3]).collect();
    let mut client = gateway.connect();
    for _ in 0..3 {
        assert!(client.post("/", &body).body == body, "what came back is not what was sent");
    }
    assert_eq!(upstream.connections(), 1);
    assert_eq!(upstream.last().field("x-forwarded-proto"), Some("http"));
}

#[test]
fn a_certificate_must_have_the_name_and_be_vouched_for() {
    let (authority, strangers) = (Authority::new(), Authority::new());
    let upstream = Upstream::tls(server(&authority.issue(&["user.internal"]), None), |_| ok());
    // CASE 32: another name, another authority, none at all.
    let wrong = before(&upstream, "localhost", &trusting(&authority, ""));
    refused(&wrong, &wrong.get("/"), "not valid for name");
    let unknown = before(&upstream, "localhost", &trusting(&strangers, ", server_name = 'user.internal'"));
    refused(&unknown, &unknown.get("/"), "invalid peer certificate");
    let system = before(&upstream, "localhost", "tls = { server_name = 'user.internal' }");
    refused(&system, &system.get("/"), "invalid peer certificate");
    assert!(upstream.requests().is_empty());

    let named = before(&upstream, "127.0.0.1", &trusting(&authority, ", server_name = 'user.internal'"));
    assert_eq!(named.get("/").status(), 200);
}

#[test]
fn an_expired_certificate_and_no_tls_at_all_are_502() {
    let authority = Authority::new();
    let expired = authority.issue_as(&["localhost"], |params| params.not_after = rcgen::date_time_ymd(2020, 1, 1));
    let upstream = Upstream::tls(server(&expired, None), |_| ok());
    let gateway = before(&upstream, "localhost", &trusting(&authority, ""));
    refused(&gateway, &gateway.get("/"), "expired");
    let plain = Upstream::scripted(|conn| {
        conn.send("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
    });
    let gateway = before(&plain, "localhost", &trusting(&authority, ""));
    refused(&gateway, &gateway.get("/"), "corrupt message");
}

#[test]
fn an_upstream_that_asks_is_shown_the_certificate() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let own: Shown = clients.issue(&["gateway"]);
    let upstream = Upstream::tls(server(&authority.issue(&["localhost"]), Some(&clients)), |_| ok());
    let pair = format!(", cert = '{}', key = '{}'", own.cert.display(), own.key.display());
    assert_eq!(before(&upstream, "localhost", &trusting(&authority, &pair)).get("/").status(), 200);
}

/// With TLS 1.3 an upstream refuses the gateway's certificate only after the handshake, as the client of it sees that.
#[test]
fn an_upstream_that_refuses_the_certificate_is_502() {
    let (authority, clients, strangers) = (Authority::new(), Authority::new(), Authority::new());
    let stranger = strangers.issue(&["gateway"]);
    let pair = format!(", cert = '{}', key = '{}'", stranger.cert.display(), stranger.key.display());
    for version in [&TLS12, &TLS13] {
        let upstream = Upstream::tls(server_of(&[version], &authority.issue(&["localhost"]), Some(&clients)), |_| ok());
        for keys in ["", &pair] {
            let gateway = before(&upstream, "localhost", &trusting(&authority, keys));
            // Which of the two it says depends on what is wrong with the certificate.
            refused(&gateway, &gateway.get("/"), "received fatal alert");
        }
        assert!(upstream.requests().is_empty());
    }
}

#[test]
fn sessions_are_resumed() {
    let authority = Authority::new();
    let config = server(&authority.issue(&["localhost"]), None);
    let kinds: &'static Mutex<Vec<HandshakeKind>> = Box::leak(Box::default());
    let upstream = Upstream::scripted(move |conn| {
        assert!(conn.accept_tls(&config));
        kinds.lock().unwrap().push(conn.session().handshake_kind().unwrap());
        conn.receive();
        conn.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    });
    let gateway = before(&upstream, "localhost", &trusting(&authority, ""));
    assert_eq!((gateway.get("/").status(), gateway.get("/").status()), (200, 200));
    assert_eq!(*kinds.lock().unwrap(), [HandshakeKind::Full, HandshakeKind::Resumed]);
}

#[test]
fn probes_and_keys_are_asked_for_by_the_same_rules() {
    let authority = Authority::new();
    let config = server(&authority.issue(&["localhost"]), None);
    let upstream = Upstream::tls(config, |request| match request.target() {
        "/jwks" => with_body(
            "200 OK",
            br#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#,
        ),
        _ => ok(),
    });
    let jwt = "[[jwt]]\nissuer = 'a'\njwks = { service = 'app', path = '/jwks' }\n";
    let url = format!("https://localhost:{}", upstream.address.port());
    let keys = format!("health = '/up'\nauth = 'none'\n{}", trusting(&authority, ""));
    let gateway =
        Gateway::start(&format!("{jwt}[services.app]\nupstreams = ['{url}']\nroutes = ['/']\n{keys}\n")).with_keys();
    assert_eq!(gateway.get("/").status(), 200);
    assert_eq!(gateway.get("/health").json()["services"]["app"], "healthy");
    let strangers = Authority::new();
    let keys = format!("health = '/up'\n{}", trusting(&strangers, ""));
    let gateway = before(&upstream, "localhost", &keys);
    eventually("the probe fails, and says why", || {
        gateway.get("/health?verbose").text().contains("invalid peer certificate").then_some(())
    });
}

#[test]
fn an_upstream_without_good_tls_is_shut_out() {
    let (authority, strangers) = (Authority::new(), Authority::new());
    let upstream = Upstream::tls(server(&authority.issue(&["localhost"]), None), |_| ok());
    let gateway = before(&upstream, "localhost", &trusting(&strangers, ""));
    let codes: Vec<_> = (0..6).map(|_| gateway.get("/").json()["code"].clone()).collect();
    assert_eq!(codes[..5], ["upstream_tls"; 5]);
    assert_eq!(codes[5], "circuit_open");
}

#[test]
fn an_upstream_is_trusted_by_what_is_trusted_now() {
    let (authority, strangers) = (Authority::new(), Authority::new());
    let upstream = Upstream::tls(server(&authority.issue(&["localhost"]), None), |_| ok());
    let toml = |keys: &str| {
        let url = format!("https://localhost:{}", upstream.address.port());
        format!("[services.app]\nupstreams = ['{url}']\nroutes = ['/']\ncircuit_breaker = false\n{keys}\n")
    };
    let good = toml(&trusting(&authority, ""));
    let gateway = Gateway::start(&good);
    let mut client = gateway.connect();
    assert_eq!(client.get("/").status(), 200);
    // Another name that the certificate has to have: the pooled connection was made under the old one.
    gateway.reload(&toml(&trusting(&authority, ", server_name = 'other.internal'")), "applied");
    refused(&gateway, &client.get("/"), "not valid for name");
    gateway.reload(&good, "applied");
    assert_eq!(client.get("/").status(), 200);
    // The same file, with another authority in it.
    fs::copy(strangers.file(), authority.file()).unwrap();
    gateway.wait_metric("gateway_reloads_total{result=\"applied\"}", 3.0);
    refused(&gateway, &client.get("/"), "invalid peer certificate");
    gateway.stderr.find("what has changed", |line| line.contains("service app: tls changed").then_some(()));
}
