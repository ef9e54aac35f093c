//! A store of limits that is away: no request fails, none waits for long, and the limits hold in each gateway.
use std::{
    io::Write,
    net::TcpListener,
    thread,
    time::{Duration, Instant},
};

use e2e::{Gateway, Redis, Upstream, service};
use nix::sys::signal::Signal;

const UP: &str = "gateway_rate_limit_store_up";
const FALLBACKS: &str = "gateway_rate_limit_fallbacks_total";

/// A limit that a test does not reach, unless it says so.
fn start(url: &str, timeout: &str, requests: u32, upstream: &Upstream) -> Gateway {
    let store = format!("store = {{ url = '{url}', timeout = '{timeout}' }}");
    let limit = format!("rate_limit = {{ requests = {requests}, per = '1h', {store} }}");
    Gateway::start(&format!("{limit}\n{}", service("app", &[upstream], "")))
}

/// How often it has said so.
fn said(gateway: &Gateway, what: &str) -> usize {
    gateway.stderr.all().iter().filter(|line| line.contains(what)).count()
}

#[test]
fn a_store_that_stands_still_makes_one_time_out_and_no_failure() {
    let Some(redis) = Redis::start() else { return };
    let upstream = Upstream::ok();
    let gateway = start(&redis.url(), "400ms", 1000, &upstream);
    let mut client = gateway.connect();
    assert_eq!(client.get("/").status(), 200);
    redis.signal(Signal::SIGSTOP);
    let begun = Instant::now();
    for _ in 0..200 {
        assert_eq!(client.get("/").status(), 200);
    }
    let took = begun.elapsed();
    assert!(took > Duration::from_millis(300), "the first has waited");
    assert!(took < Duration::from_secs(10), "and no other: 200 of them would take 80 s, and it was {took:?}");
    assert_eq!(gateway.metric(UP), Some(0.0));
    assert!(gateway.metric(FALLBACKS) >= Some(190.0), "{:?}", gateway.metric(FALLBACKS));
    assert_eq!(said(&gateway, "is away"), 1);
    redis.signal(Signal::SIGCONT);
    gateway.wait_metric(UP, 1.0);
    let before = gateway.metric(FALLBACKS);
    let remaining = |field: Option<&str>| field.unwrap().split([';', '=']).nth(2).unwrap().parse::<u32>().unwrap();
    let answer = client.get("/");
    assert!(remaining(answer.field("ratelimit")) > 990, "what memory had counted is not in the store");
    assert_eq!(gateway.metric(FALLBACKS), before);
    assert_eq!((said(&gateway, "is away"), said(&gateway, "is back")), (1, 1));
}

#[test]
fn a_store_that_is_killed_leaves_the_limit_to_the_memory_until_it_is_back() {
    let Some(redis) = Redis::start() else { return };
    let (port, upstream) = (redis.port, Upstream::ok());
    let gateway = start(&redis.url(), "5s", 3, &upstream);
    let mut client = gateway.connect();
    assert_eq!([(); 4].map(|()| client.get("/").status()), [200, 200, 200, 429]);
    drop(redis);
    let begun = Instant::now();
    assert_eq!([(); 5].map(|()| client.get("/").status()), [200, 200, 200, 429, 429], "by its own count");
    assert!(begun.elapsed() < Duration::from_secs(4), "nobody waits for what is refused: {:?}", begun.elapsed());
    gateway.wait_metric(UP, 0.0);
    let _redis = Redis::on(port, &[]).expect("its port is free again");
    gateway.wait_metric(UP, 1.0);
    assert_eq!([(); 4].map(|()| client.get("/").status()), [200, 200, 200, 429], "the store has kept nothing");
    assert_eq!((said(&gateway, "is away"), said(&gateway, "is back")), (1, 1));
}

#[test]
fn a_gateway_starts_without_its_store_and_finds_it_later() {
    let Some(redis) = Redis::start() else { return };
    let (port, url, upstream) = (redis.port, redis.url(), Upstream::ok());
    drop(redis);
    let gateway = start(&url, "5s", 2, &upstream);
    assert_eq!([(); 3].map(|()| gateway.get("/").status()), [200, 200, 429]);
    let redis = Redis::on(port, &[]).expect("its port is free again");
    gateway.wait_metric(UP, 1.0);
    assert_eq!([(); 3].map(|()| gateway.get("/").status()), [200, 200, 429]);
    assert_eq!(redis.ask(&["KEYS *"]).len(), 1);
}

#[test]
fn a_script_that_redis_has_forgotten_is_sent_again() {
    let Some(redis) = Redis::start() else { return };
    let upstream = Upstream::ok();
    let gateway = start(&redis.url(), "5s", 3, &upstream);
    let mut client = gateway.connect();
    assert_eq!(client.get("/").status(), 200);
    redis.ask(&["SCRIPT FLUSH"]);
    assert_eq!([(); 3].map(|()| client.get("/").status()), [200, 200, 429]);
    assert_eq!((gateway.metric(UP), gateway.metric(FALLBACKS)), (Some(1.0), Some(0.0)));
}

#[test]
fn a_connection_that_redis_closes_is_made_again_without_a_word() {
    let Some(redis) = Redis::start() else { return };
    let upstream = Upstream::ok();
    let gateway = start(&redis.url(), "5s", 3, &upstream);
    let mut client = gateway.connect();
    assert_eq!(client.get("/").status(), 200);
    // One that is closed at once is a fault; one that was of use is not.
    thread::park_timeout(Duration::from_millis(1100));
    redis.ask(&["CLIENT KILL TYPE normal SKIPME yes"]);
    assert_eq!([(); 3].map(|()| client.get("/").status()), [200, 200, 429], "all counted in the store");
    assert_eq!((said(&gateway, "is away"), gateway.metric(FALLBACKS)), (0, Some(0.0)));
}

#[test]
fn many_checks_are_under_way_on_one_connection() {
    let Some(redis) = Redis::start() else { return };
    let upstream = Upstream::ok();
    let gateway = start(&redis.url(), "5s", 40, &upstream);
    assert_eq!(gateway.get("/").status(), 200);
    redis.signal(Signal::SIGSTOP);
    let clients: Vec<_> = (0..50)
        .map(|_| {
            let mut client = gateway.connect();
            client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
            client
        })
        .collect();
    gateway.wait_metric("gateway_in_flight", 50.0);
    redis.signal(Signal::SIGCONT);
    let statuses = clients.into_iter().map(|mut client| client.answer_to("GET").unwrap().status());
    assert_eq!(statuses.filter(|&status| status == 200).count(), 39, "each had its own answer");
    assert_eq!((gateway.metric(UP), gateway.metric(FALLBACKS)), (Some(1.0), Some(0.0)));
    let clients = redis.ask(&["CLIENT LIST"]).concat();
    assert_eq!(clients.lines().count(), 2, "one of the gateway and one of this test: {clients}");
}

#[test]
fn what_is_no_redis_is_away() {
    let (upstream, listener) = (Upstream::ok(), TcpListener::bind("127.0.0.1:0").unwrap());
    let url = format!("redis://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            // Whoever has asked may have gone.
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let gateway = start(&url, "5s", 2, &upstream);
    assert_eq!([(); 3].map(|()| gateway.get("/").status()), [200, 200, 429]);
    gateway.stderr.find("why", |line| line.contains("what answers is no Redis").then_some(()));
    assert_eq!(gateway.metric(UP), Some(0.0));
}
