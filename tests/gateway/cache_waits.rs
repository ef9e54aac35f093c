//! `cache`: those who wait for an answer that another fetches.
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use e2e::{Client, Gateway, Http2, Upstream, eventually, service};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncache-control: max-age=60\r\ncontent-length: 2\r\n\r\nok";

/// So many clients that ask for `/` at once, and what they get: status and body.
fn crowd(gateway: &Gateway, size: usize) -> Vec<thread::JoinHandle<(u16, String)>> {
    let address = gateway.address;
    let one = move || {
        let answer = Client::connect(address).get("/");
        (answer.status(), answer.text())
    };
    (0..size).map(|_| thread::spawn(one)).collect()
}

/// When the one who fetches goes, one of those who wait takes its place, and not all of them.
#[test]
fn a_client_that_leaves_has_one_successor() {
    let (gate, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let (open, count) = (Arc::clone(&gate), Arc::clone(&asked));
    let upstream = Upstream::answering(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        eventually("the gate opens", || open.load(Ordering::SeqCst).then_some(()));
        ANSWER.to_vec()
    });
    let gateway = Gateway::start(&service("app", &[&upstream], "cache = true"));
    let mut first = gateway.connect();
    first.send_request("GET / HTTP/1.1");
    eventually("it is asked for", || (asked.load(Ordering::SeqCst) == 1).then_some(()));
    let others = crowd(&gateway, 20);
    gateway.wait_metric("gateway_in_flight", 21.0);
    drop(first);
    eventually("it is asked for again", || (asked.load(Ordering::SeqCst) >= 2).then_some(()));
    gateway.wait_metric("gateway_in_flight", 20.0);
    gate.store(true, Ordering::SeqCst);
    for other in others {
        assert_eq!(other.join().unwrap(), (200, "ok".into()));
    }
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

/// Where no answer comes in time, all who came together are told so together.
#[test]
fn a_service_that_is_silent_is_not_asked_by_all() {
    let upstream = Upstream::consuming(|mut conn| while conn.receive().is_some() {});
    let keys = "cache = true\ntimeouts.request = '1s'\nretry = false\ncircuit_breaker = false";
    let gateway = Gateway::start(&service("app", &[&upstream], keys));
    for one in crowd(&gateway, 20) {
        assert_eq!(one.join().unwrap().0, 504);
    }
    assert!(upstream.requests().len() <= 2, "{}", upstream.requests().len());
}

/// A client of HTTP/2 that opens no window holds up nobody but itself.
#[test]
fn a_client_that_does_not_read_holds_up_nobody() {
    let upstream = Upstream::answering(|_| {
        let head = "HTTP/1.1 200 OK\r\ncache-control: max-age=60\r\ncontent-length: 500000\r\n\r\n";
        [head.as_bytes(), &vec![b'a'; 500_000]].concat()
    });
    let rules = service("app", &[&upstream], "cache = true\ntimeouts.request = '1h'");
    let gateway = Gateway::start(&format!("server.timeouts.body_idle = '1h'\n{rules}"));
    let mut slow = Http2::with_windows(gateway.connect(), 0);
    slow.send_request(1, "GET", "/", &[], true);
    slow.until("the head", |slow| slow.seen(1).answer.field("cache-status").is_some());
    let (first, second) = (gateway.get("/"), gateway.get("/"));
    assert_eq!((first.body.len(), second.body.len()), (500_000, 500_000));
    assert!(second.field("cache-status").unwrap().starts_with("gateway; hit"));
    assert_eq!(upstream.requests().len(), 2);
}
