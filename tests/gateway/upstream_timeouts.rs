//! `timeouts.total` and `timeouts.body_idle`: how long an answer may take that has begun.
use std::{thread, time::Duration};

use e2e::{Client, End, GRANT, Gateway, Upstream, WebSocket, eventually};

use crate::upstream_faults::code;

/// An upstream that answers `/silent` with a head and one piece, `/drips` with a piece every 20 ms, `/large` with 32 MiB,
/// upgrades, and nothing else.
fn slow() -> Upstream {
    Upstream::scripted(|conn| {
        let Ok(head) = conn.head() else { return };
        if head.field("upgrade").is_some() {
            conn.send(GRANT);
            return conn.echo_frames();
        }
        let begin = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n";
        match head.target() {
            "/silent" => drop(conn.send(begin).then(|| conn.wait_end())),
            "/drips" => {
                conn.send(begin);
                while conn.send("4\r\ndrop\r\n") {
                    thread::park_timeout(Duration::from_millis(20));
                }
            }
            "/large" => {
                conn.send(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", 32 << 20));
                conn.send(vec![b'x'; 32 << 20]);
            }
            _ => drop(conn.wait_end()),
        }
    })
}

/// Asks, takes the first piece, and waits for the cut.
fn is_cut(gateway: &Gateway, target: &str) {
    let mut client = gateway.connect();
    client.send_request(&format!("GET {target} HTTP/1.1"));
    client.take_to(b"first\r\n").unwrap();
    assert_eq!(client.to_end().1, End::Reset, "{target}: no clean end");
    let line = gateway.logged(target);
    assert_eq!((&line["status"], &line["code"]), (&200.into(), &"upstream_timeout".into()), "{line}");
}

#[test]
fn an_answer_that_takes_too_long_in_total_is_cut() {
    let upstream = slow();
    let gateway = Gateway::with("", &upstream, "timeouts.total = '400ms'");
    is_cut(&gateway, "/silent");
    is_cut(&gateway, "/drips");
    upstream.wait_ended(2);
}

#[test]
fn no_answer_within_the_total_is_504_and_the_upstreams_failure() {
    let upstream = slow();
    let breaker = "circuit_breaker = { failure_threshold = 1, recovery_timeout = '1h' }\ntimeouts.total = '300ms'";
    let gateway = Gateway::with("", &upstream, breaker);
    // Whoever is slow to send has used up the time: nothing is said of the upstream.
    let mut client = gateway.connect();
    client.send("POST /nothing HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nhello");
    assert_eq!(code(&client.answer_to("POST").unwrap()), (504, "upstream_timeout".into()));
    assert_eq!(code(&gateway.get("/nothing")), (504, "upstream_timeout".into()));
    assert_eq!(code(&gateway.get("/nothing")), (503, "circuit_open".into()));
    upstream.wait_ended(2);
}

#[test]
fn a_silence_in_an_answer_is_cut_and_a_slow_answer_is_not() {
    let upstream = slow();
    let gateway = Gateway::with("", &upstream, "timeouts.body_idle = '400ms'");
    is_cut(&gateway, "/silent");
    let mut client = gateway.connect();
    client.send_request("GET /drips HTTP/1.1");
    for _ in 0..40 {
        client.take_to(b"drop\r\n").unwrap();
    }
    drop(client);
    // A client that does not read for longer makes no upstream silent.
    let mut client = gateway.connect();
    client.send_request("GET /large HTTP/1.1");
    let mut answer = client.head().unwrap();
    thread::park_timeout(Duration::from_millis(900));
    let outcome = client.body_of(&mut answer).map_err(|cut| cut.end);
    assert_eq!((outcome, answer.body.len()), (Ok(()), 32 << 20), "{}", gateway.logged("/large"));
}

#[test]
fn a_route_may_go_without_and_a_reload_says_anew() {
    let upstream = slow();
    let toml = |total: &str| {
        let keys =
            format!("timeouts.total = {total}\nroutes = ['/', {{ match = '/free', timeouts = {{ total = false }} }}]");
        e2e::service("app", &[&upstream], &keys)
    };
    let gateway = Gateway::start(&toml("'300ms'"));
    assert_eq!(gateway.get("/nothing").status(), 504);
    let mut free = gateway.connect();
    free.send_request("GET /free HTTP/1.1");
    assert!(free.stays_silent(Duration::from_millis(700)));
    let mut chat = WebSocket::open(gateway.address, "/chat");
    thread::park_timeout(Duration::from_millis(500));
    assert_eq!(chat.ask("still here"), "still here", "what is upgraded is no answer");
    gateway.reload(&toml("false"), "applied");
    let mut client: Client = gateway.connect();
    client.send_request("GET /nothing HTTP/1.1");
    assert!(client.stays_silent(Duration::from_millis(700)));
    gateway.reload(&toml("'200ms'"), "applied");
    eventually("the next has less time", || (gateway.get("/nothing").status() == 504).then_some(()));
}
