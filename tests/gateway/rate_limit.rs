//! SPEC §2 `[rate_limit]` and CASES 31: how often a caller may ask, and how it learns where it stands.
use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use e2e::{Gateway, Message, Upstream, eventually, service, with_body};

/// A limit that a test does not outlive.
fn limit(requests: u32) -> String {
    format!("rate_limit = {{ requests = {requests}, per = '1h' }}")
}

fn statuses(gateway: &Gateway, lines: &str, count: usize) -> Vec<u16> {
    let mut client = gateway.connect();
    (0..count).map(|_| client.ask(lines).status()).collect()
}

/// What an answer says of the limit.
fn told(answer: &Message) -> (u16, Option<&str>, Option<&str>) {
    (answer.status(), answer.field("ratelimit-policy"), answer.field("ratelimit"))
}

#[test]
fn every_answer_under_a_limit_tells_where_the_caller_stands() {
    let upstream = Upstream::answering(|request| {
        match request.target() {
        "/mine" => b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\nratelimit: \"x\";r=1\r\nratelimit: \"y\";r=2\r\nratelimit-policy: \"x\";q=5\r\n\r\n".to_vec(),
        _ => e2e::ok(),
    }
    });
    let routes = "limits.body = '4B'\nroutes = ['GET,POST /app', '/mine', { match = '/free', rate_limit = false }]";
    let gateway = Gateway::with("rate_limit = { requests = 100, per = '1m', burst = 6 }", &upstream, routes);
    let mut client = gateway.connect();
    let policy = Some("\"default\";q=100;w=60");
    let stands = |answer: &Message, status: u16, left: &str| {
        assert_eq!(told(answer), (status, policy, Some(format!("\"default\";r={left};t=1").as_str())), "{answer:#?}");
    };
    stands(&client.get("/app"), 200, "5");
    stands(&client.get("/mine"), 503, "4");
    stands(&client.get("/nowhere"), 404, "3");
    stands(&client.ask("PUT /app HTTP/1.1"), 405, "2");
    stands(&client.get("/"), 200, "1");
    client.send("POST /app HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n");
    stands(&client.answer_to("POST").unwrap(), 413, "0");
    let refused = gateway.get("/app");
    stands(&refused, 429, "0");
    assert_eq!(refused.field("retry-after"), Some("1"));
    assert_eq!(refused.field("content-type"), Some("application/problem+json"));
    assert_eq!(refused.json()["code"], "rate_limited");
    assert_eq!(told(&gateway.get("/free")), (200, None, None));
    assert_eq!(told(&gateway.get("/health")), (200, None, None), "never counted");
    assert_eq!(upstream.requests().len(), 3, "what is refused reaches no upstream");
    let labels = "route=\"GET,POST /app\",service=\"app\",status=\"429\",code=\"rate_limited\"";
    gateway.wait_metric(&format!("gateway_requests_total{{{labels}}}"), 1.0);
}

#[test]
fn the_innermost_limit_holds() {
    let upstream = Upstream::ok();
    let route = "{ match = '/inner', rate_limit = { requests = 2, per = '1h' } }";
    let keys = |routes: &str, own: &str| format!("routes = [{routes}]\n{own}");
    let gateway = Gateway::start(&format!(
        "{}\n{}{}{}",
        limit(5),
        service("one", &[&upstream], &keys(&format!("'/one', '/uno', {route}"), &limit(3))),
        service("two", &[&upstream], &keys("'/two'", "")),
        service("off", &[&upstream], &keys("'/off'", "rate_limit = false")),
    ));
    let count = |target: &str, of: usize| {
        let found = statuses(&gateway, &format!("GET {target} HTTP/1.1"), of);
        let passed = found.iter().filter(|&&status| status != 429).count();
        assert!(found[..passed].iter().all(|&status| status != 429), "{found:?}");
        passed
    };
    assert_eq!(count("/inner", 4), 2, "a route's own");
    assert_eq!(count("/one", 2), 2);
    assert_eq!(count("/uno", 4), 1, "one count for the routes of a service");
    assert_eq!(count("/nowhere", 2), 2, "the file's own counts what no route takes");
    assert_eq!(count("/two", 5), 3, "and the routes that have no other");
    assert_eq!(count("/", 2), 0);
    assert_eq!(count("/off", 20), 20);
    assert_eq!(count("/health", 20), 20);
    assert_eq!(gateway.metric("gateway_rate_limit_keys"), Some(3.0), "one caller under three limits");
}

#[test]
fn defaults_are_each_services_own() {
    let upstream = Upstream::ok();
    let services = ["a", "b"].map(|name| service(name, &[&upstream], &format!("routes = ['/{name}']")));
    let gateway = Gateway::start(&format!("defaults.{}\n{}", limit(2), services.concat()));
    assert_eq!(statuses(&gateway, "GET /a HTTP/1.1", 3), [200, 200, 429]);
    assert_eq!(statuses(&gateway, "GET /b HTTP/1.1", 3), [200, 200, 429]);
    assert_eq!(statuses(&gateway, "GET /c HTTP/1.1", 3), [404, 404, 404], "the file has no limit");
}

