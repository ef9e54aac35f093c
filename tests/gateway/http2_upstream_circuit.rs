//! What the circuit counts of an upstream that speaks HTTP/2: the end of a connection is one failure, however many
//! requests were on it.
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use e2e::{Gateway, Http2, Upstream, eventually, service};

/// Requests on a connection when it ends.
const STREAMS: usize = 16;

/// One worker, so that all requests are on one connection.
fn before(upstream: &Upstream, breaker: &str) -> Gateway {
    let keys = format!("protocol = 'h2c'\ncircuit_breaker = {{ {breaker} }}");
    Gateway::start(&format!("server.workers = 1\n{}", service("app", &[upstream], &keys)))
}

fn circuit(gateway: &Gateway) -> String {
    let upstreams = gateway.get("/health?verbose").json()["services"]["app"]["upstreams"].clone();
    upstreams[0]["circuit"].as_str().expect("a circuit").to_owned()
}

/// An upstream whose first `dying` connections end when they carry [`STREAMS`] requests: of these, the first half has the
/// head of an answer.
fn dying(dying: usize) -> Upstream {
    Upstream::http2(&[], move |conn| {
        if conn.index >= dying {
            return conn.answer_all(|_| b"ok".to_vec());
        }
        conn.until(|conn| conn.requests.len() == STREAMS);
        let streams: Vec<u32> = conn.requests.keys().copied().collect();
        for &stream in &streams[..STREAMS / 2] {
            conn.send_fields(stream, &[(":status", "200")], false);
        }
    })
}

/// Fills a connection, which then ends, by requests that are not sent again.
fn fill(gateway: &Gateway) {
    let mut client = Http2::connect(gateway.address);
    let streams: Vec<u32> = (0..).map(|n| 2 * n + 1).take(STREAMS).collect();
    for &stream in &streams {
        client.send_request(stream, "POST", "/", &[("content-length", "0")], true);
    }
    for stream in streams {
        let (exchange, is_early) = (client.outcome(stream), stream < u32::try_from(STREAMS).unwrap());
        let expected = if is_early { "HTTP/2 200" } else { "HTTP/2 502" };
        assert_eq!((&*exchange.answer.start, exchange.ended), (expected, !is_early), "{stream}");
    }
}

#[test]
fn the_end_of_a_connection_is_one_failure() {
    let upstream = dying(1);
    let gateway = before(&upstream, "failure_threshold = 2, recovery_timeout = '1h'");
    fill(&gateway);
    assert_eq!(circuit(&gateway), "closed");
    assert_eq!(gateway.get("/").text(), "ok");
}

#[test]
fn connections_that_end_in_a_row_open_the_circuit() {
    let upstream = dying(5);
    let gateway = before(&upstream, "failure_threshold = 5, recovery_timeout = '1h'");
    for n in 1..=5 {
        assert_eq!(circuit(&gateway), "closed", "before {n}");
        fill(&gateway);
        upstream.wait_ended(n);
    }
    assert_eq!(circuit(&gateway), "open");
    assert_eq!(gateway.get("/").status(), 503);
}

/// A reset is a stream's own: each is a failure, as each answer of 5xx is.
#[test]
fn each_stream_that_is_reset_is_a_failure() {
    let upstream = Upstream::http2(&[], |conn| {
        conn.until(|conn| conn.requests.len() == 3);
        for stream in [1, 3, 5] {
            conn.send_reset(stream, e2e::error::INTERNAL_ERROR);
        }
        conn.until(|_| false);
    });
    let gateway = before(&upstream, "failure_threshold = 3, recovery_timeout = '1h'");
    let mut client = Http2::connect(gateway.address);
    for stream in [1, 3, 5] {
        client.send_request(stream, "POST", "/", &[("content-length", "0")], true);
    }
    for stream in [1, 3, 5] {
        assert_eq!(client.outcome(stream).answer.start, "HTTP/2 502");
    }
    assert_eq!((upstream.connections(), circuit(&gateway)), (1, "open".into()));
}

/// A trial that ends with its connection has failed, even where an older request stands for the connection.
#[test]
fn a_trial_fails_with_its_connection() {
    let trials = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&trials);
    let upstream = Upstream::http2(&[], move |conn| {
        while let Some((stream, request)) = conn.request() {
            match request.target() {
                "/old" => drop(conn.send_fields(stream, &[(":status", "200")], false)),
                "/fails" => conn.respond(stream, "500", &[], b""),
                _ => {
                    seen.fetch_add(1, SeqCst);
                    return;
                }
            }
        }
    });
    let gateway = before(&upstream, "failure_threshold = 1, recovery_timeout = '1s'");
    let mut old = Http2::connect(gateway.address);
    old.send_request(1, "GET", "/old", &[], true);
    old.until("its head", |old| !old.seen(1).answer.start.is_empty());
    assert_eq!(gateway.connect().ask("POST /fails HTTP/1.1\r\ncontent-length: 0").status(), 500);
    assert_eq!(circuit(&gateway), "open");
    let trial = eventually("a trial", || {
        let answer = gateway.connect().ask("POST /trial HTTP/1.1\r\ncontent-length: 0");
        (answer.status() != 503).then_some(answer)
    });
    assert_eq!((trial.status(), trials.load(SeqCst), circuit(&gateway)), (502, 1, "open".into()));
    assert_eq!(upstream.connections(), 1, "it was the old request's");
}
