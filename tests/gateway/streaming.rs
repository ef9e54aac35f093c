//! SPEC §3, 8: bodies stream both ways, with back-pressure, and come out as they went in.
use std::{sync::mpsc, thread, time::Duration};

use e2e::{Client, End, Gateway, Upstream, ok, with_body};

/// Bytes in which a lost, doubled or moved piece shows.
fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|n| u8::try_from((n ^ (n >> 8) ^ (n >> 16)) & 0xff).unwrap()).collect()
}

#[test]
fn an_answer_streams_as_it_is_made() {
    let (go_on, told) = mpsc::channel();
    let told = std::sync::Mutex::new(told);
    let upstream = Upstream::scripted(move |conn| {
        conn.receive();
        conn.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n");
        told.lock().unwrap().recv().unwrap();
        conn.send("3\r\ntwo\r\n0\r\n\r\n");
    });
    let gateway = Gateway::before(&upstream);
    let mut client = gateway.connect();
    client.send_request("GET / HTTP/1.1");
    client.take_to(b"one\r\n").unwrap();
    go_on.send(()).unwrap();
    client.take_to(b"two\r\n").unwrap();
}

#[test]
fn a_request_streams_as_it_is_made() {
    let upstream = Upstream::scripted(|conn| {
        let head = conn.head().unwrap();
        assert_eq!(head.field("transfer-encoding"), Some("chunked"));
        conn.take_to(b"one\r\n").unwrap();
        conn.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nyes\r\n");
        conn.take_to(b"two\r\n").unwrap();
        conn.take_to(b"0\r\n\r\n").unwrap();
        conn.send("0\r\n\r\n");
    });
    let gateway = Gateway::before(&upstream);
    let mut client = gateway.connect();
    client.send("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n");
    // The answer has begun, and the upload goes on behind it.
    client.take_to(b"yes\r\n").unwrap();
    client.send("3\r\ntwo\r\n0\r\n\r\n");
    client.take_to(b"0\r\n\r\n").unwrap();
    assert!(client.unread.is_empty());
}

/// Both directions at once, each larger than any buffer on the way.
#[test]
fn an_echo_of_a_large_body_is_whole() {
    let upstream = Upstream::scripted(|conn| {
        let head = conn.head().unwrap();
        let mut left: usize = head.field("content-length").unwrap().parse().unwrap();
        conn.send(format!("HTTP/1.1 200 OK\r\ncontent-length: {left}\r\n\r\n"));
        while left > 0 {
            assert!(!conn.unread.is_empty() || conn.fill());
            let piece = std::mem::take(&mut conn.unread);
            left -= piece.len();
            conn.send(piece);
        }
    });
    let gateway = Gateway::before(&upstream);
    let body = pattern(8 << 20);
    let mut client = gateway.connect();
    let sender = client.socket().try_clone().unwrap();
    let echo = thread::scope(|scope| {
        scope.spawn(|| {
            use std::io::Write;
            let mut sender = sender;
            write!(sender, "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n", body.len()).unwrap();
            sender.write_all(&body).unwrap();
        });
        client.answer_to("POST").unwrap()
    });
    assert!(echo.body == body, "the echo differs");
}

#[test]
fn fifty_megabytes_pass_intact_each_way() {
    const LENGTH: usize = 50 << 20;
    let upstream = Upstream::answering(|request| match request.method() {
        "GET" => with_body("200 OK", &pattern(LENGTH)),
        _ if request.body == pattern(LENGTH) => with_body("200 OK", b"intact"),
        _ => with_body("500 Damaged", b"damaged"),
    });
    let gateway = Gateway::with("server.limits.body = '50MiB'", &upstream, "");
    assert_eq!(gateway.connect().post("/", &pattern(LENGTH)).text(), "intact");
    assert!(gateway.get("/").body == pattern(LENGTH), "the answer differs");
    assert!(gateway.resident() < 100 << 20, "{} bytes: nothing is buffered whole", gateway.resident());
    let line = gateway.logged("/");
    assert_eq!((line["bytes_in"].as_u64(), line["method"].as_str()), (Some(50 << 20), Some("POST")));
}

