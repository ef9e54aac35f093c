//! SPEC's circuits: upstreams that fail are shut out, tried again, and let in.
use std::{
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicU16, AtomicUsize, Ordering},
    },
};

use e2e::{Client, Gateway, Upstream, eventually, ok, service, with_body};
use serde_json::Value;

use crate::upstream_faults::code;

/// An upstream that answers with this status, which a test may change.
fn changing(status: u16) -> (Upstream, Arc<AtomicU16>) {
    let status = Arc::new(AtomicU16::new(status));
    let current = Arc::clone(&status);
    let answer = move |_: &e2e::Message| with_body(&format!("{} x", current.load(Ordering::SeqCst)), b"ok");
    (Upstream::answering(answer), status)
}

/// What `/health?verbose` says of the upstreams' circuits.
fn circuits(gateway: &Gateway) -> Vec<String> {
    let health = gateway.get("/health?verbose").json();
    let upstreams = health["services"]["app"]["upstreams"].as_array().expect("upstreams").clone();
    upstreams.iter().map(|upstream| upstream["circuit"].as_str().unwrap().to_owned()).collect()
}

/// The status of a POST without a body: none is left unread by a refusal, so the connection is kept.
fn post(client: &mut Client) -> u16 {
    client.ask("POST / HTTP/1.1\r\ncontent-length: 0").status()
}

const SLOW: &str = "circuit_breaker = { failure_threshold = 3, recovery_timeout = '1h' }";

#[test]
fn failures_in_a_row_open_it_and_then_the_answer_is_503_at_once() {
    let (upstream, status) = changing(500);
    let gateway = Gateway::with("", &upstream, SLOW);
    let mut client = gateway.connect();
    let statuses = |client: &mut Client, count| (0..count).map(|_| post(client)).collect::<Vec<_>>();
    assert_eq!(statuses(&mut client, 2), [500, 500]);
    status.store(404, Ordering::SeqCst);
    assert_eq!(statuses(&mut client, 1), [404], "an answer that is no failure: the count begins again");
    status.store(599, Ordering::SeqCst);
    assert_eq!(statuses(&mut client, 3), [599, 599, 599]);
    status.store(200, Ordering::SeqCst);
    let answer = client.post("/", b"hello");
    assert_eq!(code(&answer), (503, "circuit_open".into()));
    let wait: u32 = answer.field("retry-after").unwrap().parse().unwrap();
    assert!((3500..=3600).contains(&wait), "{wait}");
    assert_eq!(upstream.requests().len(), 6, "it was spared");
    assert_eq!(circuits(&gateway), ["open"]);
    let sample = format!("gateway_circuit_state{{service=\"app\",upstream=\"{}\"}}", upstream.url());
    gateway.wait_metric(&sample, 2.0);
    let log = gateway.stderr.all().join("\n");
    assert_eq!(log.matches("circuit opened").count(), 1, "{log}");
}

/// By default: 5 failures, 60 s.
#[test]
fn it_is_on_by_default_and_counts_over_all_workers() {
    let (upstream, _) = changing(500);
    let gateway = Gateway::with("server.workers = 4", &upstream, "");
    // Connections of their own: the kernel spreads them over the workers.
    let answers: Vec<u16> = (0..12).map(|_| post(&mut gateway.connect())).collect();
    let expected = [[500; 5].as_slice(), &[503; 7]].concat();
    assert_eq!(answers, expected);
    let off = Gateway::with("", &upstream, "circuit_breaker = false");
    assert!((0..12).all(|_| post(&mut off.connect()) == 500));
}

