//! CASES 33: connections that an upstream has closed while nobody used them.
use std::sync::atomic::{AtomicBool, Ordering};

use e2e::{Gateway, Upstream, ok};

use crate::upstream_faults::code;

/// CASES 33. The upstream serves one request a connection, keeps that open, and cuts it when the second has come.
fn cut_on_reuse() -> Upstream {
    Upstream::consuming(|mut conn| {
        conn.receive();
        conn.send(ok());
        let mut second = conn.receive();
        if second.take().is_some() {
            conn.reset();
        }
    })
}

#[test]
fn a_get_on_a_stale_connection_is_sent_once_more() {
    let upstream = cut_on_reuse();
    let gateway = Gateway::before(&upstream);
    let mut client = gateway.connect();
    assert_eq!(client.get("/first").status(), 200);
    assert_eq!(client.get("/second").status(), 200);
    let targets: Vec<String> = upstream.requests().iter().map(|request| request.target().to_owned()).collect();
    assert_eq!(targets, ["/first", "/second", "/second"]);
    assert_eq!(gateway.logged("/second")["retries"], 1);
}

#[test]
fn a_post_on_a_stale_connection_is_never_sent_again() {
    for body in ["", "hello"] {
        let upstream = cut_on_reuse();
        let gateway = Gateway::before(&upstream);
        let mut client = gateway.connect();
        assert_eq!(client.get("/first").status(), 200);
        assert_eq!(code(&client.post("/second", body.as_bytes())), (502, "upstream_reset".into()));
        assert_eq!(upstream.requests().len(), 2, "{body:?}");
    }
}

/// The retry is one: a fresh connection that is cut as well is a failure of the upstream.
#[test]
fn a_get_is_retried_once() {
    let served = AtomicBool::new(false);
    let upstream = Upstream::consuming(move |mut conn| {
        conn.receive();
        if served.swap(true, Ordering::SeqCst) {
            return conn.reset();
        }
        conn.send(ok());
        conn.receive();
        conn.reset();
    });
    let gateway = Gateway::before(&upstream);
    let mut client = gateway.connect();
    assert_eq!(client.get("/").status(), 200);
    assert_eq!(code(&client.get("/")), (502, "upstream_reset".into()));
    assert_eq!(upstream.requests().len(), 3);
}

/// A connection that the upstream has closed while it was idle is noticed, and costs nobody anything.
#[test]
fn a_connection_closed_while_idle_is_not_used() {
    let upstream = Upstream::scripted(|conn| {
        conn.receive();
        conn.send(ok());
    });
    let gateway = Gateway::before(&upstream);
    let mut client = gateway.connect();
    for count in 1..4 {
        assert_eq!(client.post("/", b"hello").status(), 200);
        upstream.wait_ended(count);
    }
    assert_eq!(upstream.requests().len(), 3);
}
