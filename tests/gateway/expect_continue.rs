//! CASES 3: `Expect: 100-continue` (RFC 9110 §10.1.1).
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use e2e::{Gateway, Http2, Upstream, kind, ok};

const HEAD: &str = "POST /up HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";

#[test]
fn the_body_is_asked_for_and_comes_through() {
    let upstream = Upstream::scripted(|conn| {
        let head = conn.head().unwrap();
        if head.field("expect").is_some() {
            conn.send("HTTP/1.1 100 Continue\r\n\r\n");
        }
        assert_eq!(conn.take(5).unwrap(), b"hello");
        conn.send(ok());
    });
    let gateway = Gateway::before(&upstream);
    let mut client = gateway.connect();
    client.send(HEAD);
    assert_eq!(client.head().unwrap().status(), 100);
    client.send("hello");
    assert_eq!(client.answer_to("POST").unwrap().text(), "ok");
}

/// Nothing of the body went out, and where the next request would begin is unknown: neither connection is used again.
#[test]
fn a_refusal_comes_at_once_and_ends_both_connections() {
    let upstream = Upstream::scripted(|conn| {
        if conn.head().is_ok() {
            conn.send("HTTP/1.1 417 Expectation Failed\r\ncontent-length: 0\r\n\r\n");
            conn.wait_end();
        }
    });
    let gateway = Gateway::before(&upstream);
    let mut client = gateway.connect();
    client.send(HEAD);
    let answer = client.head().unwrap();
    assert_eq!(answer.status(), 417);
    assert!(answer.closes(), "{answer:?}");
    client.send("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
    let (rest, _) = client.to_end();
    assert_eq!(rest, b"", "{}", rest.escape_ascii());
    upstream.wait_ended(1);
    gateway.get("/next");
    assert_eq!(upstream.connections(), 2);
}

/// RFC 9110 §10.1.1: nothing is held back of what is here already, and nobody is told to send it.
#[test]
fn a_client_that_does_not_wait_is_served_at_once() {
    let heads: &'static AtomicUsize = Box::leak(Box::default());
    let upstream = Upstream::scripted(move |conn| {
        while conn.head().is_ok() {
            heads.fetch_add(1, Ordering::SeqCst);
            let Ok(body) = conn.take(5) else { return };
            conn.send(e2e::with_body("200 OK", &body));
        }
    });
    let gateway = Gateway::before(&upstream);
    let mut client = gateway.connect();
    // Both at once, a part of it, and nothing of it until the upstream has the head.
    for at_once in ["hello", "h", ""] {
        let asked = heads.load(Ordering::SeqCst);
        let begun = Instant::now();
        client.send(format!("{HEAD}{at_once}"));
        if at_once.is_empty() {
            e2e::eventually("the upstream has the head", || (heads.load(Ordering::SeqCst) > asked).then_some(()));
        }
        client.send(&"hello"[at_once.len()..]);
        let head = client.head().unwrap();
        assert_eq!((head.status(), client.take(5).unwrap()), (200, b"hello".to_vec()), "{at_once:?}");
        assert!(begun.elapsed() < Duration::from_millis(900), "{at_once:?} {:?}", begun.elapsed());
    }
}

/// The same over HTTP/2.
#[test]
fn a_stream_whose_body_is_here_is_served_at_once() {
    let upstream = Upstream::answering(|request| e2e::with_body("200 OK", &request.body));
    let gateway = Gateway::before(&upstream);
    let mut client = Http2::connect(gateway.address);
    client.until("the settings", |client| !client.settings.is_empty());
    let fields = [
        (":method", "POST"),
        (":scheme", "http"),
        (":authority", "a"),
        (":path", "/"),
        ("expect", "100-continue"),
        ("content-length", "5"),
    ];
    let head = e2e::frame(kind::HEADERS, 4, 1, &e2e::field_block(&fields));
    let begun = Instant::now();
    // In one piece, as a client sends them that does not wait.
    client.send([head, e2e::frame(kind::DATA, 1, 1, b"hello")].concat());
    let exchange = client.outcome(1);
    assert_eq!((exchange.answer.text().as_str(), exchange.interim.len()), ("hello", 0));
    assert!(begun.elapsed() < Duration::from_millis(900), "{:?}", begun.elapsed());
}

#[test]
fn a_refusal_of_the_gateway_needs_no_body() {
    let upstream = Upstream::ok();
    let gateway = Gateway::with("server.limits.body = '4B'", &upstream, "routes = ['/up']");
    for (head, status) in [(HEAD.to_owned(), 413), (HEAD.replace("/up", "/unknown"), 404)] {
        let mut client = gateway.connect();
        client.send(head);
        let answer = client.answer_to("POST").unwrap();
        assert_eq!((answer.status(), answer.closes()), (status, true), "{answer:?}");
        assert_eq!(client.to_end().0, b"");
    }
    assert_eq!(upstream.connections(), 0);
}

#[test]
fn other_expectations_are_417() {
    let upstream = Upstream::ok();
    let gateway = Gateway::before(&upstream);
    for expectation in ["200-ok", "100-continue, x", "x=1"] {
        let answer = gateway.ask(&format!("GET / HTTP/1.1\r\nexpect: {expectation}"));
        assert_eq!(answer.status(), 417, "{expectation}");
    }
    assert_eq!(upstream.connections(), 0);
}

/// RFC 9110 §10.1.1: an HTTP/1.0 client is sent no 100.
#[test]
fn an_old_client_is_sent_no_interim_answer() {
    let upstream = Upstream::ok();
    let gateway = Gateway::before(&upstream);
    let mut client = gateway.connect();
    client.send("POST / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello");
    assert_eq!(client.head().unwrap().status(), 200);
    assert_eq!(upstream.last().body, b"hello");
}

/// RFC 9110 §10.1.1: an upstream that ignores the field is sent the body after a while, and the client its 100.
#[test]
fn an_upstream_that_says_nothing_gets_the_body() {
    let upstream = Upstream::answering(|request| e2e::with_body("200 OK", &request.body));
    let gateway = Gateway::before(&upstream);
    let mut client = gateway.connect();
    client.send(HEAD);
    assert_eq!(client.head().unwrap().status(), 100);
    client.send("hello");
    assert_eq!(client.answer_to("POST").unwrap().text(), "hello");
    assert_eq!(client.get("/next").status(), 200);
}
