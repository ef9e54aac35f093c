//! Which upstream answers.
use std::collections::BTreeMap;

use e2e::{Gateway, Upstream, with_body};

fn named(name: &'static str) -> Upstream {
    Upstream::answering(move |_| with_body("200 OK", name.as_bytes()))
}

/// Who answers, request by request.
fn sequence(weights: [u32; 3], count: usize) -> String {
    let upstreams = ["a", "b", "c"].map(named);
    let entries: Vec<String> = upstreams
        .iter()
        .zip(weights)
        .map(|(upstream, weight)| format!("{{ url = '{}', weight = {weight} }}", upstream.url()))
        .collect();
    let toml = format!("[services.app]\nupstreams = [{}]\nroutes = ['/']", entries.join(", "));
    let gateway = Gateway::start(&toml);
    let mut client = gateway.connect();
    (0..count).map(|_| client.get("/").text()).collect()
}

#[test]
fn each_upstream_gets_its_share_evenly_spread() {
    let check = |weights, expected: [usize; 3], longest: usize| {
        let cycle: u32 = weights_of(weights);
        let seen = sequence(weights, 2 * cycle as usize);
        let mut counts = BTreeMap::from([('a', 0), ('b', 0), ('c', 0)]);
        seen.chars().for_each(|name| *counts.get_mut(&name).unwrap() += 1);
        let counts: Vec<usize> = counts.into_values().collect();
        assert_eq!(counts, expected.map(|count| 2 * count), "{seen}");
        let run = "a".repeat(longest + 1);
        assert!(!seen.contains(&run), "{run} in {seen}: smooth means spread");
    };
    check([1, 1, 1], [1, 1, 1], 1);
    check([5, 1, 1], [5, 1, 1], 4);
    check([3, 2, 1], [3, 2, 1], 2);
}

fn weights_of(weights: [u32; 3]) -> u32 {
    weights.iter().sum()
}

/// One pool an upstream: as many connections as there are upstreams, however many requests.
#[test]
fn connections_are_reused() {
    let upstreams = ["a", "b"].map(named);
    let gateway = Gateway::start(&e2e::service("app", &[&upstreams[0], &upstreams[1]], ""));
    let mut client = gateway.connect();
    for _ in 0..20 {
        assert_eq!(client.post("/", b"hello").status(), 200);
    }
    assert_eq!(upstreams.map(|upstream| (upstream.connections(), upstream.requests().len())), [(1, 10), (1, 10)]);
}

/// `timeouts.idle`, below the upstream's own: a pooled connection is closed before the upstream would.
#[test]
fn an_idle_upstream_connection_is_closed() {
    let upstream = named("a");
    let gateway = Gateway::with("", &upstream, "timeouts.idle = '100ms'");
    gateway.get("/");
    upstream.wait_ended(1);
    gateway.get("/");
    assert_eq!(upstream.connections(), 2);
}

/// An upstream that answers with its name, but holds `/hold` until the connection ends.
fn holding(name: &'static str) -> Upstream {
    Upstream::scripted(move |conn| {
        while let Some(request) = conn.receive() {
            if request.target() == "/hold" {
                conn.wait_end();
                return;
            }
            conn.send(with_body("200 OK", name.as_bytes()));
        }
    })
}

/// Who answers these requests, one after the other, each with this field.
fn answers(gateway: &Gateway, fields: impl IntoIterator<Item = String>) -> String {
    let mut client = gateway.connect();
    fields.into_iter().map(|field| client.ask(&format!("GET / HTTP/1.1\r\n{field}")).text()).collect()
}

fn plain(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|_| String::from("x-a: 1"))
}

/// Equals go in turn; one that is at work on something is left alone, until that has ended.
#[test]
fn least_requests_and_p2c_spare_the_busy() {
    for policy in ["least_requests", "p2c"] {
        let upstreams = ["a", "b"].map(holding);
        let keys = format!("load_balance = '{policy}'");
        let gateway = Gateway::start(&e2e::service("app", &[&upstreams[0], &upstreams[1]], &keys));
        let idle = answers(&gateway, plain(8));
        assert!(idle == "abababab" || idle == "babababa", "{policy}: {idle}");
        let mut held = gateway.connect();
        held.send_request("GET /hold HTTP/1.1");
        let is_held = |upstream: &Upstream| upstream.requests().iter().any(|request| request.target() == "/hold");
        let (busy, free) = e2e::eventually("one is busy", || match (is_held(&upstreams[0]), is_held(&upstreams[1])) {
            (true, _) => Some(("a", "b")),
            (_, true) => Some(("b", "a")),
            _ => None,
        });
        assert_eq!(answers(&gateway, plain(6)), free.repeat(6), "{policy}");
        drop(held);
        gateway.logged("/hold");
        assert!(answers(&gateway, plain(2)).contains(busy), "{policy}: it is idle again");
    }
}

/// A key keeps its upstream; the loss of one moves its own keys alone.
#[test]
fn a_hash_keeps_its_upstream() {
    let keys = |key: &'static str| (0..40).map(move |n| format!("{key}{n}"));
    for (hash, key) in [("header:X-User", "x-user: "), ("cookie:sid", "cookie: a=1; sid=")] {
        let [a, b, c] = ["a", "b", "c"].map(named);
        let gateway =
            Gateway::start(&e2e::service("app", &[&a, &b, &c], &format!("load_balance = {{ hash = '{hash}' }}")));
        let before = answers(&gateway, keys(key));
        assert!(["a", "b", "c"].iter().all(|name| before.matches(name).count() >= 4), "{hash}: {before}");
        assert_eq!(answers(&gateway, keys(key)), before, "{hash}");
        let address = b.address;
        drop(b);
        e2e::eventually("its port is closed", || std::net::TcpStream::connect(address).err());
        let restarted =
            Gateway::start(&e2e::service("app", &[&a, &c], &format!("load_balance = {{ hash = '{hash}' }}")));
        let after = answers(&restarted, keys(key));
        for (before, after) in before.chars().zip(after.chars()) {
            assert!(before == after || before == 'b', "{hash}: {before} became {after}");
        }
    }
}

/// Where the field is not there, the address counts: one client, one upstream.
#[test]
fn a_hash_falls_back_to_the_address() {
    let [a, b, c] = ["a", "b", "c"].map(named);
    for hash in ["ip", "header:X-User", "cookie:sid"] {
        let keys = format!("load_balance = {{ hash = '{hash}' }}");
        let gateway = Gateway::start(&e2e::service("app", &[&a, &b, &c], &keys));
        let seen = answers(&gateway, plain(9));
        assert_eq!(seen, seen[..1].repeat(9), "{hash}");
    }
}
