//! CASES 2, 8, 9 and 11–13: where a body ends, and that nothing behind it is mistaken for a request.
use e2e::{End, Gateway, Upstream};

use crate::framing::{SMUGGLED, Table};

/// What came before the fault may be upstream already; it is aborted there, never completed.
#[test]
fn a_chunk_has_one_form() {
    let long = format!("5;{}\r\nhello\r\n0\r\n\r\n", "x".repeat(64 * 1024));
    let mut table = Table::new();
    for chunks in [
        "0x5\r\nhello\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "5 \r\nhello\r\n0\r\n\r\n",
        " 5\r\nhello\r\n0\r\n\r\n",
        "\r\n5\r\nhello\r\n0\r\n\r\n",
        "g\r\nhello\r\n0\r\n\r\n",
        "00000000000000005\r\nhello\r\n0\r\n\r\n",
        "10000000000000005\r\nhello\r\n0\r\n\r\n",
        "5;a\nb\r\nhello\r\n0\r\n\r\n",
        "5;a\0b\r\nhello\r\n0\r\n\r\n",
        "5;a\rb\r\nhello\r\n0\r\n\r\n",
        &long,
        "5\r\nhello!\r\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "5\r\nhello\r\n0\n\r\n",
        "5\r\nhello\r\n0\r\n\n",
        "5\r\nhello\r\n0\r\nX-A : 1\r\n\r\n",
        "5\r\nhello\r\n0\r\n folded\r\n\r\n",
        "5\r\nhello\r\n0\r\nX-A: 1\nX-B: 2\r\n\r\n",
    ] {
        table.refused(format!("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"), &[400]);
    }
}

/// CASES 2: a body that was not wanted is never read as a request.
#[test]
fn a_body_is_never_parsed_as_a_request() {
    let upstream = Upstream::scripted(|conn| {
        while let Ok(head) = conn.head() {
            conn.send(format!("HTTP/1.1 403 Forbidden\r\nx-seen: {}\r\ncontent-length: 0\r\n\r\n", head.target()));
        }
    });
    let gateway = Gateway::with("", &upstream, "routes = ['/known']");
    for target in ["/known", "/unknown", "/health", "/%00"] {
        for pieces in [1, 2] {
            let head = format!("GET {target} HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", SMUGGLED.len());
            let mut client = gateway.connect();
            client.send(head.as_bytes());
            let rest = if pieces == 2 { SMUGGLED } else { "" };
            let early = client.head().unwrap();
            client.send(if pieces == 2 { rest } else { SMUGGLED });
            client.finish();
            let (rest, _) = client.to_end();
            assert!(!rest.windows(5).any(|window| window == b"HTTP/"), "{early:?} {}", rest.escape_ascii());
        }
    }
}

/// What comes behind a request that ends the connection is nobody's request.
#[test]
fn nothing_is_served_after_a_close() {
    let upstream = Upstream::ok();
    let gateway = Gateway::before(&upstream);
    for first in ["GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "GET /a HTTP/1.0\r\nHost: a\r\n\r\n"] {
        let (answers, end) = gateway.raw(format!("{first}{SMUGGLED}"));
        assert_eq!(String::from_utf8_lossy(&answers).matches("HTTP/1.1 ").count(), 1, "{first:?}");
        assert_eq!(end, End::Closed);
    }
    assert!(upstream.requests().iter().all(|request| request.target() == "/a"));
}

/// CASES 9.
#[test]
fn trailers_that_are_no_trailers_are_discarded() {
    let upstream = Upstream::ok();
    let gateway = Gateway::before(&upstream);
    let mut client = gateway.connect();
    client.send(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nContent-Length: 3\r\n\
         Host: evil\r\nAuthorization: Basic eA==\r\nX-User-Id: 1\r\nx_user_id: 2\r\nTransfer-Encoding: gzip\r\n\
         Cookie: a=b\r\nX-Checksum: abc\r\n\r\n",
    );
    assert_eq!(client.answer_to("POST").unwrap().status(), 200);
    let request = upstream.last();
    assert_eq!(request.body, b"hello");
    assert_eq!(request.trailers, [("x-checksum".to_owned(), "abc".to_owned())]);
    assert_eq!(request.all("host"), ["a"]);
    for name in ["authorization", "x-user-id", "x_user_id", "cookie", "content-length"] {
        assert_eq!(request.all(name), [""; 0], "{name}");
    }
}

/// CASES 11–13, as far as there are no tunnels yet.
#[test]
fn nothing_opens_a_tunnel() {
    let upstream = Upstream::ok();
    let gateway = Gateway::before(&upstream);
    let mut client = gateway.connect();
    client.send("GET /first HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n");
    client.send("GET /second HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.answer_to("GET").unwrap().status(), 200);
    assert_eq!(client.answer_to("GET").unwrap().status(), 200);
    let h2c = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk";
    assert_eq!(client.ask(&format!("GET /third HTTP/1.1\r\n{h2c}")).status(), 200);
    let requests = upstream.requests();
    assert_eq!(requests.iter().map(e2e::Message::target).collect::<Vec<_>>(), ["/first", "/second", "/third"]);
    for (name, _) in requests.iter().flat_map(|request| &request.fields) {
        assert!(!["upgrade", "http2-settings", "connection"].contains(&name.as_str()), "{name}");
    }
    for (line, secret) in [("CONNECT a:443", "x-secret"), ("TRACE /", "x-secret")] {
        let answer = gateway.ask(&format!("{line} HTTP/1.1\r\n{secret}: never-told"));
        assert!([400, 405, 501].contains(&answer.status()), "{answer:?}");
        assert!(!answer.text().contains("never-told"), "{answer:?}");
    }
    assert_eq!(upstream.requests().len(), 3);
}
