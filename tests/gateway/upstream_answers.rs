//! Answers that are odd and sound, and how they are passed on.
use e2e::{End, Gateway, Message, Upstream};

/// What the client gets for a `GET` when the upstream sends `bytes` and keeps the connection.
fn relayed(bytes: impl Into<Vec<u8>>) -> Message {
    let bytes = bytes.into();
    let upstream = Upstream::answering(move |_| bytes.clone());
    Gateway::before(&upstream).get("/")
}

#[test]
fn an_answer_may_have_hundreds_of_fields() {
    let fields: String = (0..500).map(|n| ["x-", &n.to_string(), ": 1\r\n"].concat()).collect();
    let answer = relayed(format!("HTTP/1.1 200 OK\r\n{fields}content-length: 2\r\n\r\nok"));
    assert_eq!((answer.status(), answer.field("x-499")), (200, Some("1")));
}

#[test]
fn chunks_may_have_extensions_and_leading_zeros() {
    let answer = relayed("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n0005;a=\"b\"\r\nhello\r\n000\r\n\r\n");
    assert_eq!(answer.text(), "hello");
}

#[test]
fn a_reason_may_be_empty_or_unknown() {
    for reason in ["200 ", "200 Ganz gut", "299 Odd"] {
        let answer = relayed(format!("HTTP/1.1 {reason}\r\ncontent-length: 2\r\n\r\nok"));
        assert_eq!((answer.status() / 100, answer.text().as_str()), (2, "ok"), "{reason}");
    }
    assert_eq!(relayed("HTTP/1.1 200\r\ncontent-length: 2\r\n\r\nok").text(), "ok", "what many servers send");
}

/// RFC 9110 §8.6: no length on a 204, whatever the upstream says.
#[test]
fn a_204_has_no_length_and_no_coding() {
    for framing in ["content-length: 6", "content-length: 0", "transfer-encoding: chunked"] {
        let answer = relayed(format!("HTTP/1.1 204 No Content\r\n{framing}\r\n\r\n"));
        assert_eq!(answer.status(), 204);
        assert_eq!((answer.field("content-length"), answer.field("transfer-encoding")), (None, None), "{framing}");
    }
}

#[test]
fn an_old_upstream_is_understood() {
    let upstream = Upstream::scripted(|conn| {
        conn.receive();
        conn.send("HTTP/1.0 200 OK\r\n\r\nhello");
    });
    let gateway = Gateway::before(&upstream);
    let mut client = gateway.connect();
    for _ in 0..2 {
        assert_eq!(client.get("/").text(), "hello");
    }
    assert_eq!(upstream.connections(), 2);
    let kept =
        Upstream::answering(|_| b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok".to_vec());
    let gateway = Gateway::before(&kept);
    gateway.get("/");
    gateway.get("/");
    assert_eq!(kept.connections(), 1);
}

#[test]
fn an_answer_that_says_close_is_not_followed_by_another() {
    let upstream = Upstream::scripted(|conn| {
        conn.receive();
        conn.send("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok");
        // Were a second request sent, it would be lost here.
        assert_eq!(conn.wait_end(), End::Closed);
        assert!(conn.unread.is_empty());
    });
    let gateway = Gateway::before(&upstream);
    let mut client = gateway.connect();
    for _ in 0..3 {
        assert!(!client.get("/").closes());
    }
    assert_eq!(upstream.connections(), 3);
}

/// An upstream that refuses and closes with the body unread resets its connection: its answer is there all the same.
#[test]
fn a_refusal_that_is_followed_by_a_reset_is_relayed() {
    let upstream = Upstream::scripted(|conn| {
        conn.head().unwrap();
        conn.send(e2e::with_body("413 Content Too Large", b"enough"));
    });
    let gateway = Gateway::before(&upstream);
    for _ in 0..10 {
        let mut client = gateway.connect();
        client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4000000\r\n\r\n");
        client.send(vec![b'x'; 4_000_000]);
        let answer = client.answer_to("POST").unwrap();
        assert_eq!((answer.status(), answer.text().as_str()), (413, "enough"));
    }
}

/// A head that comes byte by byte is not given more time for each byte.
#[test]
fn a_dripping_head_is_504() {
    let upstream = Upstream::scripted(|conn| {
        conn.receive();
        conn.send("HTTP/1.1 200 OK\r\nx-a: ");
        while conn.stays_silent(std::time::Duration::from_millis(20)) && conn.send("x") {}
    });
    let gateway = Gateway::with("", &upstream, "timeouts.request = '500ms'");
    assert_eq!(gateway.get("/").status(), 504);
    upstream.wait_ended(1);
}

#[test]
fn a_large_answer_without_a_length_is_whole() {
    let upstream = Upstream::scripted(|conn| {
        conn.receive();
        conn.send("HTTP/1.1 200 OK\r\n\r\n");
        conn.send(vec![b'x'; 3_000_000]);
    });
    let answer = Gateway::before(&upstream).get("/");
    assert_eq!((answer.body.len(), answer.field("transfer-encoding")), (3_000_000, Some("chunked")));
}
