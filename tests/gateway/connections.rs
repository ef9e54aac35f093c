//! How a client's connection is used: kept, closed, pipelined, in any version and in any pieces.
use std::time::Duration;

use e2e::{End, Gateway, Upstream, with_body};

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
