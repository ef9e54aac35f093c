//! What is sent again, what never is, and how often.
use std::sync::atomic::{AtomicUsize, Ordering};

use e2e::{Gateway, Upstream, ok, service, with_body};

use crate::upstream_faults::code;

const OFF: &str = "circuit_breaker = false";

/// An upstream that always answers with this status.
fn always(status: &'static str) -> Upstream {
    Upstream::answering(move |_| with_body(status, b"x"))
}

/// One that ends each connection when it has read a request.
fn cutting() -> Upstream {
    Upstream::consuming(|mut conn| {
        conn.receive();
        conn.reset();
    })
}

#[test]
fn a_get_that_is_answered_502_or_503_goes_to_another_upstream() {
    for bad in [always("502 x"), always("503 x"), cutting()] {
        let good = Upstream::ok();
        let gateway = Gateway::start(&service("app", &[&bad, &good], OFF));
        assert_eq!((gateway.get("/a").status(), gateway.logged("/a")["retries"].clone()), (200, 1.into()));
        assert_eq!((bad.requests().len(), good.requests().len()), (1, 1));
    }
}

#[test]
fn other_answers_are_the_clients() {
    for status in ["500 x", "504 x", "404 x"] {
        let (bad, good) = (always(status), Upstream::ok());
        let gateway = Gateway::start(&service("app", &[&bad, &good], OFF));
        assert_eq!(gateway.get("/").status().to_string(), status[..3]);
        assert_eq!(good.requests().len(), 0, "{status}");
    }
}

/// CASES 33, 45: a byte of it went out, so it may have been done.
#[test]
fn what_is_not_idempotent_is_never_sent_twice() {
    for bad in [always("502 x"), always("503 x"), cutting()] {
        let good = Upstream::ok();
        let gateway = Gateway::start(&service("app", &[&bad, &good], &format!("{OFF}\nretry.attempts = 5")));
        for lines in ["POST / HTTP/1.1\r\ncontent-length: 0", "PATCH / HTTP/1.1\r\ncontent-length: 0"] {
            let before = (bad.requests().len(), good.requests().len());
            let status = gateway.ask(lines).status();
            let after = (bad.requests().len(), good.requests().len());
            assert_eq!(after.0 + after.1, before.0 + before.1 + 1, "{lines}: {status}");
        }
    }
}

/// A body of which some was sent is not there to be sent again.
#[test]
fn a_body_that_was_taken_is_not_replayed() {
    let (bad, good) = (always("503 x"), Upstream::ok());
    let gateway = Gateway::start(&service("app", &[&bad, &good], OFF));
    let mut client = gateway.connect();
    client.send("PUT /up HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello");
    assert_eq!(client.answer_to("PUT").unwrap().status(), 503);
    assert_eq!((good.requests().len(), gateway.logged("/up")["retries"].clone()), (0, 0.into()));
}

/// The last answer is the client's, whatever it is.
#[test]
fn attempts_count_the_first_one() {
    let upstreams = [always("503 x"), always("503 x"), always("503 x"), always("503 x")];
    let all: Vec<&Upstream> = upstreams.iter().collect();
    for (attempts, tried) in [(1, 1), (3, 3), (4, 4)] {
        let before: usize = upstreams.iter().map(|upstream| upstream.requests().len()).sum();
        let keys = format!("{OFF}\nretry.attempts = {attempts}");
        let gateway = Gateway::start(&service("app", &all, &keys));
        assert_eq!((gateway.get("/a").status(), gateway.logged("/a")["retries"].clone()), (503, (tried - 1).into()));
        let after: usize = upstreams.iter().map(|upstream| upstream.requests().len()).sum();
        assert_eq!(after - before, tried);
    }
    let gateway = Gateway::start(&service("app", &all, "retry = false"));
    assert_eq!(gateway.get("/off").status(), 503);
    assert_eq!(gateway.logged("/off")["retries"], 0);
}

/// With no other, the same is asked once more after a 503: it may be over.
#[test]
fn a_lone_upstream_is_asked_again() {
    let count = AtomicUsize::new(0);
    let upstream = Upstream::answering(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => with_body("503 x", b"x"),
        _ => ok(),
    });
    assert_eq!(Gateway::before(&upstream).get("/").status(), 200);
    assert_eq!(upstream.requests().len(), 2);
}

/// A service that is down is not asked twice as often: 3 retries in a second, and a fifth of many requests.
#[test]
fn the_budget_bounds_them() {
    let upstream = always("503 x");
    let gateway = Gateway::with("", &upstream, &format!("{OFF}\nretry.budget = 0"));
    let mut client = gateway.connect();
    let begin = std::time::Instant::now();
    for _ in 0..300 {
        assert_eq!(client.get("/").status(), 503);
    }
    let seconds = usize::try_from(begin.elapsed().as_secs()).unwrap() + 2;
    let retries = upstream.requests().len() - 300;
    assert!((3..=3 * seconds).contains(&retries), "{retries} in {seconds} s");
}

/// What `on` does not name is not tried again: a closed kept connection, a refused connect.
#[test]
fn only_what_is_named_is_tried_again() {
    let upstream = Upstream::consuming(|mut conn| {
        conn.receive();
        conn.send(ok());
        conn.receive();
        conn.reset();
    });
    let gateway = Gateway::with("", &upstream, "retry.on = ['connect']");
    let mut client = gateway.connect();
    assert_eq!(client.get("/").status(), 200);
    assert_eq!(code(&client.get("/")), (502, "upstream_reset".into()));
    let refused = format!("http://{}", std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    let urls = format!("upstreams = ['{refused}', '{}']", upstream.url());
    let gateway = Gateway::start(&format!("[services.app]\n{urls}\nroutes = ['/']\nretry.on = ['stale']"));
    assert_eq!(code(&gateway.get("/")), (502, "upstream_connect_refused".into()));
}
