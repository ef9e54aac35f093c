//! The PROXY protocol: a load balancer says who has connected, and nobody else does.
use std::{thread, time::Duration};

use e2e::{Authority, Client, Gateway, Upstream, client, service};

const LISTED: &str = "server.proxy_protocol = ['127.0.0.0/8']";
const V1: &[u8] = b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n";

/// Version 2, for TCP over IPv4 from this address, with a note behind it.
fn v2(client: [u8; 4]) -> Vec<u8> {
    let fixed = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x11";
    [&fixed[..], &client, &[198, 51, 100, 1, 0xdc, 4, 1, 187], &[4, 0, 2, 0, 0]].concat()
}

const LOCAL: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00";

fn told(gateway: &Gateway, header: &[u8]) -> Client {
    let mut client = gateway.connect();
    client.send(header);
    client
}

#[test]
fn who_the_header_names_is_the_client_everywhere() {
    let upstream = Upstream::ok();
    let gateway = Gateway::with(LISTED, &upstream, "");
    let cases = [
        ("/1", V1.to_vec(), "192.0.2.1"),
        ("/2", v2([192, 0, 2, 2]), "192.0.2.2"),
        ("/3", b"PROXY TCP6 2001:db8::1 ::1 1 2\r\n".to_vec(), "2001:db8::1"),
        // The same address as an IPv4 one: no rule must see another in it.
        ("/4", b"PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n".to_vec(), "192.0.2.1"),
        // The balancer asks for itself.
        ("/5", LOCAL.to_vec(), "127.0.0.1"),
        ("/6", b"PROXY UNKNOWN\r\n".to_vec(), "127.0.0.1"),
    ];
    for (path, header, expected) in cases {
        // Together with the request, before it, and byte by byte.
        for way in 0..3 {
            let mut client = gateway.connect();
            let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nx-forwarded-for: 10.1.1.1\r\n\r\n");
            match way {
                0 => drop(client.send([&header[..], request.as_bytes()].concat())),
                1 => drop(client.send(&header) && client.send(&request)),
                _ => header.iter().chain(request.as_bytes()).for_each(|byte| {
                    client.send([*byte]);
                    thread::sleep(Duration::from_micros(100));
                }),
            }
            assert_eq!(client.answer_to("GET").unwrap().status(), 200, "{path} {way}");
            assert_eq!(client.get(path).status(), 200, "the connection is kept, and has no second header");
            assert_eq!(upstream.last().field("x-forwarded-for"), Some(expected), "{path} {way}");
        }
        assert_eq!(gateway.logged(path)["client"], expected);
    }
    assert_eq!(gateway.metric("gateway_connections"), Some(0.0));
}

#[test]
fn rules_about_the_peer_are_about_who_the_header_names() {
    let upstream = Upstream::ok();
    let rules = "server.trusted_proxies = ['192.0.2.1']\nrate_limit = { requests = 1, per = '1h' }";
    let gateway = Gateway::with(&format!("{LISTED}\n{rules}"), &upstream, "");
    let ask = |header: &[u8], from: &str| {
        told(&gateway, header).ask(&format!("GET / HTTP/1.1\r\nx-forwarded-for: {from}")).status()
    };
    // Of one that is trusted each client counts for itself; of one that is not it alone counts.
    assert_eq!([ask(V1, "203.0.113.1"), ask(V1, "203.0.113.1"), ask(V1, "203.0.113.2")], [200, 429, 200]);
    let other = v2([192, 0, 2, 2]);
    assert_eq!([ask(&other, "203.0.113.3"), ask(&other, "203.0.113.4")], [200, 429]);
    assert_eq!([ask(LOCAL, "203.0.113.5"), ask(LOCAL, "203.0.113.6")], [200, 429], "the balancer is not trusted so");
}

#[test]
fn whoever_is_not_listed_is_not_believed() {
    let upstream = Upstream::ok();
    let gateway = Gateway::with("server.proxy_protocol = ['10.0.0.0/8', '::1']", &upstream, "");
    for header in [V1, LOCAL, &v2([192, 0, 2, 1])] {
        let mut client = told(&gateway, header);
        client.send_request("GET / HTTP/1.1");
        let (answer, _) = client.to_end();
        assert!(answer.starts_with(b"HTTP/1.1 400 "), "{}", answer.escape_ascii());
    }
    assert!(upstream.requests().is_empty());
    assert_eq!(gateway.get("/").status(), 200);
    assert_eq!(upstream.last().field("x-forwarded-for"), Some("127.0.0.1"));
}

