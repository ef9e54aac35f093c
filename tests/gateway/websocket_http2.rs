//! RFC 8441: a WebSocket over a stream of HTTP/2 is what it is over a connection of HTTP/1.1.
use std::{
    sync::{Arc, Mutex, mpsc},
    time::{Duration, Instant},
};

use e2e::{Client, End, Exchange, Frame, GOING_AWAY, GRANT, Gateway, Http2, Message, Upstream, error, eventually, ok};
use nix::sys::signal::Signal::SIGTERM;
use serde_json::Value;

const PSEUDO: [(&str, &str); 3] = [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http")];

/// The 101 to this request: the key is the gateway's own.
fn grant(request: &Message) -> String {
    let key = request.field("sec-websocket-key").expect("a key");
    let hash = aws_lc_rs::digest::digest(
        &aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY,
        format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11").as_bytes(),
    );
    let accept = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, hash);
    GRANT.replace("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", &accept)
}

/// Grants every upgrade with a protocol, and sends back what comes.
fn echo() -> Upstream {
    Upstream::scripted(|conn| {
        if let Some(request) = conn.receive() {
            conn.send(grant(&request).replace("\r\n\r\n", "\r\nsec-websocket-protocol: chat\r\n\r\n"));
            conn.echo_frames();
        }
    })
}

/// Asks for one on this stream.
fn ask(client: &mut Http2, stream: u32, path: &str, more: &[(&str, &str)]) {
    let own = [(":authority", "test"), (":path", path), ("sec-websocket-version", "13")];
    client.send_fields(stream, &[&PSEUDO, &own, more].concat(), false);
}

/// Asks for one, which must be granted.
fn open(client: &mut Http2, stream: u32, path: &str) {
    ask(client, stream, path, &[]);
    client.until("the grant", |client| !client.seen(stream).answer.start.is_empty());
    assert_eq!(client.seen(stream).answer.status(), 200);
}

fn send(client: &mut Http2, stream: u32, frame: &Frame) {
    client.send_data(stream, frame.bytes(), false);
}

/// Waits until this is all that has come.
fn receives(client: &mut Http2, stream: u32, frames: &[Frame]) {
    let expected: Vec<u8> = frames.iter().flat_map(Frame::bytes).collect();
    client.until("the frames", |client| client.seen(stream).answer.body.len() >= expected.len());
    assert_eq!(client.seen(stream).answer.body, expected);
}

