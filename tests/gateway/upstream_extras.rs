//! CASES 37–39: upstreams that say more than was asked.
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use e2e::{Gateway, Upstream, ok};

/// What the client gets, head by head, when an upstream sends `bytes` for the first answer; then `ok`.
fn heads(bytes: &str, lines: &str) -> Vec<e2e::Message> {
    let bytes = bytes.to_owned();
    let upstream = Upstream::scripted(move |conn| {
        while let Some(request) = conn.receive() {
            conn.send(if request.target() == "/next" { ok() } else { bytes.clone().into() });
        }
    });
    let gateway = Gateway::before(&upstream);
    let mut client = gateway.connect();
    client.send_request(lines);
    let mut heads = vec![client.head().unwrap()];
    while heads.last().unwrap().status() < 200 {
        heads.push(client.head().unwrap());
    }
    let last = heads.last_mut().unwrap();
    client.body_of(last).unwrap();
    assert_eq!(client.get("/next").text(), "ok", "the client's connection serves on");
    heads
}

/// CASES 37: a final answer comes through whatever went before it.
#[test]
fn interim_answers_are_relayed_or_swallowed() {
    let last = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nlast";
    let early = "HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\n";
    for interim in
        ["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 102 Processing\r\n\r\n", early, "HTTP/1.1 199 Odd\r\n\r\n"]
    {
        for times in [1, 3, 50] {
            let heads = heads(&format!("{}{last}", interim.repeat(times)), "GET / HTTP/1.1");
            let last = heads.last().unwrap();
            assert_eq!((last.status(), last.text().as_str()), (200, "last"), "{interim:?} {times} times");
        }
    }
    let relayed = heads(&format!("{early}{last}"), "GET / HTTP/1.1");
    assert_eq!(relayed[0].field("link"), Some("</a.css>; rel=preload"), "a hint is of use to the client");
}

/// Each in its order, with what is meant for the client alone; a 100 that nobody waits for says nothing.
#[test]
fn hints_are_relayed_one_by_one() {
    let hint = |n: u8| format!("HTTP/1.1 103 Early Hints\r\nlink: </{n}>\r\nconnection: close\r\n\r\n");
    let last = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    let interims = [hint(1), "HTTP/1.1 100 Continue\r\n\r\n".into(), hint(2), hint(3)].concat();
    let relayed = heads(&format!("{interims}{last}"), "GET / HTTP/1.1");
    let links: Vec<_> = relayed.iter().map(|head| (head.status(), head.field("link"))).collect();
    assert_eq!(links, [(103, Some("</1>")), (103, Some("</2>")), (103, Some("</3>")), (200, None)]);
    assert!(relayed.iter().all(|head| head.field("connection").is_none()), "{relayed:#?}");
}

#[test]
fn an_old_client_gets_the_final_answer_alone() {
    for interim in ["103 Early Hints\r\nlink: </a>", "100 Continue", "102 Processing", "199 Odd"] {
        let upstream = Upstream::answering(move |_| {
            let interim = format!("HTTP/1.1 {interim}\r\n\r\n").repeat(3);
            format!("{interim}HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nlast").into()
        });
        let gateway = Gateway::before(&upstream);
        let (answer, _) = gateway.raw("GET / HTTP/1.0\r\nhost: a\r\n\r\n");
        assert!(answer.starts_with(b"HTTP/1.1 200 ") && answer.ends_with(b"\r\n\r\nlast"), "{}", answer.escape_ascii());
    }
}

/// An upstream that never comes to the point is not listened to forever.
#[test]
fn endless_interim_answers_are_502() {
    let upstream = Upstream::scripted(|conn| {
        conn.receive();
        while conn.send("HTTP/1.1 102 Processing\r\n\r\n".repeat(100)) {}
    });
    let gateway = Gateway::with("", &upstream, "timeouts.request = '2s'");
    let answer = gateway.get("/");
    assert!([502, 504].contains(&answer.status()), "{answer:?}");
    upstream.wait_ended(1);
}