#[test]
fn refused_reset_and_timed_out_requests_count() {
    let refused = format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    let reset = Upstream::consuming(|mut conn| {
        conn.receive();
        conn.reset();
    });
    let silent = Upstream::scripted(|conn| {
        conn.receive();
        conn.wait_end();
    });
    let cut_body = Upstream::scripted(|conn| {
        conn.receive();
        conn.send("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello");
    });
    for (url, name) in [
        (refused, "upstream_connect_refused"),
        (reset.url(), "upstream_reset"),
        (silent.url(), "upstream_timeout"),
        (cut_body.url(), ""),
    ] {
        let keys = "timeouts.request = '100ms'\nroutes = ['/']";
        let gateway = Gateway::start(&format!("[services.app]\nupstreams = ['{url}']\n{keys}\n{SLOW}"));
        for _ in 0..3 {
            match gateway.connect().try_ask("POST / HTTP/1.1\r\ncontent-length: 0") {
                Ok(answer) => assert_eq!(code(&answer).1, name),
                Err(cut) => assert_eq!((cut.head.unwrap().status(), name), (200, "")),
            }
        }
        assert_eq!(code(&gateway.get("/")), (503, "circuit_open".into()), "{name}");
    }
}

/// What the client caused is not the upstream's fault: it goes away, or breaks its own body.
#[test]
fn the_clients_own_faults_never_count() {
    let upstream = Upstream::scripted(|conn| {
        while let Some(request) = conn.receive() {
            match request.target() {
                "/hang" => {
                    conn.wait_end();
                }
                "/stream" => {
                    conn.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n");
                    conn.wait_end();
                    return;
                }
                _ => {
                    conn.send(ok());
                }
            }
        }
    });
    let gateway = Gateway::with("", &upstream, "circuit_breaker = { failure_threshold = 1, recovery_timeout = '1h' }");
    let mut leaves = gateway.connect();
    leaves.send_request("GET /hang HTTP/1.1");
    eventually("the upstream is asked", || (upstream.requests().len() == 1).then_some(()));
    drop(leaves);
    gateway.logged("/hang");
    let mut leaves = gateway.connect();
    leaves.send_request("GET /stream HTTP/1.1");
    leaves.take_to(b"hello\r\n").unwrap();
    drop(leaves);
    gateway.logged("/stream");
    let mut breaks = gateway.connect();
    breaks.send("POST /broken HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n");
    gateway.logged("/broken");
    assert_eq!((gateway.get("/").status(), circuits(&gateway)), (200, vec!["closed".into()]));
}

#[test]
fn a_good_trial_closes_it_and_a_bad_one_opens_it_again() {
    let (upstream, status) = changing(500);
    let gateway =
        Gateway::with("", &upstream, "circuit_breaker = { failure_threshold = 1, recovery_timeout = '300ms' }");
    let mut client = gateway.connect();
    assert_eq!((post(&mut client), post(&mut client)), (500, 503));
    // The trial fails: it is shut out for the whole time once more.
    eventually("a trial", || (post(&mut client) == 500).then_some(()));
    assert_eq!((post(&mut client), upstream.requests().len()), (503, 2));
    status.store(200, Ordering::SeqCst);
    eventually("a trial", || (post(&mut client) == 200).then_some(()));
    assert_eq!((post(&mut client), circuits(&gateway)), (200, vec!["closed".into()]));
    let log = gateway.stderr.all().join("\n");
    assert!(log.contains("circuit open again") && log.contains("circuit closed"), "{log}");
}

/// The trial lasts until its answer's body has ended: meanwhile nobody else is let through.
#[test]
fn one_trial_runs_at_a_time() {
    let count = AtomicUsize::new(0);
    let upstream = Upstream::scripted(move |conn| {
        while conn.receive().is_some() {
            match count.fetch_add(1, Ordering::SeqCst) {
                0 => {
                    conn.send(with_body("500 x", b""));
                }
                1 => {
                    conn.send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nhe");
                    conn.wait_end();
                    return;
                }
                _ => {
                    conn.send(ok());
                }
            }
        }
    });
    let gateway = Gateway::with("", &upstream, "circuit_breaker = { failure_threshold = 1, recovery_timeout = '1ms' }");
    assert_eq!(post(&mut gateway.connect()), 500);
    let trial = eventually("the trial's head", || {
        let mut client = gateway.connect();
        client.send_request("GET /trial HTTP/1.1");
        let head = client.take_to(b"\r\n\r\n").unwrap();
        head.starts_with(b"HTTP/1.1 200").then_some(client)
    });
    assert_eq!(code(&gateway.get("/")), (503, "circuit_open".into()));
    assert_eq!(circuits(&gateway), ["half_open"]);
    drop(trial);
    // Nobody knows how it would have ended: the next one is the trial.
    eventually("the next trial", || (gateway.get("/").status() == 200).then_some(()));
    assert_eq!(circuits(&gateway), ["closed"]);
}

