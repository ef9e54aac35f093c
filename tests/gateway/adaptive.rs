//! `max_in_flight = "adaptive"`: how much an upstream is asked for at once is found out by how long it takes.
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use e2e::{Gateway, Upstream, eventually, ok, with_body};

/// An upstream that does so many requests at once in 50 ms; beyond that each takes longer by as much as there are more.
fn with_capacity(capacity: &Arc<AtomicUsize>) -> Upstream {
    let (capacity, at_work) = (Arc::clone(capacity), AtomicUsize::new(0));
    Upstream::scripted(move |conn| {
        while conn.receive().is_some() {
            let all = at_work.fetch_add(1, SeqCst) + 1;
            let times = all.div_ceil(capacity.load(SeqCst)).max(1);
            thread::sleep(Duration::from_millis(50) * u32::try_from(times).unwrap());
            at_work.fetch_sub(1, SeqCst);
            conn.send(ok());
        }
    })
}

#[test]
fn the_limit_falls_when_the_upstream_gets_slow_and_comes_back() {
    let capacity = Arc::new(AtomicUsize::new(64));
    let upstream = with_capacity(&capacity);
    let gateway = Gateway::with("", &upstream, "max_in_flight = { adaptive = { min = 2, max = 60 } }");
    let sample = format!("gateway_concurrency_limit{{service=\"app\",upstream=\"{}\"}}", upstream.url());
    let limit = || gateway.metric(&sample).expect("a limit");
    assert!((limit() - 20.0).abs() < f64::EPSILON, "{}", limit());
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..48 {
            scope.spawn(|| {
                let mut client = gateway.connect();
                while !is_over.load(SeqCst) {
                    let status = client.get("/").status();
                    assert!([200, 503].contains(&status), "{status}");
                }
            });
        }
        let end = End(&is_over);
        eventually("there is room for more", || (limit() >= 28.0).then_some(()));
        capacity.store(4, SeqCst);
        eventually("it is asked for too much", || (limit() <= 16.0).then_some(()));
        capacity.store(64, SeqCst);
        eventually("it is as before", || (limit() >= 28.0).then_some(()));
        drop(end);
    });
    let told = gateway.admin("/services").json()["app"]["upstreams"][0]["max_in_flight"].as_u64();
    assert!(told.is_some_and(|told| (2..=60).contains(&told)), "{told:?}");
}

/// Lets the clients end, also where the test fails.
struct End<'e>(&'e AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

/// Beyond the limit a request waits a little for room, and is then refused: as with one that the file says.
#[test]
fn what_is_over_the_limit_is_refused() {
    let upstream = Upstream::scripted(|conn| {
        conn.receive();
        conn.wait_end();
    });
    let gateway = Gateway::with("", &upstream, "max_in_flight = { adaptive = { min = 1, max = 2 } }");
    let held: Vec<_> = (0..2)
        .map(|_| {
            let mut client = gateway.connect();
            client.send_request("GET / HTTP/1.1");
            client
        })
        .collect();
    eventually("it is full", || (upstream.requests().len() == 2).then_some(()));
    assert_eq!(crate::upstream_faults::code(&gateway.get("/")), (503, "overloaded".into()));
    drop(held);
}

/// What was found out is the upstream's: a reload keeps it, and other bounds hold at once.
#[test]
fn a_reload_keeps_what_was_found_out() {
    let capacity = Arc::new(AtomicUsize::new(2));
    let upstream = with_capacity(&capacity);
    let file =
        |bounds: &str| e2e::service("app", &[&upstream], &format!("max_in_flight = {{ adaptive = {{ {bounds} }} }}"));
    let gateway = Gateway::start(&file("min = 4"));
    let sample = format!("gateway_concurrency_limit{{service=\"app\",upstream=\"{}\"}}", upstream.url());
    let limit = || gateway.metric(&sample).expect("a limit");
    // One at a time is quick, and tells what quick is; many at once are slow.
    let mut client = gateway.connect();
    (0..40).for_each(|_| assert_eq!(client.get("/").status(), 200));
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                let mut client = gateway.connect();
                while !is_over.load(SeqCst) {
                    client.get("/");
                }
            });
        }
        let _end = End(&is_over);
        eventually("it falls", || (limit() <= 12.0).then_some(()));
    });
    let found = limit();
    gateway.reload(&file("min = 3"), "applied");
    assert!((limit() - found).abs() < f64::EPSILON, "{found} became {}", limit());
    gateway.reload(&file("min = 50"), "applied");
    assert!((limit() - 50.0).abs() < f64::EPSILON, "{}", limit());
}

/// A client's slow upload is no slowness of the upstream, nor is a failure an answer; a time-out is one that was too late.
#[test]
fn what_says_nothing_of_the_latency_is_not_measured() {
    let upstream = Upstream::scripted(|conn| {
        while let Some(request) = conn.receive() {
            let answer = match request.target() {
                "/fails" => {
                    thread::sleep(Duration::from_millis(60));
                    with_body("503 x", b"")
                }
                "/hold" => {
                    conn.wait_end();
                    return;
                }
                // Long enough for what a busy machine adds to be little of it.
                _ => {
                    thread::sleep(Duration::from_millis(20));
                    ok()
                }
            };
            conn.send(answer);
        }
    });
    let keys = "max_in_flight = { adaptive = { max = 20 } }\ncircuit_breaker = false\nretry = false\ntimeouts.request = '100ms'";
    let gateway = Gateway::with("", &upstream, keys);
    let sample = format!("gateway_concurrency_limit{{service=\"app\",upstream=\"{}\"}}", upstream.url());
    let is_first = || (gateway.metric(&sample).expect("a limit") - 20.0).abs() < f64::EPSILON;
    // Uploads that go on: half of the limit is at work, so that what is slow and measured lowers it.
    let held: Vec<_> = (0..10)
        .map(|_| {
            let mut client = gateway.connect();
            client.send("POST /held HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n");
            client
        })
        .collect();
    eventually("they are at work", || (upstream.connections() == held.len()).then_some(()));
    let mut client = gateway.connect();
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_millis(500) {
        assert_eq!(client.get("/quick").status(), 200, "what is quick is found out");
    }
    for _ in 0..15 {
        client.send("POST /slow HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n");
        client.stays_silent(Duration::from_millis(60));
        client.send("hello");
        assert_eq!(client.answer_to("POST").unwrap().status(), 200);
    }
    assert!(is_first(), "uploads are the clients'");
    for _ in 0..15 {
        assert_eq!(client.get("/fails").status(), 503);
    }
    assert!(is_first(), "failures are none");
    for _ in 0..15 {
        assert_eq!(client.get("/hold").status(), 504);
    }
    assert!(!is_first(), "time-outs are");
}

/// Of an upstream that is asked for little, no answer that takes longer says that it is asked for too much.
#[test]
fn a_limit_that_nobody_comes_near_stays() {
    let upstream = Upstream::scripted(|conn| {
        while let Some(request) = conn.receive() {
            thread::sleep(Duration::from_millis(if request.target() == "/slow" { 60 } else { 10 }));
            conn.send(ok());
        }
    });
    let gateway = Gateway::with("", &upstream, "max_in_flight = 'adaptive'");
    let sample = format!("gateway_concurrency_limit{{service=\"app\",upstream=\"{}\"}}", upstream.url());
    let mut client = gateway.connect();
    for target in ["/quick", "/slow"] {
        (0..40).for_each(|_| assert_eq!(client.get(target).status(), 200));
        assert!((gateway.metric(&sample).expect("a limit") - 20.0).abs() < f64::EPSILON, "{target}");
    }
}