/// CASES 38: bytes that belong to no answer are never taken for the next one's.
#[test]
fn bytes_after_an_answer_poison_nobody() {
    const POISON: &str = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison";
    for (lines, answer) in [
        ("GET / HTTP/1.1", format!("HTTP/1.1 204 No Content\r\n\r\n{POISON}")),
        ("GET / HTTP/1.1", format!("HTTP/1.1 204 No Content\r\ncontent-length: 6\r\n\r\n{POISON}")),
        ("GET / HTTP/1.1", format!("HTTP/1.1 304 Not Modified\r\ncontent-length: 6\r\n\r\n{POISON}")),
        ("GET / HTTP/1.1", format!("HTTP/1.1 304 Not Modified\r\ntransfer-encoding: chunked\r\n\r\n{POISON}")),
        ("HEAD / HTTP/1.1", format!("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n{POISON}")),
        ("HEAD / HTTP/1.1", format!("HTTP/1.1 200 OK\r\n\r\n{POISON}")),
        ("GET / HTTP/1.1", format!("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok{POISON}")),
        ("GET / HTTP/1.1", format!("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n{POISON}")),
        (
            "GET / HTTP/1.1",
            format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n{POISON}"),
        ),
    ] {
        let what = answer.clone();
        let upstream = Upstream::scripted(move |conn| {
            while let Some(request) = conn.receive() {
                conn.send(if request.target() == "/" { answer.clone().into_bytes() } else { ok() });
            }
        });
        let gateway = Gateway::before(&upstream);
        let mut client = gateway.connect();
        let first = client.ask(lines);
        assert!(!first.text().contains("poison"), "{what:?}: {first:?}");
        assert_eq!(client.get("/next").text(), "ok", "{what:?}");
        assert_eq!(upstream.connections(), 2, "{what:?}: the connection is discarded");
    }
}

#[test]
fn bytes_that_come_while_a_connection_is_idle_poison_nobody() {
    let upstream = Upstream::scripted(|conn| {
        conn.receive();
        conn.send(ok());
        if conn.index == 0 {
            conn.send("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison");
            conn.wait_end();
        }
    });
    let gateway = Gateway::before(&upstream);
    let mut client = gateway.connect();
    assert_eq!(client.get("/").text(), "ok");
    assert!(client.stays_silent(Duration::from_millis(50)));
    assert_eq!(client.get("/").text(), "ok");
}

/// CASES 39: the slowest reader sets the pace, and nothing piles up in between.
#[test]
fn an_endless_body_is_held_back_by_a_client_that_does_not_read() {
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    let upstream = Upstream::scripted(move |conn| {
        conn.receive();
        conn.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        let chunk = [b"4000\r\n".as_slice(), &[b'x'; 0x4000], b"\r\n"].concat();
        counted.fetch_add(conn.send_until_blocked(&chunk, Duration::from_millis(500)), Ordering::SeqCst);
    });
    let gateway = Gateway::before(&upstream);
    gateway.get("/health");
    let before = gateway.resident();
    let clients: Vec<_> = (0..8)
        .map(|_| {
            let mut client = gateway.connect();
            client.hold_little();
            client.send_request("GET / HTTP/1.1");
            client
        })
        .collect();
    upstream.wait_ended(clients.len());
    let each = sent.load(Ordering::SeqCst) / clients.len();
    assert!(each < 16 << 20, "the kernel's buffers take some, and the gateway no more: {each} bytes");
    let grown = gateway.resident().saturating_sub(before);
    assert!(grown < 16 << 20, "{grown} bytes for {} stalled answers", clients.len());
}

#[test]
fn an_endless_upload_is_held_back_by_an_upstream_that_does_not_read() {
    let (release, released) = mpsc::channel::<()>();
    let released = Mutex::new(released);
    let upstream = Upstream::scripted(move |conn| {
        conn.hold_little();
        conn.head().unwrap();
        let _ = released.lock().unwrap().recv(); // Reads nothing until the test is over.
    });
    let gateway = Gateway::with("server.limits.body = '10GiB'", &upstream, "");
    gateway.get("/health");
    let before = gateway.resident();
    let mut client = gateway.connect();
    client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9000000000\r\n\r\n");
    let sent = client.send_until_blocked(&[b'x'; 0x4000], Duration::from_millis(500));
    assert!(sent < 32 << 20, "{sent} bytes");
    assert!(gateway.resident().saturating_sub(before) < 8 << 20);
    drop(release);
}

/// An upstream that takes no more of a body has `timeouts.request` to take some, like one that does not answer.
#[test]
fn an_upstream_that_does_not_read_is_504() {
    let (release, released) = mpsc::channel::<()>();
    let released = Mutex::new(released);
    let upstream = Upstream::scripted(move |conn| {
        conn.hold_little();
        conn.head().unwrap();
        let _ = released.lock().unwrap().recv();
    });
    let gateway = Gateway::with("server.limits.body = '1GiB'", &upstream, "timeouts.request = '300ms'");
    let mut client = gateway.connect();
    client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 900000000\r\n\r\n");
    client.send_until_blocked(&[b'x'; 0x4000], Duration::from_millis(200));
    assert_eq!(client.answer_to("POST").unwrap().status(), 504);
    drop(release);
}
