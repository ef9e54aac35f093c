//! HTTPS: who the gateway is, whom it lets in, and how connections begin and end.
use std::{net::SocketAddr, sync::Arc};

use e2e::{Authority, Client, End, Gateway, Run, Shown, Upstream, client, eventually, service, with_body, write_file};
use rustls::{
    ClientConfig, HandshakeKind,
    version::{TLS12, TLS13},
};

/// A gateway before `upstream` with these certificates, and more keys of the server.
fn gateway(certificates: &[&Shown], keys: &str, upstream: &Upstream) -> Gateway {
    let list: Vec<String> = certificates.iter().map(|one| one.toml()).collect();
    let tls = format!("server.tls.listen = '127.0.0.1:0'\nserver.tls.certificates = [{}]\n", list.join(", "));
    Gateway::start(&format!("{tls}{keys}\n{}", service("app", &[upstream], "")))
}

fn https(gateway: &Gateway) -> SocketAddr {
    gateway.https.expect("it has an HTTPS listener")
}

fn connect(gateway: &Gateway, tls: &Arc<ClientConfig>, name: &'static str) -> Client {
    Client::tls(https(gateway), tls, name).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn a_client_gets_the_certificate_of_the_name_it_asks_for() {
    let (authority, upstream) = (Authority::new(), Upstream::ok());
    let first = authority.issue(&["first.test", "127.0.0.1"]);
    let second = authority.issue(&["second.test"]);
    let wildcard = authority.issue(&["*.wild.test"]);
    let whole = authority.issue(&["whole.wild.test"]);
    let gateway = gateway(&[&first, &second, &wildcard, &whole], "", &upstream);
    let tls = client(&authority, None, &[]);
    for (name, expected) in [
        ("first.test", &first),
        ("second.test", &second),
        ("SECOND.test", &second),
        ("a.wild.test", &wildcard),
        ("whole.wild.test", &whole),
        // An address is never told in SNI.
        ("127.0.0.1", &first),
    ] {
        let mut client = connect(&gateway, &tls, name);
        assert!(expected.is(client.session()), "{name}");
        assert_eq!(client.get("/").status(), 200, "{name}");
    }
    // The first certificate is not for these, which only the client can tell.
    for name in ["a.b.wild.test", "unknown.test", "wild.test"] {
        let error = Client::tls(https(&gateway), &tls, name).unwrap_err();
        assert!(error.to_string().contains("certificate not valid for name"), "{name}: {error}");
    }
}

#[test]
fn both_versions_are_spoken_and_the_upstream_is_told_https() {
    let (authority, upstream) = (Authority::new(), Upstream::ok());
    let gateway = gateway(&[&authority.issue(&["a.test"])], "", &upstream);
    for (version, expected) in [(&TLS12, "TLSv1_2"), (&TLS13, "TLSv1_3")] {
        let mut config = Arc::unwrap_or_clone(client(&authority, None, &[version]));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let mut client = connect(&gateway, &Arc::new(config), "a.test");
        assert_eq!(format!("{:?}", client.session().protocol_version().unwrap()), expected);
        assert_eq!(client.session().alpn_protocol(), Some(&b"http/1.1"[..]));
        // The connection is kept.
        for _ in 0..3 {
            assert_eq!(client.get("/").status(), 200);
        }
        assert_eq!(upstream.last().field("x-forwarded-proto"), Some("https"));
        assert_eq!(upstream.last().field("forwarded"), Some("for=127.0.0.1;host=\"test\";proto=https"));
    }
    gateway.wait_metric("gateway_tls_handshakes_total{result=\"full\"}", 2.0);
    gateway.wait_metric("gateway_connections", 0.0);
}

#[test]
fn a_session_is_resumed_on_whichever_worker_it_comes_to() {
    let (authority, upstream) = (Authority::new(), Upstream::ok());
    let gateway = gateway(&[&authority.issue(&["a.test"])], "server.workers = 4", &upstream);
    for version in [&TLS12, &TLS13] {
        let tls = client(&authority, None, &[version]);
        let mut first = connect(&gateway, &tls, "a.test");
        assert_eq!(first.session().handshake_kind(), Some(HandshakeKind::Full));
        // Tickets come with what follows the handshake.
        first.get("/");
        for _ in 0..16 {
            let mut again = connect(&gateway, &tls, "a.test");
            assert_eq!(again.session().handshake_kind(), Some(HandshakeKind::Resumed));
            again.get("/");
        }
    }
    gateway.wait_metric("gateway_tls_handshakes_total{result=\"resumed\"}", 32.0);
}

#[test]
fn with_client_ca_nobody_comes_in_without_its_certificate() {
    let (authority, clients, strangers, upstream) =
        (Authority::new(), Authority::new(), Authority::new(), Upstream::ok());
    let keys = format!("server.tls.client_ca = '{}'", clients.file().display());
    let (first, second) = (authority.issue(&["a.test", "127.0.0.1"]), authority.issue(&["b.test"]));
    let gateway = gateway(&[&first, &second], &keys, &upstream);
    let own = clients.issue(&["client"]);
    let mut known = connect(&gateway, &client(&authority, Some(&own), &[]), "a.test");
    assert_eq!(known.ask("GET / HTTP/1.1\r\nhost: a.test").status(), 200);
    assert_eq!(known.ask("GET / HTTP/1.1\r\nhost: A.test:8443").status(), 200);
    // This connection is for the names of its certificate alone.
    for host in ["b.test", "unknown.test", "[::1]"] {
        let answer = known.ask(&format!("GET / HTTP/1.1\r\nhost: {host}"));
        assert_eq!((answer.status(), answer.json()["code"].as_str()), (421, Some("misdirected_request")), "{host}");
    }
    let mut nameless = connect(&gateway, &client(&authority, Some(&own), &[]), "127.0.0.1");
    assert_eq!(nameless.ask("GET / HTTP/1.1\r\nhost: 127.0.0.1").status(), 200);

    for (own, reason) in [(None, "no_certificate"), (Some(strangers.issue(&["client"])), "bad_certificate")] {
        // With TLS 1.2 the refusal is a part of the handshake.
        let refused = Client::tls(https(&gateway), &client(&authority, own.as_ref(), &[&TLS12]), "a.test");
        assert!(refused.is_err());
        gateway.wait_metric(&format!("gateway_tls_handshakes_total{{result=\"{reason}\"}}"), 1.0);
    }
    assert_eq!(upstream.requests().len(), 3);
}

#[test]
fn without_client_ca_a_host_may_be_any() {
    let (authority, upstream) = (Authority::new(), Upstream::ok());
    let gateway = gateway(&[&authority.issue(&["a.test"])], "", &upstream);
    let mut client = connect(&gateway, &client(&authority, None, &[]), "a.test");
    assert_eq!(client.ask("GET / HTTP/1.1\r\nhost: other.test").status(), 200);
}

#[test]
fn cleartext_requests_are_sent_to_https() {
    let (authority, upstream) = (Authority::new(), Upstream::ok());
    let gateway = gateway(&[&authority.issue(&["a.test"])], "server.tls.redirect_http = true", &upstream);
    let port = https(&gateway).port();
    let mut client = gateway.connect();
    for (lines, expected) in [
        ("GET /a/%20b?x=1&y= HTTP/1.1\r\nhost: a.test:8000", format!("https://a.test:{port}/a/%20b?x=1&y=")),
        ("DELETE / HTTP/1.1\r\nhost: [::1]", format!("https://[::1]:{port}/")),
    ] {
        let answer = client.ask(lines);
        assert_eq!((answer.status(), answer.field("location")), (308, Some(expected.as_str())));
    }
    // Who names no host can't be sent anywhere.
    let mut nameless = gateway.connect();
    nameless.send("GET / HTTP/1.0\r\n\r\n");
    assert_eq!(nameless.answer_to("GET").unwrap().json()["code"], "host_invalid");
    // Whoever watches the gateway itself follows no redirect.
    assert_eq!(client.get("/health").status(), 200);
    assert!(upstream.requests().is_empty());
    let mut secure = connect(&gateway, &e2e::client(&authority, None, &[]), "a.test");
    assert_eq!(secure.get("/").status(), 200);
}

#[test]
fn large_bodies_pass_both_ways() {
    let (authority, upstream) = (Authority::new(), Upstream::answering(|request| with_body("200 OK", &request.body)));
    let gateway = gateway(&[&authority.issue(&["a.test"])], "", &upstream);
    let mut client = connect(&gateway, &client(&authority, None, &[]), "a.test");
    let body: Vec<u8> = (0..5_000_000u32).map(|n| n.to_le_bytes()[n as usize % 3]).collect();
    for _ in 0..2 {
        assert!(client.post("/", &body).body == body, "what came back is not what was sent");
    }
}

#[test]
fn an_answer_that_breaks_off_does_not_look_whole() {
    let (authority, upstream) = (
        Authority::new(),
        Upstream::scripted(|conn| {
            conn.receive();
            conn.send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart");
        }),
    );
    let gateway = gateway(&[&authority.issue(&["a.test"])], "", &upstream);
    let tls = client(&authority, None, &[]);
    // An HTTP/1.0 client reads to the end of the connection: only its kind of end tells.
    let mut old = connect(&gateway, &tls, "a.test");
    old.send("GET / HTTP/1.0\r\n\r\n");
    assert_eq!(old.to_end().1, End::Reset);
}

#[test]
fn a_connection_that_ends_in_order_says_so() {
    let (authority, upstream) = (Authority::new(), Upstream::ok());
    let gateway = gateway(&[&authority.issue(&["a.test"])], "server.timeouts.idle = '1s'", &upstream);
    let tls = client(&authority, None, &[]);
    let mut closing = connect(&gateway, &tls, "a.test");
    closing.send_request("GET / HTTP/1.1\r\nconnection: close");
    assert_eq!(closing.to_end().1, End::Closed);
    let mut idle = connect(&gateway, &tls, "a.test");
    idle.get("/");
    assert_eq!(idle.to_end(), (Vec::new(), End::Closed));
}

#[test]
fn a_client_that_leaves_cancels_its_request_with_or_without_a_word() {
    let (authority, upstream) = (
        Authority::new(),
        Upstream::scripted(|conn| {
            conn.receive();
            conn.wait_end();
        }),
    );
    let gateway = gateway(&[&authority.issue(&["a.test"])], "", &upstream);
    let tls = client(&authority, None, &[]);
    for says_so in [true, false] {
        let mut leaving = connect(&gateway, &tls, "a.test");
        leaving.send_request(if says_so { "GET /said HTTP/1.1" } else { "GET /unsaid HTTP/1.1" });
        eventually("the request arrives", || upstream.requests().get(usize::from(!says_so)).cloned());
        if says_so {
            leaving.close_notify();
        } else {
            leaving.finish();
        }
        upstream.wait_ended(1 + usize::from(!says_so));
        let line = gateway.logged(if says_so { "/said" } else { "/unsaid" });
        assert_eq!(line["code"], "client_closed");
    }
}

#[test]
fn a_handshake_that_does_not_go_on_ends_in_time() {
    let (authority, upstream) = (Authority::new(), Upstream::ok());
    let gateway = gateway(&[&authority.issue(&["a.test"])], "server.timeouts.header = '300ms'", &upstream);
    let mut silent = Client::connect(https(&gateway));
    let mut slow = Client::connect(https(&gateway));
    slow.send([22, 3, 1, 0, 200, 1]);
    assert_eq!((silent.to_end().0.len(), slow.to_end().0.len()), (0, 0));
    gateway.wait_metric("gateway_tls_handshakes_total{result=\"timeout\"}", 2.0);
    // The time runs from the accept on: a request that follows its handshake too late is too late.
    let mut late = connect(&gateway, &client(&authority, None, &[]), "a.test");
    late.send("GET / HT");
    let (answer, end) = late.to_end();
    assert!(answer.starts_with(b"HTTP/1.1 408 "), "{}", answer.escape_ascii());
    assert_eq!(end, End::Closed);
}

#[test]
fn each_port_tells_the_wrong_protocol_from_the_right() {
    let (authority, upstream) = (Authority::new(), Upstream::ok());
    let gateway = gateway(&[&authority.issue(&["a.test"])], "", &upstream);
    let mut plain = Client::connect(https(&gateway));
    let answer = plain.get("/");
    assert_eq!((answer.status(), answer.json()["code"].as_str()), (400, Some("bad_request")));
    assert!(answer.text().contains("https://"), "{}", answer.text());
    assert_eq!(plain.to_end().1, End::Closed);
    gateway.wait_metric("gateway_tls_handshakes_total{result=\"not_tls\"}", 1.0);

    let error = Client::tls(gateway.address, &client(&authority, None, &[]), "a.test").unwrap_err();
    assert!(error.to_string().contains("corrupt message"), "{error}");
    // A client that speaks only what is no longer safe: a hello of TLS 1.1 by its bytes.
    let mut old = Client::connect(https(&gateway));
    let mut hello = vec![22, 3, 1, 0, 47, 1, 0, 0, 43, 3, 2];
    hello.extend([7; 32]);
    hello.extend([0, 0, 4, 0, 47, 0, 53, 1, 0]);
    old.send(hello);
    let (alert, _) = old.to_end();
    assert_eq!(alert.first(), Some(&21), "{alert:?}");
}

#[test]
fn a_thousand_handshakes_leave_nothing_open() {
    let (authority, upstream) = (Authority::new(), Upstream::ok());
    let gateway = gateway(&[&authority.issue(&["a.test"])], "", &upstream);
    let tls = client(&authority, None, &[]);
    connect(&gateway, &tls, "a.test").get("/");
    gateway.wait_metric("gateway_connections", 0.0);
    let open = || std::fs::read_dir(format!("/proc/{}/fd", gateway.id())).unwrap().count();
    let before = open();
    for round in 0..1000 {
        let mut client = connect(&gateway, &tls, "a.test");
        match round % 3 {
            0 => drop(client),
            1 => client.close_notify(),
            _ => drop(client.get("/")),
        }
    }
    gateway.wait_metric("gateway_connections", 0.0);
    eventually("every descriptor is closed", || (open() <= before).then_some(()));
}

#[test]
fn a_drain_lets_a_handshake_and_its_request_end() {
    let (authority, upstream) = (Authority::new(), Upstream::ok());
    let mut gateway = gateway(&[&authority.issue(&["a.test"])], "", &upstream);
    let mut idle = connect(&gateway, &client(&authority, None, &[]), "a.test");
    idle.get("/");
    gateway.signal(nix::sys::signal::Signal::SIGTERM);
    assert_eq!(idle.to_end(), (Vec::new(), End::Closed));
    assert_eq!(gateway.wait().code(), Some(0));
}

#[test]
fn a_drain_serves_who_had_connected_and_had_not_greeted() {
    let (authority, upstream) = (Authority::new(), Upstream::ok());
    let mut gateway = gateway(&[&authority.issue(&["a.test"])], "", &upstream);
    let connected = Client::connect(https(&gateway));
    gateway.wait_metric("gateway_connections", 1.0);
    gateway.signal(nix::sys::signal::Signal::SIGTERM);
    gateway.stderr.find("it stops", |line| line.contains("stopping").then_some(()));
    let mut client = connected.over_tls(&client(&authority, None, &[]), "a.test").unwrap();
    let answer = client.get("/");
    assert_eq!((answer.status(), answer.closes()), (200, true));
    assert_eq!(client.to_end().1, End::Closed);
    assert_eq!(gateway.wait().code(), Some(0));
}

#[test]
fn the_protocol_is_one_that_both_speak() {
    let (authority, upstream) = (Authority::new(), Upstream::ok());
    let gateway = gateway(&[&authority.issue(&["a.test"])], "", &upstream);
    let offering = |protocols: &[&str]| {
        let mut tls = Arc::unwrap_or_clone(client(&authority, None, &[]));
        tls.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        let agreed = Client::tls(https(&gateway), &Arc::new(tls), "a.test");
        agreed.map(|client| client.session().alpn_protocol().map(<[u8]>::to_vec)).map_err(|error| error.to_string())
    };
    assert_eq!(offering(&[]).unwrap(), None, "who offers none speaks HTTP/1.1");
    assert_eq!(offering(&["http/1.0", "http/1.1"]).unwrap(), Some(b"http/1.1".to_vec()));
    assert_eq!(offering(&["http/1.1", "h2"]).unwrap(), Some(b"h2".to_vec()), "the gateway's own order counts");
    // RFC 7301 §3.2: not a guess, but an alert.
    assert!(offering(&["h3"]).unwrap_err().contains("NoApplicationProtocol"));
    gateway.wait_metric("gateway_tls_handshakes_total{result=\"failed\"}", 1.0);
}

#[test]
fn a_faulty_certificate_is_a_fault_of_the_file() {
    let authority = Authority::new();
    let (one, other) = (authority.issue(&["a.test"]), authority.issue(&["b.test"]));
    let expired = authority.issue_as(&["c.test"], |params| params.not_after = rcgen::date_time_ymd(2020, 1, 1));
    let check = |cert: &std::path::Path, key: &std::path::Path| {
        let pair = format!("{{ cert = '{}', key = '{}' }}", cert.display(), key.display());
        let (folder, _) = write_file(&format!(
            "[server.tls]\ncertificates = [{pair}]\n[services.a]\nupstreams = 'http://127.0.0.1:1'\nroutes = '/'\n"
        ));
        Run::of(folder.path(), &["check"])
    };
    let missing = one.key.with_extension("no");
    for (cert, key, expected) in [
        (&missing, &one.key, "file_missing"),
        (&one.key, &one.key, "has no certificate in PEM"),
        (&one.cert, &one.cert, "has no private key in PEM"),
        (&one.cert, &other.key, "is not the key of"),
    ] {
        let run = check(cert, key);
        assert_eq!(run.code, Some(1), "{expected}");
        assert!(run.stderr.replace('\n', " ").contains(expected), "{expected} is not in\n{}", run.stderr);
        assert!(!run.stderr.contains("BEGIN PRIVATE KEY-----M"), "a key was printed");
    }
    let run = check(&expired.cert, &expired.key);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stderr.contains("has expired"), "{}", run.stderr);
}

#[test]
fn what_the_admin_shows_has_no_key() {
    let (authority, upstream) = (Authority::new(), Upstream::ok());
    let own = authority.issue(&["a.test"]);
    let gateway = gateway(&[&own], "", &upstream);
    let shown = gateway.admin("/config").json();
    assert_eq!(shown["server"]["tls"]["certificates"][0]["cert"], own.cert.display().to_string());
    assert!(!shown.to_string().contains("PRIVATE"));
}