#[test]
fn whoever_is_listed_is_not_served_without_a_header() {
    let upstream = Upstream::ok();
    let gateway = Gateway::with(&format!("{LISTED}\nserver.timeouts.header = '400ms'"), &upstream, "");
    let request = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    let twice = [V1, V1, request].concat();
    let malformed: [&[u8]; 5] = [
        request,
        b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\nGET / HTTP/1.1\r\nhost: a\r\n\r\n",
        b"PROXY TCP4 192.0.2.1 198.51.100.1 99999 443\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n",
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff",
        &[b"PROXY UNKNOWN ", &[b'a'; 200][..]].concat(),
    ];
    let count = |reason: &str| format!("gateway_proxy_protocol_failures_total{{reason=\"{reason}\"}}");
    for bytes in malformed {
        let (answer, _) = gateway.raw(bytes);
        assert!(answer.is_empty(), "{} got {}", bytes.escape_ascii(), answer.escape_ascii());
    }
    gateway.wait_metric(&count("malformed"), 5.0);
    // Only the first header is one.
    assert!(gateway.raw(&twice).0.starts_with(b"HTTP/1.1 400 "));
    // The time for a head runs over it.
    for part in [&b""[..], b"PROXY TCP4 192", &v2([1, 1, 1, 1])[..20]] {
        let mut client = gateway.connect();
        client.send(part);
        assert_eq!(client.to_end().0.len(), 0);
    }
    gateway.wait_metric(&count("timeout"), 3.0);
    let mut late = told(&gateway, V1);
    late.send("GET / HT");
    assert!(late.to_end().0.starts_with(b"HTTP/1.1 408 "));
    drop(gateway.connect());
    gateway.wait_metric(&count("closed"), 1.0);
    assert!(upstream.requests().is_empty());
    gateway.stderr.find("it is told", |line| line.contains("no PROXY header from a peer").then_some(()));
    gateway.wait_metric("gateway_connections", 0.0);
}

#[test]
fn it_comes_before_tls() {
    let (authority, upstream) = (Authority::new(), Upstream::ok());
    let keys = format!(
        "server.tls.listen = '127.0.0.1:0'\nserver.tls.certificates = [{}]",
        authority.issue(&["a.test"]).toml()
    );
    let gateway = Gateway::with(&format!("{LISTED}\n{keys}"), &upstream, "");
    let (https, tls) = (gateway.https.unwrap(), client(&authority, None, &[]));
    for (header, expected) in [(V1, "192.0.2.1"), (&v2([192, 0, 2, 2]), "192.0.2.2"), (LOCAL, "127.0.0.1")] {
        let mut connection = Client::connect(https);
        connection.send(header);
        let mut connection = connection.over_tls(&tls, "a.test").unwrap();
        assert_eq!(connection.get("/").status(), 200);
        assert_eq!(upstream.last().field("x-forwarded-for"), Some(expected));
        assert_eq!(upstream.last().field("x-forwarded-proto"), Some("https"));
    }
    assert!(Client::tls(https, &tls, "a.test").is_err(), "no header, no handshake");
    gateway.wait_metric("gateway_proxy_protocol_failures_total{reason=\"malformed\"}", 1.0);
    assert_eq!(upstream.requests().len(), 3);
}

#[test]
fn a_reload_says_who_sends_it_from_then_on() {
    let upstream = Upstream::ok();
    let app = service("app", &[&upstream], "");
    let gateway = Gateway::start(&app);
    let mut kept = gateway.connect();
    assert_eq!(kept.get("/").status(), 200);
    gateway.reload(&format!("{LISTED}\n{app}"), "applied");
    gateway.stderr.find("what has changed", |line| line.contains("server.proxy_protocol changed").then_some(()));
    assert_eq!(kept.get("/").status(), 200);
    assert_eq!(told(&gateway, V1).get("/").status(), 200);
    assert_eq!(upstream.last().field("x-forwarded-for"), Some("192.0.2.1"));
}