#[test]
fn a_stream_becomes_a_websocket_with_a_key_of_the_gateways() {
    let upstream = echo();
    let gateway = Gateway::before(&upstream);
    let mut client = Http2::connect(gateway.address);
    client.until("the settings", |client| !client.settings.is_empty());
    assert_eq!(client.settings.get(&8), Some(&1), "SETTINGS_ENABLE_CONNECT_PROTOCOL");
    let fields = [("sec-websocket-protocol", "chat"), ("origin", "https://a.test"), ("sec-websocket-key", "mine")];
    ask(&mut client, 1, "/chat?room=1", &fields);
    client.until("the grant", |client| !client.seen(1).answer.start.is_empty());
    let answer = client.seen(1).answer;
    assert_eq!((answer.status(), answer.field("sec-websocket-protocol")), (200, Some("chat")), "{answer:#?}");
    assert!(answer.field("x-request-id").is_some(), "{answer:#?}");
    for name in ["sec-websocket-accept", "upgrade", "connection", "content-length"] {
        assert_eq!(answer.field(name), None, "{answer:#?}");
    }
    let asked = upstream.last();
    assert_eq!(asked.start, "GET /chat?room=1 HTTP/1.1");
    for (name, value) in [
        ("host", "test"),
        ("upgrade", "websocket"),
        ("connection", "Upgrade"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-protocol", "chat"),
        ("origin", "https://a.test"),
    ] {
        assert_eq!(asked.field(name), Some(value), "{asked:#?}");
    }
    let keys: Vec<_> = asked.fields.iter().filter(|(name, _)| name == "sec-websocket-key").collect();
    assert!(keys.len() == 1 && keys[0].1.len() == 24, "{keys:?}");
    let (hello, world) = (Frame::text("hello", true), Frame::text("world", true));
    send(&mut client, 1, &hello);
    receives(&mut client, 1, &[Frame::text("hello", false)]);
    // Beside other streams of the same connection.
    open(&mut client, 3, "/other");
    send(&mut client, 3, &world);
    send(&mut client, 1, &world);
    receives(&mut client, 3, &[Frame::text("world", false)]);
    receives(&mut client, 1, &[Frame::text("hello", false), Frame::text("world", false)]);
    assert!(!gateway.stdout.all().iter().any(|line| line.contains("/chat")), "its line comes at its end");
    client.send_data(1, "", true);
    assert!(client.outcome(1).ended);
    let line = gateway.logged("/chat");
    assert_eq!((&line["status"], &line["code"], &line["method"]), (&200.into(), &Value::Null, &"GET".into()), "{line}");
    assert_eq!((&line["bytes_in"], &line["bytes_out"]), (&22.into(), &14.into()), "{line}");
    gateway.wait_metric("gateway_in_flight", 1.0);
}

/// What is refused is an ordinary answer, and nothing is granted before the upstream has agreed.
#[test]
fn what_is_not_granted_is_an_ordinary_answer() {
    let upstream = Upstream::scripted(|conn| {
        while let Some(request) = conn.receive() {
            let granted = grant(&request);
            let answer = match request.target() {
                "/no" => String::from("HTTP/1.1 403 No\r\ncontent-length: 2\r\n\r\nno"),
                "/wrong-key" => GRANT.into(),
                "/no-key" => granted.replace("Sec-WebSocket-Accept", "x"),
                "/other" => granted.replace("WebSocket\r\nC", "h2c\r\nC"),
                "/plain" => String::from_utf8(ok()).unwrap(),
                _ => granted,
            };
            conn.send(answer);
        }
    });
    let rules = "routes = ['/no', '/wrong-key', '/no-key', '/other', '/plain', { match = '/in', rate_limit = { requests = 1, per = '1h' } }, { match = 'POST /post' },
      { match = '/new', redirect = '/elsewhere' }]";
    let gateway = Gateway::with("", &upstream, rules);
    let mut client = Http2::connect(gateway.address);
    let mut stream = 1;
    let mut check = |path: &str, status: u16, code: Option<&str>| {
        ask(&mut client, stream, path, &[]);
        let Exchange { answer, reset, .. } = client.outcome(stream);
        stream += 2;
        assert_eq!(answer.status(), status, "{path}: {answer:#?} {reset:?}");
        if let Some(code) = code {
            assert_eq!(answer.json()["code"], code, "{path}");
        }
    };
    check("/no", 403, None);
    check("/wrong-key", 502, Some("upstream_protocol"));
    check("/no-key", 502, Some("upstream_protocol"));
    check("/other", 502, Some("upstream_protocol"));
    check("/plain", 502, Some("upstream_protocol"));
    check("/new", 308, None);
    check("/post", 405, Some("method_not_allowed"));
    check("/health", 501, None);
    assert_eq!(gateway.logged("/health")["status"], 501);
    open(&mut client, 101, "/in");
    ask(&mut client, 103, "/in", &[]);
    assert_eq!(client.answer(103).json()["code"], "rate_limited");
    assert_eq!(client.get(105, "/health").status(), 200, "the connection serves on");
}

#[test]
fn only_a_websocket_is_connected_to() {
    let upstream = echo();
    let gateway = Gateway::with("[[jwt]]\nissuer = 'i'\nsecret = '01234567890123456789012345678901'", &upstream, "");
    let mut client = Http2::connect(gateway.address);
    ask(&mut client, 1, "/", &[]);
    assert_eq!(client.answer(1).json()["code"], "token_missing", "its rules come first");
    let other = [(":method", "CONNECT"), (":protocol", "connect-udp"), (":scheme", "http")];
    client.send_fields(3, &[&other[..], &[(":authority", "test"), (":path", "/")]].concat(), false);
    let refused = client.answer(3);
    assert_eq!((refused.status(), refused.json()["code"].as_str()), (501, Some("protocol_unsupported")));
    client.send_fields(5, &[(":method", "CONNECT"), (":authority", "test:443")], false);
    assert_eq!(client.answer(5).status(), 405);
    ask(&mut client, 7, "/", &[("content-length", "5")]);
    assert_eq!(client.outcome(7).answer.status(), 400);
    assert!(upstream.requests().is_empty());
}

