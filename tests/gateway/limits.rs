//! CASES 28 and 30: how much a client may send, and how many may be there.
use std::time::Duration;

use e2e::{End, Gateway, Upstream, with_body};

/// `POST` with a body of `length` bytes; the status of the answer.
fn post(gateway: &Gateway, target: &str, length: usize, chunked: bool) -> u16 {
    let mut client = gateway.connect();
    let body = vec![b'x'; length];
    if chunked {
        client.send(format!("POST {target} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n{length:x}\r\n"));
        client.send(&body);
        client.send("\r\n0\r\n\r\n");
    } else {
        client.send(format!("POST {target} HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n"));
        client.send(&body);
    }
    let answer = client.answer_to("POST").unwrap();
    if !answer.closes() {
        assert_eq!(client.get("/small").status(), 200, "what was not read is not the next request");
    }
    answer.status()
}

#[test]
fn a_body_has_an_exact_limit_that_a_route_may_change() {
    let upstream = Upstream::ok();
    let routes = "routes = ['/', { match = '/big', limits = { body = '2KiB' } }]";
    let gateway = Gateway::with("server.limits.body = '1KiB'", &upstream, routes);
    for chunked in [false, true] {
        assert_eq!(post(&gateway, "/", 1024, chunked), 200);
        assert_eq!(post(&gateway, "/", 1025, chunked), 413);
        assert_eq!(post(&gateway, "/big", 2048, chunked), 200);
        assert_eq!(post(&gateway, "/big", 2049, chunked), 413);
    }
    let uploads = upstream.requests().into_iter().filter(|request| request.method() == "POST");
    let whole: Vec<usize> = uploads.map(|request| request.body.len()).collect();
    assert_eq!(whole, [1024, 2048, 1024, 2048], "what was too large never came whole");
    assert_eq!(
        gateway.metric("gateway_requests_total{route=\"/\",service=\"app\",status=\"413\",code=\"body_too_large\"}"),
        Some(2.0)
    );
}

#[test]
fn a_target_has_an_exact_limit() {
    let upstream = Upstream::ok();
    let gateway = Gateway::with("server.limits.uri = '100B'", &upstream, "");
    let status = |length: usize| {
        let target = format!("/{}", "u".repeat(length - 1));
        gateway.get(&target).status()
    };
    assert_eq!((status(100), status(101), status(20_000)), (200, 414, 414));
    let with_query = format!("/?{}", "q".repeat(99));
    assert_eq!(gateway.get(&with_query).status(), 414, "the query counts");
}

#[test]
fn a_head_has_an_exact_limit_and_a_number_of_fields() {
    let upstream = Upstream::ok();
    let gateway = Gateway::with("server.limits.header = '1KiB'\nserver.limits.headers = 10", &upstream, "");
    let of_size = |size: usize| {
        let frame = "GET / HTTP/1.1\r\nhost: a\r\nx-a: \r\n\r\n";
        let mut client = gateway.connect();
        client.send(frame.replace("x-a: ", &format!("x-a: {}", "x".repeat(size - frame.len()))));
        client.answer_to("GET").unwrap().status()
    };
    assert_eq!((of_size(1024), of_size(1025), of_size(100 * 1024)), (200, 431, 431));
    let of_count = |count: usize| {
        let fields: String = (1..count).map(|n| ["\r\nx-", &n.to_string(), ": 1"].concat()).collect();
        gateway.ask(&format!("GET / HTTP/1.1{fields}")).status()
    };
    assert_eq!((of_count(10), of_count(11)), (200, 431));
}

/// CASES 28, with the limits that a newcomer has.
#[test]
fn the_defaults_stop_the_absurd() {
    let upstream = Upstream::ok();
    let gateway = Gateway::before(&upstream);
    let check = |lines: &str, status: u16| {
        let (answer, end) = gateway.raw(format!("{lines}\r\nhost: a\r\n\r\n"));
        let text = String::from_utf8_lossy(&answer);
        assert!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{text}");
        assert_eq!((text.matches("HTTP/1.1 ").count(), end), (1, End::Closed));
    };
    check(&format!("GET / HTTP/1.1\r\nx-a: {}", "x".repeat(100 * 1024)), 431);
    check(&format!("GET / HTTP/1.1{}", "\r\nx: 1".repeat(10_000)), 431);
    check(&format!("GET /{} HTTP/1.1", "u".repeat(100 * 1024)), 414);
    assert_eq!(upstream.connections(), 0);
    let forbidden = post(&gateway, "/", 10 * 1024 * 1024 + 1, false);
    assert_eq!((forbidden, post(&gateway, "/", 10 * 1024 * 1024, false)), (413, 200));
}

#[test]
fn more_connections_than_permits_wait_their_turn() {
    let upstream = Upstream::answering(|_| with_body("200 OK", b"served"));
    let gateway = Gateway::with("server.max_connections = 1", &upstream, "");
    let mut first = gateway.connect();
    assert_eq!(first.get("/").status(), 200);
    let mut second = gateway.connect();
    second.send_request("GET / HTTP/1.1");
    assert!(second.stays_silent(Duration::from_millis(100)));
    drop(first);
    assert_eq!(second.answer_to("GET").unwrap().status(), 200);
}

/// CASES 30: out of descriptors, the accept loop neither ends nor spins.
#[test]
fn a_gateway_without_descriptors_recovers() {
    let upstream = Upstream::ok();
    let gateway = Gateway::under("ulimit -n 48", &upstream);
    let mut clients: Vec<_> = (0..100).map(|_| gateway.connect()).collect();
    gateway.stderr.find("it says so", |line| line.contains("cannot accept").then_some(()));
    let before = gateway.ticks();
    assert!(clients[0].stays_silent(Duration::from_secs(1)));
    let spent = gateway.ticks() - before;
    assert!(spent < 30, "{spent} ticks in a second of waiting");
    clients.clear();
    assert_eq!(gateway.get("/").status(), 200);
}

/// Shells leave the soft limit at 1,024, or lower; a gateway that may have more, takes more.
#[test]
fn a_soft_limit_of_descriptors_is_raised() {
    let upstream = Upstream::ok();
    let gateway = Gateway::under("ulimit -Sn 48", &upstream);
    let mut clients: Vec<_> = (0..100).map(|_| gateway.connect()).collect();
    for client in &mut clients {
        assert_eq!(client.get("/").status(), 200);
    }
}