#[test]
fn workers_together_let_through_exactly_the_burst() {
    let upstream = Upstream::ok();
    let gateway = Arc::new(Gateway::with(&format!("server.workers = 2\n{}", limit(100)), &upstream, ""));
    let clients: Vec<_> = (0..8)
        .map(|_| {
            let gateway = Arc::clone(&gateway);
            thread::spawn(move || statuses(&gateway, "GET / HTTP/1.1", 30))
        })
        .collect();
    let all: Vec<u16> = clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
    let of = |status: u16| all.iter().filter(|&&found| found == status).count();
    assert_eq!((of(200), of(429), all.len()), (100, 140, 240));
    assert_eq!(upstream.requests().len(), 100);
}

/// CASES 31: the caller is who connects, unless a proxy that is trusted tells another.
#[test]
fn a_callers_address_is_believed_from_a_trusted_proxy_alone() {
    let ask = |gateway: &Gateway, chain: &str| {
        let lines =
            format!("GET / HTTP/1.1\r\nx-forwarded-for: {chain}\r\nforwarded: for={chain}\r\nx-real-ip: {chain}");
        gateway.ask(&lines).status()
    };
    let upstream = Upstream::ok();
    let gateway = Gateway::with(&limit(2), &upstream, "");
    assert_eq!(["192.0.2.1", "192.0.2.2", "192.0.2.3"].map(|ip| ask(&gateway, ip)), [200, 200, 429]);
    let trusted = format!("server.trusted_proxies = ['127.0.0.1']\n{}", limit(1));
    let gateway = Gateway::with(&trusted, &upstream, "");
    for (chain, status) in [
        ("192.0.2.1", 200),
        ("192.0.2.1", 429),
        ("192.0.2.2", 200),
        ("6.6.6.6, 192.0.2.2", 429),
        ("2001:db8::1", 200),
        ("2001:db8::2", 429),
        ("2001:db8:0:1::1", 200),
        ("::ffff:192.0.2.2", 429),
        ("nonsense", 200),
        ("other nonsense", 429),
    ] {
        assert_eq!(ask(&gateway, chain), status, "{chain}");
    }
}

#[test]
fn a_header_tells_callers_apart_and_the_address_those_without() {
    let upstream = Upstream::ok();
    let limit = "rate_limit = { requests = 1, per = '1h', key = 'header:X-Tenant' }";
    let gateway = Gateway::with(limit, &upstream, "");
    for (fields, status) in [
        ("x-tenant: a", 200),
        ("X-TENANT: a", 429),
        ("x-tenant: b", 200),
        ("x-other: a", 200),
        ("x-other: b", 429),
        ("x-tenant:", 429),
        ("x-tenant: c\r\nx-tenant: d", 429),
        ("x-tenant: c", 200),
    ] {
        assert_eq!(gateway.ask(&format!("GET / HTTP/1.1\r\n{fields}")).status(), status, "{fields}");
    }
}

/// Nobody has a claim where no token is asked for.
#[test]
fn without_a_claim_the_address_counts() {
    let upstream = Upstream::ok();
    let limit = "rate_limit = { requests = 2, per = '1h', key = 'claim:sub' }";
    let keys = "[[jwt]]\nissuer = 'a'\nsecret = '01234567890123456789012345678901'";
    let gateway = Gateway::with(&format!("{limit}\n{keys}"), &upstream, "auth = 'none'\nroutes = ['/a']");
    assert_eq!(statuses(&gateway, "GET /a HTTP/1.1", 1), [200]);
    assert_eq!(statuses(&gateway, "GET /nowhere HTTP/1.1", 2), [404, 429]);
    assert_eq!(statuses(&gateway, "GET /a HTTP/1.1", 1), [429]);
}

#[test]
fn who_waits_as_told_is_let_through() {
    let upstream = Upstream::ok();
    let gateway = Gateway::with("rate_limit = { requests = 1, per = '700ms', burst = 2 }", &upstream, "");
    let mut client = gateway.connect();
    let refused = eventually("the limit is reached", || Some(client.get("/")).filter(|answer| answer.status() == 429));
    assert_eq!(refused.field("retry-after"), Some("1"));
    assert!(client.stays_silent(Duration::from_secs(1)));
    assert_eq!(client.get("/").status(), 200);
}

/// CASES 31: what comes back, comes back one by one; no edge of a window lets a second burst through.
#[test]
fn a_burst_comes_back_one_by_one() {
    let upstream = Upstream::answering(|_| with_body("200 OK", b""));
    let gateway = Gateway::with("rate_limit = { requests = 10, per = '1s' }", &upstream, "");
    let mut client = gateway.connect();
    let (start, mut passed) = (Instant::now(), 0);
    while start.elapsed() < Duration::from_millis(1500) {
        passed += u32::from(client.get("/").status() == 200);
    }
    let most = 10 + start.elapsed().as_millis() / 100 + 1;
    assert!((20..=most).contains(&passed.into()), "{passed} in {:?}", start.elapsed());
}
