//! What is sent again, what never is, and how often.
use std::sync::atomic::{AtomicUsize, Ordering};

use e2e::{Gateway, Upstream, ok, service, with_body};
use nix::sys::signal::Signal;

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

/// It has just said that it can't: who asks again is the client.
#[test]
fn a_lone_upstream_is_not_asked_again() {
    for bad in [always("502 x"), always("503 x"), cutting()] {
        let gateway = Gateway::with("", &bad, OFF);
        assert!(gateway.get("/").status() >= 502);
        assert_eq!(bad.requests().len(), 1);
    }
}

/// A service that is down is not asked twice as often: 3 retries in a second, and a fifth of many requests.
#[test]
fn the_budget_bounds_them() {
    let upstreams = [always("503 x"), always("503 x")];
    let all: Vec<&Upstream> = upstreams.iter().collect();
    let gateway = Gateway::start(&service("app", &all, &format!("{OFF}\nretry.budget = 0")));
    let mut client = gateway.connect();
    let begin = std::time::Instant::now();
    for _ in 0..300 {
        assert_eq!(client.get("/").status(), 503);
    }
    let seconds = usize::try_from(begin.elapsed().as_secs()).unwrap() + 2;
    let retries = upstreams.iter().map(|upstream| upstream.requests().len()).sum::<usize>() - 300;
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

/// CASES 45: an upstream is killed under load. Every GET succeeds, no POST arrives twice, and the dead one is left alone.
#[test]
fn a_killed_upstream_costs_no_get_and_doubles_no_post() {
    let origin = Upstream::ok();
    // Processes that can be killed: gateways too.
    let upstreams = [(); 2].map(|()| Gateway::before(&origin));
    let urls: Vec<String> = upstreams.iter().map(|upstream| format!("http://{}", upstream.address)).collect();
    let gateway = Gateway::start(&format!("[services.app]\nupstreams = {urls:?}\nroutes = ['/']"));
    let done = AtomicUsize::new(0);
    let (asked, failed) = std::thread::scope(|scope| {
        let ask = |worker: usize| {
            let (gateway, done) = (&gateway, &done);
            move || {
                let mut failed = Vec::new();
                for n in 0..150 {
                    let mut client = gateway.connect();
                    let get = client.get(&format!("/get/{worker}/{n}")).status();
                    if get != 200 {
                        failed.push(format!("GET {n}: {get}"));
                    }
                    // It may be lost, and is then a 502; it is not sent twice.
                    let post = client.post(&format!("/post/{worker}/{n}"), b"hello").status();
                    if ![200, 502].contains(&post) {
                        failed.push(format!("POST {n}: {post}"));
                    }
                    done.fetch_add(1, Ordering::SeqCst);
                }
                failed
            }
        };
        let threads: Vec<_> = (0..4).map(|worker| scope.spawn(ask(worker))).collect();
        e2e::eventually("the load runs", || (done.load(Ordering::SeqCst) > 100).then_some(()));
        upstreams[0].signal(Signal::SIGKILL);
        let failed: Vec<String> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        (done.load(Ordering::SeqCst), failed)
    });
    assert_eq!((asked, failed), (600, vec![]));
    let mut posts: Vec<String> =
        origin.requests().iter().filter(|one| one.method() == "POST").map(|one| one.target().to_owned()).collect();
    let all = posts.len();
    posts.sort();
    posts.dedup();
    assert_eq!(posts.len(), all, "a POST came twice");
    let health = gateway.get("/health?verbose").json();
    assert_eq!(health["services"]["app"]["upstreams"][0]["circuit"], "open");
}