#[test]
fn either_side_may_end_its_half_and_still_read() {
    let upstream = Upstream::scripted(|conn| {
        let request = conn.receive().unwrap();
        conn.send(grant(&request));
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
    let mut client = Http2::connect(gateway.address);
    open(&mut client, 1, "/client-first");
    client.send_data(1, "bye", true);
    assert_eq!(client.answer(1).body, b"and on it goes");
    open(&mut client, 3, "/upstream-first");
    client.until("its end", |client| client.seen(3).ended);
    assert_eq!(client.seen(3).answer.body, b"bye");
    client.send_data(3, "and on it goes", true);
    upstream.wait_ended(2);
    for path in ["/client-first", "/upstream-first"] {
        assert_eq!(gateway.logged(path)["code"], Value::Null, "{path}");
    }
}

#[test]
fn a_side_that_breaks_breaks_the_other_and_no_other_stream() {
    let (over, is_over) = mpsc::channel::<()>();
    let is_over = Mutex::new(is_over);
    let upstream = Upstream::consuming(move |mut conn| {
        let request = conn.receive().unwrap();
        conn.send(grant(&request));
        if request.target() == "/upstream-breaks" {
            assert_eq!(conn.take(3).unwrap(), b"now");
            conn.reset();
        } else {
            conn.send("open");
            // Of one that has ended its half in order, the end is all that can be seen.
            let is_in_order = request.target() == "/half-closed-breaks";
            assert_eq!(conn.to_end().1, if is_in_order { End::Closed } else { End::Reset });
            if is_in_order {
                let _ = is_over.lock().unwrap().recv();
            }
        }
    });
    let gateway = Gateway::before(&upstream);
    let mut client = Http2::connect(gateway.address);
    open(&mut client, 1, "/upstream-breaks");
    client.send_data(1, "now", false);
    assert_eq!(client.outcome(1).reset, Some(error::CANCEL));
    assert_eq!(gateway.logged("/upstream-breaks")["code"], "upstream_reset");
    open(&mut client, 3, "/client-breaks");
    client.until("the bytes", |client| client.seen(3).answer.body == b"open");
    client.send_reset(3, error::CANCEL);
    assert_eq!(gateway.logged("/client-breaks")["code"], "client_closed");
    open(&mut client, 5, "/half-closed-breaks");
    client.send_data(5, "", true);
    client.until("the bytes", |client| client.seen(5).answer.body == b"open");
    client.send_reset(5, error::CANCEL);
    assert_eq!(gateway.logged("/half-closed-breaks")["code"], "client_closed");
    drop(over);
    upstream.wait_ended(3);
    assert_eq!(client.get(7, "/health").status(), 200);
}

#[test]
fn a_client_that_cancels_before_the_grant_has_cancelled() {
    let upstream = Upstream::scripted(|conn| {
        conn.receive();
        assert_eq!(conn.wait_end(), End::Closed);
    });
    let gateway = Gateway::before(&upstream);
    let mut client = Http2::connect(gateway.address);
    ask(&mut client, 1, "/never", &[]);
    eventually("the upstream is asked", || (upstream.requests().len() == 1).then_some(()));
    client.send_reset(1, error::CANCEL);
    upstream.wait_ended(1);
    assert_eq!(gateway.logged("/never")["code"], "client_closed");
}

/// The slowest reader sets the pace, by its stream's window alone.
#[test]
fn a_side_that_does_not_read_holds_the_other_back() {
    let (tell, sent) = mpsc::channel();
    let upstream = Upstream::scripted(move |conn| {
        conn.hold_little();
        let request = conn.receive().unwrap();
        conn.send(grant(&request));
        if request.target() == "/down" {
            tell.send(conn.send_until_blocked(&[b'x'; 0x4000], Duration::from_millis(500))).unwrap();
        } else {
            conn.wait_end();
        }
    });
    let gateway = Gateway::before(&upstream);
    // A client whose streams take 10,000 bytes.
    let mut client = Http2::with_windows(Client::connect(gateway.address), 10_000);
    open(&mut client, 1, "/down");
    client.until("its window is full", |client| client.seen(1).answer.body.len() == 10_000);
    let sent = sent.recv().unwrap();
    assert!(sent < 16 << 20, "{sent} bytes");
    open(&mut client, 3, "/up");
    let first = u64::from(client.settings[&4]);
    let mut sent = 0;
    // As much as the gateway lets it, until that says nothing for a while.
    loop {
        let allowed = (client.seen(3).window + first).min(client.window + 65_535) - sent;
        if allowed == 0 {
            if client.stays_silent(Duration::from_millis(500)) {
                break;
            }
            client.receive();
            continue;
        }
        let piece = allowed.min(0x4000);
        client.send_data(3, vec![b'x'; usize::try_from(piece).unwrap()], false);
        sent += piece;
        assert!(sent < 16 << 20, "{sent} bytes");
    }
    assert_eq!(client.get(5, "/health").status(), 200, "the connection is not held back");
}

#[test]
fn only_its_own_time_out_ends_one_that_is_silent() {
    let upstream = echo();
    let server = "server.timeouts = { header = '50ms', idle = '50ms', body_idle = '200ms' }";
    let gateway = Gateway::with(server, &upstream, "timeouts = { request = '50ms', tunnel_idle = '2s' }");
    let mut client = Http2::connect(gateway.address);
    let begun = Instant::now();
    open(&mut client, 1, "/silent");
    // It answers the pings meanwhile, as clients do.
    let told = [Frame::close(GOING_AWAY, false)];
    receives(&mut client, 1, &told);
    assert!(begun.elapsed() >= Duration::from_secs(2), "{:?}", begun.elapsed());
    send(&mut client, 1, &Frame::close(GOING_AWAY, true));
    assert!(client.outcome(1).ended);
    upstream.wait_ended(1);
    let line = gateway.logged("/silent");
    assert_eq!((&line["status"], &line["code"]), (&200.into(), &"tunnel_idle".into()), "{line}");
}

#[test]
fn a_drain_tells_both_sides_and_ends() {
    let upstream = echo();
    let mut gateway = Gateway::before(&upstream);
    let mut client = Http2::connect(gateway.address);
    open(&mut client, 1, "/told");
    open(&mut client, 3, "/silent");
    gateway.signal(SIGTERM);
    for stream in [1, 3] {
        receives(&mut client, stream, &[Frame::close(GOING_AWAY, false)]);
    }
    send(&mut client, 1, &Frame::close(GOING_AWAY, true));
    // What does not answer is not waited for long.
    let (goaways, _) = client.to_end();
    assert_eq!(goaways, [error::NO_ERROR; 2]);
    assert!(client.seen(1).ended && client.seen(3).ended);
    assert_eq!(gateway.wait().code(), Some(0));
}

#[test]
fn over_tls_and_beside_a_reload_it_stays_open() {
    let (authority, upstream) = (e2e::Authority::new(), echo());
    let certificates = authority.issue(&["a.test"]).toml();
    let file = |docs: bool| {
        let tls = format!("server.tls.listen = '127.0.0.1:0'\nserver.tls.certificates = [{certificates}]");
        format!("{tls}\nserver.docs = {docs}\n{}", e2e::service("app", &[&upstream], ""))
    };
    let gateway = Gateway::start(&file(true));
    let mut tls = Arc::unwrap_or_clone(e2e::client(&authority, None, &[]));
    tls.alpn_protocols = vec![b"h2".to_vec()];
    let client = Client::tls(gateway.https.expect("an HTTPS listener"), &Arc::new(tls), "a.test").unwrap();
    let mut client = Http2::over(client);
    open(&mut client, 1, "/");
    // Less at once than half of its window, by which the rest is given back at the latest; and more in all.
    let long = "x".repeat(60_000);
    client.until("room", |client| client.window > 60_100);
    let mut echoed = Vec::new();
    for _ in 0..10 {
        for piece in Frame::text(&long, true).bytes().chunks(0x4000) {
            client.send_data(1, piece, false);
        }
        echoed.push(Frame::text(&long, false));
        receives(&mut client, 1, &echoed);
    }
    gateway.reload(&file(false), "applied");
    send(&mut client, 1, &Frame::text("after", true));
    echoed.push(Frame::text("after", false));
    receives(&mut client, 1, &echoed);
}
