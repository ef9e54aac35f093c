//! CASES 27: how long a client may take.
use std::time::Duration;

use e2e::{End, Gateway, Upstream};

#[test]
fn a_slow_head_is_408() {
    let upstream = Upstream::ok();
    let gateway = Gateway::with("server.timeouts.header = '300ms'", &upstream, "");
    let mut client = gateway.connect();
    client.send("GET / HTTP/1.1\r\nho");
    let answer = client.answer_to("GET").unwrap();
    assert_eq!((answer.status(), answer.json()["code"].as_str()), (408, Some("request_timeout")));
    assert_eq!(client.to_end().1, End::Closed);
    // A later head of the same connection has its own time.
    let mut client = gateway.connect();
    assert_eq!(client.get("/").status(), 200);
    client.send("GET / HT");
    assert_eq!(client.answer_to("GET").unwrap().status(), 408);
    // Whoever sends nothing at all is closed without an answer.
    assert_eq!(gateway.connect().to_end(), (Vec::new(), End::Closed));
}

/// A head that comes byte by byte is not given more time for each byte.
#[test]
fn a_dripping_head_is_408() {
    let upstream = Upstream::ok();
    let gateway = Gateway::with("server.timeouts.header = '500ms'", &upstream, "");
    let mut client = gateway.connect();
    let mut drops = 0;
    while client.stays_silent(Duration::from_millis(50)) && client.send("G") {
        drops += 1;
        assert!(drops < 200, "it drips on for ten seconds");
    }
    let (answer, _) = client.to_end();
    assert!(answer.starts_with(b"HTTP/1.1 408 ") || answer.is_empty(), "{}", answer.escape_ascii());
}

#[test]
fn an_idle_connection_is_closed_without_an_answer() {
    let upstream = Upstream::ok();
    let gateway = Gateway::with("server.timeouts.idle = '200ms'", &upstream, "");
    let mut client = gateway.connect();
    assert_eq!(client.get("/").status(), 200);
    assert_eq!(client.to_end(), (Vec::new(), End::Closed));
}

#[test]
fn a_stalled_upload_is_408() {
    let upstream = Upstream::ok();
    let gateway = Gateway::with("server.timeouts.body_idle = '300ms'", &upstream, "");
    for head in ["content-length: 10\r\n\r\nhello", "transfer-encoding: chunked\r\n\r\n5\r\nhel"] {
        let mut client = gateway.connect();
        client.send(format!("POST /stalled HTTP/1.1\r\nhost: a\r\n{head}"));
        let answer = client.answer_to("POST").unwrap();
        assert_eq!((answer.status(), answer.closes()), (408, true), "{head}");
        assert_eq!(client.to_end(), (Vec::new(), End::Closed));
    }
    upstream.wait_ended(2);
    assert_eq!(upstream.requests(), []);
    assert_eq!(gateway.logged("/stalled")["code"], "request_timeout");
}

#[test]
fn a_client_that_does_not_read_is_reset() {
    let upstream = Upstream::scripted(|conn| {
        if conn.receive().is_some() {
            conn.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
            let chunk = [b"4000\r\n".as_slice(), &[b'x'; 0x4000], b"\r\n"].concat();
            while conn.send(&chunk) {}
        }
    });
    let gateway = Gateway::with("server.timeouts.body_idle = '300ms'", &upstream, "");
    let mut client = gateway.connect();
    client.hold_little();
    client.send_request("GET /slow HTTP/1.1");
    assert_eq!(client.head().unwrap().status(), 200);
    assert_eq!(gateway.logged("/slow")["code"], "client_closed");
    assert_eq!(client.to_end().1, End::Reset);
    upstream.wait_ended(1);
}

/// CASES 27: a thousand slow heads hold nobody else up.
#[test]
fn slow_heads_do_not_hold_up_the_others() {
    let upstream = Upstream::ok();
    let gateway = Gateway::with("server.timeouts.header = '1s'", &upstream, "");
    let mut slow: Vec<_> = (0..400).map(|_| gateway.connect()).collect();
    assert!(slow.iter_mut().all(|client| client.send("GET / HTTP/1.1\r\nx-a: ")));
    let mut client = gateway.connect();
    for _ in 0..20 {
        assert_eq!(client.get("/").status(), 200);
    }
    let answer = slow.last_mut().unwrap().answer_to("GET").unwrap();
    assert_eq!(answer.status(), 408);
}
