//! `max_in_flight`: what an upstream is spared, and how long a request waits for room.
use std::time::{Duration, Instant};

use e2e::{Gateway, Upstream, eventually, ok, service};

use crate::upstream_faults::code;

/// An upstream that holds `/hold` until it is sent another byte or the end, and then answers.
fn holding() -> Upstream {
    Upstream::scripted(|conn| {
        while let Some(request) = conn.receive() {
            if request.target() == "/hold" {
                conn.wait_end();
                return;
            }
            conn.send(ok());
        }
    })
}

fn hold(gateway: &Gateway, upstream: &Upstream) -> e2e::Client {
    let held = upstream.requests().len();
    let mut client = gateway.connect();
    client.send_request("GET /hold HTTP/1.1");
    eventually("the upstream is at work", || (upstream.requests().len() > held).then_some(()));
    client
}

#[test]
fn a_full_upstream_is_sent_no_more() {
    let upstream = holding();
    let gateway = Gateway::with("server.workers = 2", &upstream, "max_in_flight = 2");
    let _held = [hold(&gateway, &upstream), hold(&gateway, &upstream)];
    let begin = Instant::now();
    let answer = gateway.get("/refused");
    assert_eq!((code(&answer), answer.field("retry-after").is_some()), ((503, "overloaded".into()), true));
    assert!(begin.elapsed() >= Duration::from_secs(1), "it waits a little for room");
    assert_eq!(upstream.requests().len(), 2);
    assert_eq!(gateway.logged("/refused")["code"], "overloaded");
}

/// Room that comes in time is taken, and what held it was a client that has gone.
#[test]
fn a_request_waits_for_room() {
    let upstream = holding();
    let gateway = Gateway::with("", &upstream, "max_in_flight = 1");
    let held = hold(&gateway, &upstream);
    let mut waiting = gateway.connect();
    waiting.send_request("GET /waits HTTP/1.1");
    assert!(waiting.stays_silent(Duration::from_millis(100)));
    assert_eq!(upstream.requests().len(), 1);
    drop(held);
    assert_eq!(waiting.answer_to("GET").unwrap().status(), 200);
    for _ in 0..3 {
        assert_eq!(gateway.get("/").status(), 200, "each gives its place back");
    }
}

/// The limit is each upstream's own: another one with room is asked at once.
#[test]
fn another_upstream_has_room() {
    let upstreams = [holding(), holding()];
    let gateway = Gateway::start(&service("app", &[&upstreams[0], &upstreams[1]], "max_in_flight = 1"));
    let mut held = gateway.connect();
    held.send_request("GET /hold HTTP/1.1");
    let all = || upstreams.iter().map(|upstream| upstream.requests().len()).sum::<usize>();
    eventually("one is at work", || (all() == 1).then_some(()));
    for _ in 0..4 {
        assert_eq!(gateway.get("/").status(), 200);
    }
    assert_eq!(upstreams.iter().filter(|upstream| upstream.requests().len() == 1).count(), 1);
}
