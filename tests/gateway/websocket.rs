//! SPEC §3, 8: a WebSocket is a tunnel between the client's connection and the upstream's, as open as both are.
use std::{sync::mpsc, time::Duration};

use e2e::{Client, End, Frame, GRANT, Gateway, UPGRADE, Upstream, WebSocket, eventually};

/// An upstream that grants every upgrade, and sends back what comes.
fn echo() -> Upstream {
    Upstream::scripted(|conn| {
        if conn.receive().is_some() {
            conn.send(GRANT);
            conn.echo_frames();
        }
    })
}

#[test]
fn an_upgrade_is_granted_and_frames_go_both_ways() {
    let upstream = echo();
    let gateway = Gateway::before(&upstream);
    let mut client = gateway.connect();
    let fields = "sec-websocket-protocol: chat, other\r\nsec-websocket-extensions: permessage-deflate; client_max_window_bits\r\n\
                  connection: keep-alive, x-gone\r\nx-gone: 1\r\norigin: https://a.example";
    client.send_request(&format!("GET /chat?room=1 HTTP/1.1\r\n{UPGRADE}\r\n{fields}"));
    let answer = client.head().unwrap();
    assert_eq!(answer.start, "HTTP/1.1 101 Switching Protocols");
    for (name, value) in
        [("upgrade", "websocket"), ("connection", "Upgrade"), ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")]
    {
        assert_eq!(answer.field(name), Some(value), "{answer:#?}");
    }
    assert!(answer.field("x-request-id").is_some() && answer.field("content-length").is_none(), "{answer:#?}");
    let asked = upstream.last();
    for (name, value) in [
        ("upgrade", "websocket"),
        ("connection", "Upgrade"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-protocol", "chat, other"),
        ("sec-websocket-extensions", "permessage-deflate; client_max_window_bits"),
        ("origin", "https://a.example"),
    ] {
        assert_eq!(asked.field(name), Some(value), "{asked:#?}");
    }
    assert_eq!((asked.target(), asked.field("x-gone")), ("/chat?room=1", None));
    assert!(asked.field("x-forwarded-for").is_some());

    let hello = Frame::text("hello", true).bytes();
    client.send(&hello[..3]);
    client.send(&hello[3..]);
    assert_eq!(client.frame().unwrap(), Frame::text("hello", false));
    assert!(!gateway.stdout.all().iter().any(|line| line.contains("/chat")), "its line comes at its end");
    gateway.wait_metric("gateway_in_flight", 1.0);
    client.finish();
    assert_eq!(client.to_end(), (Vec::new(), End::Closed));
    let line = gateway.logged("/chat");
    assert_eq!((&line["status"], &line["code"]), (&101.into(), &serde_json::Value::Null), "{line}");
    assert_eq!((&line["bytes_in"], &line["bytes_out"]), (&11.into(), &7.into()), "{line}");
    gateway.wait_metric("gateway_in_flight", 0.0);
    gateway.wait_metric("gateway_requests_total{route=\"/\",service=\"app\",status=\"101\",code=\"\"}", 1.0);
}

/// What comes with the answer, or before it, belongs to the tunnel.
#[test]
fn bytes_beside_the_handshake_are_not_lost() {
    let upstream = Upstream::scripted(|conn| {
        conn.receive();
        conn.send([GRANT.as_bytes(), &Frame::text("first", false).bytes()].concat());
        conn.echo_frames();
    });
    let gateway = Gateway::before(&upstream);
    let mut client = gateway.connect();
    client.send(
        [format!("GET / HTTP/1.1\r\nhost: a\r\n{UPGRADE}\r\n\r\n").into_bytes(), Frame::text("early", true).bytes()]
            .concat(),
    );
    assert_eq!(client.head().unwrap().status(), 101);
    assert_eq!(client.frame().unwrap(), Frame::text("first", false));
    assert_eq!(client.frame().unwrap(), Frame::text("early", false));
}

#[test]
fn over_tls_it_is_the_same_to_its_end() {
    let (authority, upstream) = (e2e::Authority::new(), echo());
    let certificates = authority.issue(&["a.test"]).toml();
    let tls = format!("server.tls.listen = '127.0.0.1:0'\nserver.tls.certificates = [{certificates}]");
    let mut gateway = Gateway::with(&tls, &upstream, "");
    let config = e2e::client(&authority, None, &[]);
    let open = |target| {
        let client = Client::tls(gateway.https.expect("an HTTPS listener"), &config, "a.test").unwrap();
        WebSocket::on(client, target)
    };
    let (mut ended, mut told) = (open("/ended"), open("/told"));
    let long = "x".repeat(300_000);
    for client in [&mut ended, &mut told] {
        assert!(client.ask(&long) == long);
    }
    let close = |is_masked| Frame::close(1000_u16.to_be_bytes(), is_masked);
    ended.send(close(true).bytes());
    // Without TLS's own farewell, as many clients end: behind a Close that breaks nothing.
    ended.finish();
    assert_eq!(ended.frame().unwrap(), close(false));
    assert_eq!(ended.to_end(), (Vec::new(), End::Closed));
    assert_eq!(gateway.logged("/ended")["code"], serde_json::Value::Null);
    gateway.signal(nix::sys::signal::Signal::SIGTERM);
    told.is_told_to_go();
    assert_eq!(gateway.wait().code(), Some(0));
}

#[test]
fn either_side_may_end_its_half_and_still_read() {
    let upstream = Upstream::scripted(|conn| {
        let request = conn.receive().unwrap();
        conn.send(GRANT);
        if request.target() == "/client-first" {
            assert_eq!(conn.to_end(), (b"bye".to_vec(), End::Closed), "the client has ended its half");
            conn.send("and on it goes");
        } else {
            conn.send("bye");
            conn.finish();
            assert_eq!(conn.to_end(), (b"and on it goes".to_vec(), End::Closed));
        }
    });
    let gateway = Gateway::before(&upstream);
    let mut first = WebSocket::open(gateway.address, "/client-first");
    first.send("bye");
    first.finish();
    assert_eq!(first.to_end(), (b"and on it goes".to_vec(), End::Closed));
    let mut second = WebSocket::open(gateway.address, "/upstream-first");
    assert_eq!(second.to_end(), (b"bye".to_vec(), End::Closed));
    second.send("and on it goes");
    second.finish();
    upstream.wait_ended(2);
    for path in ["/client-first", "/upstream-first"] {
        assert_eq!(gateway.logged(path)["code"], serde_json::Value::Null, "{path}");
    }
}

#[test]
fn a_side_that_breaks_breaks_the_other() {
    let upstream = Upstream::consuming(|mut conn| {
        let request = conn.receive().unwrap();
        conn.send(GRANT);
        if request.target() == "/upstream-breaks" {
            assert_eq!(conn.take(3).unwrap(), b"now");
            conn.reset();
        } else {
            conn.send("open");
            assert_eq!(conn.to_end().1, End::Reset);
        }
    });
    let gateway = Gateway::before(&upstream);
    let mut client = WebSocket::open(gateway.address, "/upstream-breaks");
    client.send("now");
    assert_eq!(client.to_end().1, End::Reset);
    assert_eq!(gateway.logged("/upstream-breaks")["code"], "upstream_reset");
    let mut client = WebSocket::open(gateway.address, "/client-breaks");
    client.take(4).unwrap();
    client.reset();
    upstream.wait_ended(2);
    assert_eq!(gateway.logged("/client-breaks")["code"], "client_closed");
}

/// The slowest reader sets the pace, and nothing piles up in between.
#[test]
fn a_side_that_does_not_read_holds_the_other_back() {
    let (over, is_over) = mpsc::channel::<()>();
    let is_over = std::sync::Mutex::new(is_over);
    let (tell, sent) = mpsc::channel();
    let upstream = Upstream::scripted(move |conn| {
        conn.hold_little();
        let request = conn.receive().unwrap();
        conn.send(GRANT);
        if request.target() == "/down" {
            tell.send(conn.send_until_blocked(&[b'x'; 0x4000], Duration::from_millis(500))).unwrap();
        } else {
            let _ = is_over.lock().unwrap().recv();
        }
    });
    let gateway = Gateway::before(&upstream);
    gateway.get("/health");
    let before = gateway.resident();
    let open = |target| {
        let client = WebSocket::open(gateway.address, target);
        client.hold_little();
        client
    };
    let reads_nothing: Vec<WebSocket> = (0..8).map(|_| open("/down")).collect();
    for _ in &reads_nothing {
        let sent = sent.recv().unwrap();
        assert!(sent < 16 << 20, "{sent} bytes");
    }
    let mut writes = open("/up");
    let sent = writes.send_until_blocked(&[b'x'; 0x4000], Duration::from_millis(500));
    assert!(sent < 16 << 20, "{sent} bytes");
    let grown = gateway.resident().saturating_sub(before);
    assert!(grown < 4 << 20, "{grown} bytes for nine stalled tunnels");
    drop(over);
}

#[test]
fn only_its_own_time_out_ends_one_that_is_silent() {
    let upstream = echo();
    let server = "server.timeouts = { header = '50ms', idle = '50ms', body_idle = '50ms' }";
    let gateway = Gateway::with(server, &upstream, "timeouts = { request = '50ms', tunnel_idle = '1s' }");
    let mut client = WebSocket::open(gateway.address, "/silent");
    assert!(client.stays_silent(Duration::from_millis(400)), "no other time-out holds");
    assert_eq!(client.ask("still here"), "still here");
    client.is_told_to_go();
    upstream.wait_ended(1);
    let line = gateway.logged("/silent");
    assert_eq!((&line["status"], &line["code"]), (&101.into(), &"tunnel_idle".into()), "{line}");
}

#[test]
fn a_tunnel_holds_its_place_at_the_upstream_until_it_ends() {
    let upstream = echo();
    let gateway = Gateway::with("", &upstream, "max_in_flight = 1");
    let mut first = WebSocket::open(gateway.address, "/");
    assert_eq!(first.ask("a"), "a");
    let refused = gateway.ask(&format!("GET / HTTP/1.1\r\n{UPGRADE}"));
    assert_eq!((refused.status(), refused.json()["code"].as_str()), (503, Some("overloaded")));
    drop(first);
    upstream.wait_ended(1);
    eventually("there is room again", || {
        let mut client = gateway.connect();
        client.send_request(&format!("GET / HTTP/1.1\r\n{UPGRADE}"));
        (client.head().unwrap().status() == 101).then_some(())
    });
}