/// `max_open` of three upstreams, 0.5, is two: the third stays in, however it fails.
#[test]
fn not_all_upstreams_are_shut_out() {
    let upstreams = [500; 3].map(|status| changing(status).0);
    let all: Vec<&Upstream> = upstreams.iter().collect();
    let gateway = Gateway::start(&service("app", &all, SLOW));
    let mut client = gateway.connect();
    let statuses: Vec<u16> = (0..30).map(|_| post(&mut client)).collect();
    assert!(statuses.iter().all(|&status| status == 500), "{statuses:?}");
    let open = circuits(&gateway).iter().filter(|circuit| *circuit == "open").count();
    let mut requests: Vec<usize> = upstreams.iter().map(|upstream| upstream.requests().len()).collect();
    requests.sort_unstable();
    assert_eq!((open, requests), (2, vec![3, 3, 24]));
}

#[test]
fn a_probe_that_turns_good_closes_it() {
    let (upstream, status) = changing(500);
    let health = "health = { path = '/probe', interval = '50ms', unhealthy_after = 100 }";
    let gateway = Gateway::with("", &upstream, &format!("{SLOW}\n{health}"));
    status.store(200, Ordering::SeqCst);
    eventually("it is healthy", || (gateway.get("/").status() == 200).then_some(()));
    status.store(500, Ordering::SeqCst);
    let mut client = gateway.connect();
    eventually("it opens", || (post(&mut client) == 503).then_some(()));
    let probes = || upstream.requests().iter().filter(|request| request.target() == "/probe").count();
    let before = probes();
    eventually("a probe fails", || (probes() > before + 1).then_some(()));
    status.store(200, Ordering::SeqCst);
    eventually("it closes", || (post(&mut client) == 200).then_some(()));
    assert_eq!(circuits(&gateway), ["closed"]);
}

/// Who found an upstream unhealthy is told: the active check, or a request that could not reach it.
#[test]
fn ejection_by_traffic_is_told_apart_from_the_checks() {
    let ejected_by = |gateway: &Gateway| {
        let upstream = gateway.admin("/services").json()["app"]["upstreams"][0].clone();
        (upstream["status"].clone(), upstream["ejected_by"].clone())
    };
    let (failing, _) = changing(500);
    let gateway = Gateway::with("", &failing, "health = { path = '/probe', interval = '1h' }");
    gateway.get("/");
    assert_eq!(ejected_by(&gateway), ("unhealthy".into(), "check".into()));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let dead = Upstream::on(listener, |mut conn| {
        conn.receive();
        conn.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    });
    let address = dead.address;
    let keys = "health = { path = '/probe', interval = '1h', unhealthy_after = 100 }";
    let gateway = Gateway::with("", &dead, keys);
    assert_eq!(gateway.get("/").status(), 200);
    assert_eq!(ejected_by(&gateway), ("healthy".into(), Value::Null));
    drop(dead);
    eventually("its port is closed", || std::net::TcpStream::connect(address).err());
    gateway.get("/");
    assert_eq!(ejected_by(&gateway), ("unhealthy".into(), "request".into()));
    gateway.stderr.find("the log", |line| line.contains("a request could not reach it").then_some(()));
}
