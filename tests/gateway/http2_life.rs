//! Connections of HTTP/2 over a drain, a reload and many streams.
use std::sync::{Mutex, mpsc};

use e2e::{End, Gateway, Http2, Upstream, error, eventually, ok, service};
use nix::sys::signal::Signal::SIGTERM;

/// An upstream that answers `/held` once it is told to.
fn held() -> (Upstream, mpsc::Sender<()>) {
    let (release, released) = mpsc::channel();
    let released = Mutex::new(released);
    let upstream = Upstream::answering(move |request| {
        if request.target() == "/held" {
            // A test that is over has no use for the answer.
            let _ = released.lock().unwrap().recv();
        }
        ok()
    });
    (upstream, release)
}

#[test]
fn a_drain_loses_no_stream() {
    let (upstream, release) = held();
    let mut gateway = Gateway::before(&upstream);
    let mut idle = Http2::connect(gateway.address);
    assert_eq!(idle.get(1, "/").status(), 200);
    let mut client = Http2::connect(gateway.address);
    client.answers_pings = false;
    client.send_request(1, "GET", "/held", &[], true);
    eventually("the upstream is asked", || (upstream.requests().len() == 2).then_some(()));
    gateway.signal(SIGTERM);
    client.until("the first GOAWAY", |client| client.goaways == [(i32::MAX as u32, error::NO_ERROR)]);
    // What crosses it is served still.
    assert_eq!(client.get(3, "/crossing").status(), 200);
    release.send(()).unwrap();
    assert_eq!(client.answer(1).status(), 200);
    assert_eq!(client.to_end(), (vec![error::NO_ERROR; 2], End::Closed));
    assert_eq!(client.goaways[1], (3, error::NO_ERROR));
    assert_eq!(idle.to_end(), (vec![error::NO_ERROR; 2], End::Closed));
    assert_eq!(gateway.wait().code(), Some(0));
}

#[test]
fn a_drain_takes_no_longer_than_it_may() {
    let (upstream, _release) = held();
    let mut gateway = Gateway::with("server.drain_timeout = '300ms'", &upstream, "");
    let mut client = Http2::connect(gateway.address);
    client.send_request(1, "GET", "/held", &[], true);
    eventually("the upstream is asked", || (upstream.requests().len() == 1).then_some(()));
    gateway.signal(SIGTERM);
    assert!(!client.outcome(1).ended);
    assert_eq!(gateway.wait().code(), Some(0));
}

#[test]
fn a_reload_closes_nothing_and_the_next_stream_knows() {
    let (upstream, release) = held();
    let file = |version: &str| {
        service("app", &[&upstream], &format!("response_headers = {{ set = {{ x-version = '{version}' }} }}"))
    };
    let gateway = Gateway::start(&file("1"));
    let mut client = Http2::connect(gateway.address);
    client.send_request(1, "GET", "/held", &[], true);
    eventually("the upstream is asked", || (upstream.requests().len() == 1).then_some(()));
    gateway.reload(&file("2"), "applied");
    assert_eq!(client.get(3, "/").field("x-version"), Some("2"));
    release.send(()).unwrap();
    assert_eq!(client.answer(1).field("x-version"), Some("1"));
    assert_eq!(client.goaways, []);
}

/// As many streams as may be wait on one connection; that is nothing to the others.
#[test]
fn streams_that_wait_hold_nobody_up() {
    let upstream = Upstream::scripted(|conn| {
        while let Some(request) = conn.receive() {
            if request.target() == "/waits" {
                conn.wait_end();
            } else {
                conn.send(ok());
            }
        }
    });
    let gateway = Gateway::with("", &upstream, "timeouts.request = '1h'");
    let mut client = Http2::connect(gateway.address);
    client.until("the settings", |client| !client.settings.is_empty());
    let most = client.settings[&3];
    for n in 0..most {
        client.send_request(2 * n + 1, "GET", "/waits", &[], true);
    }
    eventually("all are served", || (upstream.requests().len() == most as usize).then_some(()));
    client.send_request(2 * most + 1, "GET", "/", &[], true);
    assert_eq!(client.outcome(2 * most + 1).reset, Some(error::REFUSED_STREAM));
    client.send_reset(1, error::CANCEL);
    upstream.wait_ended(1);
    assert_eq!(client.get(2 * most + 3, "/").status(), 200);
    assert_eq!(Http2::connect(gateway.address).get(1, "/").status(), 200);
    assert_eq!(gateway.get("/").status(), 200);
}

/// Uploads that their upstream does not take fill their own windows, and hold little.
#[test]
fn a_slow_upload_starves_no_other() {
    let upstream = Upstream::scripted(|conn| {
        conn.hold_little();
        if conn.head().is_ok_and(|head| head.target() == "/slow") {
            // Nothing more is read.
            while conn.stays_silent(e2e::DEADLINE) {}
            std::thread::park();
        }
        conn.send(ok());
    });
    let fast = Upstream::answering(|request| e2e::with_body("200 OK", request.body.len().to_string().as_bytes()));
    let routes = service("slow", &[&upstream], "routes = ['/slow']") + &service("fast", &[&fast], "routes = ['/fast']");
    let gateway = Gateway::start(&routes);
    let before = gateway.resident();
    let mut client = Http2::connect(gateway.address);
    client.until("the windows", |client| !client.settings.is_empty() && client.window > 0);
    for n in 0..10 {
        client.send_request(2 * n + 1, "POST", "/slow", &[], false);
        for _ in 0..8 {
            client.send_data(2 * n + 1, [b'x'; 16_000], false);
        }
    }
    client.send_request(101, "POST", "/fast", &[], false);
    client.send_body(101, &vec![b'x'; 1_000_000]);
    assert_eq!(client.answer(101).text(), "1000000");
    let grown = gateway.resident().saturating_sub(before);
    assert!(grown < 32 << 20, "{grown} bytes");
}
