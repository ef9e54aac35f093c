//! SPEC §3, 8: bodies stream both ways, with back-pressure, and come out as they went in.
use std::{sync::mpsc, thread};

use e2e::{Client, Gateway, Upstream, ok, with_body};

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

/// RFC 9112 §9.6: whoever was not told that the connection ends may use it again, once all of the request is there.
#[test]
fn an_early_answer_keeps_the_connection_or_says_that_it_ends() {
    let upstream = Upstream::scripted(|conn| {
        let Ok(head) = conn.head() else { return };
        let length = if head.target() == "/empty" { "0" } else { "5" };
        conn.send(format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\nearly"));
        conn.wait_end();
    });
    let gateway = Gateway::before(&upstream);
    let chunked = "transfer-encoding: chunked\r\n\r\n5\r\n";
    for (target, body, closes) in [
        ("/", "content-length: 10\r\n\r\nhello", false),
        ("/", chunked, false),
        ("/", "content-length: 9000000\r\n\r\nhello", true),
        ("/empty", "content-length: 10\r\n\r\nhello", true),
        ("/empty", chunked, true),
    ] {
        let mut client = gateway.connect();
        client.send(format!("POST {target} HTTP/1.1\r\nhost: a\r\n{body}"));
        let answer = client.answer_to("POST").unwrap();
        assert_eq!((answer.status(), answer.closes()), (200, closes), "{target} {body}");
        if closes {
            client.finish();
            assert_eq!(client.to_end().0, b"", "{target} {body}");
        } else {
            client.send(if body == chunked { "hello\r\n0\r\n\r\n" } else { "hello" });
            assert_eq!(client.get("/health").status(), 200, "{target} {body}");
        }
    }
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
