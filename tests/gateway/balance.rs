//! Smooth weighted round-robin.
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