#[test]
fn trailers_are_kept_both_ways() {
    let upstream = Upstream::scripted(|conn| {
        let request = conn.receive().unwrap();
        assert_eq!(request.trailers, [("x-sum".to_owned(), "1".to_owned())]);
        let trailers = "grpc-status: 0\r\nx-checksum: abc\r\n";
        conn.send(format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: grpc-status\r\n\r\n2\r\nok\r\n0\r\n{trailers}\r\n"));
    });
    let gateway = Gateway::before(&upstream);
    let mut client = gateway.connect();
    client.send("POST / HTTP/1.1\r\nhost: a\r\nte: trailers\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n");
    let answer = client.answer_to("POST").unwrap();
    let trailers = [("grpc-status".to_owned(), "0".to_owned()), ("x-checksum".to_owned(), "abc".to_owned())];
    assert_eq!((answer.text().as_str(), answer.trailers), ("ok", trailers.to_vec()));
}

#[test]
fn a_chunked_answer_to_an_old_client_ends_with_its_connection() {
    let upstream = Upstream::answering(|_| {
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\nx-t: 1\r\n\r\n".into()
    });
    let gateway = Gateway::before(&upstream);
    let mut client = gateway.connect();
    client.send("GET / HTTP/1.0\r\nhost: a\r\nconnection: keep-alive\r\n\r\n");
    let answer = client.head().unwrap();
    assert_eq!((answer.field("transfer-encoding"), answer.field("content-length")), (None, None));
    assert!(answer.closes());
    assert_eq!(client.to_end(), (b"onetwo".to_vec(), End::Closed));
    gateway.get("/");
    assert_eq!(upstream.last().start, "GET / HTTP/1.1", "the gateway speaks its own version");
}

#[test]
fn an_old_client_is_kept_when_it_asks_for_that() {
    let upstream = Upstream::ok();
    let gateway = Gateway::before(&upstream);
    let mut client = gateway.connect();
    for _ in 0..2 {
        client.send("GET / HTTP/1.0\r\nhost: a\r\nconnection: keep-alive\r\n\r\n");
        assert_eq!(client.answer_to("GET").unwrap().field("connection"), Some("keep-alive"));
    }
    client.send("GET / HTTP/1.0\r\nhost: a\r\n\r\n");
    client.answer_to("GET").unwrap();
    assert_eq!(client.to_end(), (Vec::new(), End::Closed));
    let mut client = gateway.connect();
    assert!(client.ask("GET / HTTP/1.1\r\nconnection: close").closes());
    assert_eq!(client.to_end(), (Vec::new(), End::Closed));
}

#[test]
fn head_has_the_fields_of_get_and_no_body() {
    let upstream = Upstream::answering(|_| b"HTTP/1.1 200 OK\r\ncontent-length: 1234\r\netag: \"x\"\r\n\r\n".to_vec());
    let gateway = Gateway::before(&upstream);
    let mut client = gateway.connect();
    let answer = client.ask("HEAD /a HTTP/1.1");
    assert_eq!((answer.field("content-length"), answer.field("etag")), (Some("1234"), Some("\"x\"")));
    client.ask("HEAD /b HTTP/1.1");
    assert_eq!((upstream.requests().len(), upstream.connections()), (2, 1));
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let upstream = Upstream::answering(|request| with_body("200 OK", request.target().as_bytes()));
    let gateway = Gateway::before(&upstream);
    let mut client = gateway.connect();
    let post = "POST /two HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello";
    client.send(format!("GET /one HTTP/1.1\r\nhost: a\r\n\r\n{post}GET /three HTTP/1.1\r\nhost: a\r\n\r\n"));
    let texts: Vec<String> = (0..3).map(|_| client.answer_to("GET").unwrap().text()).collect();
    assert_eq!(texts, ["/one", "/two", "/three"]);
}

/// However the bytes of a request are cut into packets, it is the same request.
#[test]
fn a_request_may_come_byte_by_byte() {
    let upstream = Upstream::answering(|request| with_body("200 OK", &request.body));
    let gateway = Gateway::before(&upstream);
    let mut client = gateway.connect();
    let bytes =
        b"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n";
    for byte in bytes {
        client.send([*byte]);
    }
    assert_eq!(client.answer_to("POST").unwrap().text(), "hello world");
    assert_eq!(client.get("/b").status(), 200);
}

/// The connection may go on after it or end; what it may not do is take the rest of the body for a request.
#[test]
fn an_early_answer_is_relayed_while_the_upload_runs() {
    let upstream = Upstream::scripted(|conn| {
        conn.head().unwrap();
        conn.send(ok());
        let _ = conn.take(1 << 20);
        while conn.receive().is_some() {
            conn.send(ok());
        }
    });
    let gateway = Gateway::before(&upstream);
    let mut client = gateway.connect();
    client.send(format!("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n", 1 << 20));
    assert_eq!(client.answer_to("POST").unwrap().text(), "ok");
    let smuggled = "GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n";
    client.send(smuggled.repeat((1 << 20) / smuggled.len()));
    client.finish();
    let (rest, _) = client.to_end();
    assert_eq!(rest, b"", "{}", rest.escape_ascii());
    assert_eq!(upstream.requests(), []);
}

/// A client that never reads its answers is not read either.
#[test]
fn a_pipelined_flood_is_held_back() {
    let upstream = Upstream::answering(|_| with_body("200 OK", &vec![b'x'; 100_000]));
    let gateway = Gateway::before(&upstream);
    gateway.get("/");
    let before = gateway.resident();
    let mut client = gateway.connect();
    client.hold_little();
    let sent = client.send_until_blocked(&b"GET / HTTP/1.1\r\nhost: a\r\n\r\n".repeat(500), Duration::from_millis(500));
    assert!(sent < 16 << 20, "{sent} bytes");
    assert!(gateway.resident().saturating_sub(before) < 8 << 20);
}

/// RFC 9112 §9.6: a reset must not eat the answer of a client that is still sending.
#[test]
fn an_early_refusal_is_read_by_a_client_that_sends_on() {
    let upstream = Upstream::ok();
    let gateway = Gateway::with("server.limits.body = '1KiB'", &upstream, "");
    for _ in 0..10 {
        let mut client: Client = gateway.connect();
        client.send("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n80000\r\n");
        client.send(vec![b'x'; 0x80000]);
        assert_eq!(client.answer_to("POST").unwrap().status(), 413);
    }
}
