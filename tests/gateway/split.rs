//! `split`: a route's requests among several services.
use std::collections::BTreeMap;

use e2e::{Gateway, Message, Upstream, eventually, service, with_body};

/// Answers with this name.
fn named(name: &'static str) -> Upstream {
    Upstream::answering(move |_| with_body("200 OK", name.as_bytes()))
}

/// `/s` of the service `old`, divided between it and `new`.
fn file(old: &Upstream, new: &Upstream, keys: &str) -> String {
    let routes = format!("routes = [{{ match = '/s', {keys} }}, '/direct']");
    format!("{}[services.new]\nupstreams = ['{}']\n", service("old", &[old], &routes), new.url())
}

const SPLIT: &str = "split = [{ service = 'old', weight = 3 }, { service = 'new', weight = 1 }]";

fn counts(answers: impl Iterator<Item = Message>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    answers.for_each(|answer| *counts.entry(answer.text()).or_default() += 1);
    counts
}

#[test]
fn services_get_requests_by_their_weights() {
    let (old, new) = (named("old"), named("new"));
    let gateway = Gateway::start(&file(&old, &new, SPLIT));
    let mut client = gateway.connect();
    let counts = counts((0..400).map(|_| client.get("/s")));
    // Six standard deviations to either side.
    assert!((50..=150).contains(&counts["new"]), "{counts:?}");
    assert_eq!(client.get("/direct").text(), "old", "the other routes of the service are its own");
    for (service, count) in &counts {
        #[allow(clippy::cast_precision_loss, reason = "some hundreds")]
        let expected = *count as f64;
        let sample = format!("gateway_requests_total{{route=\"/s\",service=\"{service}\",status=\"200\",code=\"\"}}");
        gateway.wait_metric(&sample, expected);
        let url = if service == "new" { new.url() } else { old.url() };
        gateway.stdout.find("a line of the service", |line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            (line["service"] == **service && line["upstream"] == url && line["route"] == "/s").then_some(())
        });
    }
}

#[test]
fn a_key_gets_the_same_service_again() {
    let (old, new) = (named("old"), named("new"));
    let gateway = Gateway::start(&file(&old, &new, &format!("{SPLIT}, sticky = 'header:X-Tenant'")));
    let mut client = gateway.connect();
    let mut ask = |tenant: usize| client.ask(&format!("GET /s HTTP/1.1\r\nx-tenant: {tenant}")).text();
    let first: Vec<String> = (0..100).map(&mut ask).collect();
    assert!(first.iter().any(|name| name == "old") && first.iter().any(|name| name == "new"));
    assert_eq!((0..100).map(&mut ask).collect::<Vec<_>>(), first);
    gateway.reload(&file(&old, &new, &format!("{SPLIT}, sticky = 'ip'")), "applied");
    assert_eq!(counts((0..20).map(|_| gateway.get("/s"))).len(), 1, "one address, one service");
}

/// A client that is new gets a cookie, by which it is known from then on, over a restart and over reloads.
#[test]
fn a_cookie_keeps_a_client_where_it_was() {
    let (old, new) = (named("old"), named("new"));
    let file = file(&old, &new, &format!("{SPLIT}, sticky = 'cookie:share'"));
    let (gateway, other) = (Gateway::start(&file), Gateway::start(&file));
    let mut seen = BTreeMap::<String, usize>::new();
    for _ in 0..40 {
        let first = gateway.get("/s");
        let cookie = first.field("set-cookie").expect("a cookie").to_owned();
        let (pair, attributes) = cookie.split_once("; ").unwrap();
        assert!(pair.starts_with("share=") && pair.len() == 38, "{cookie}");
        assert_eq!(attributes, "Path=/; HttpOnly; SameSite=Lax");
        for gateway in [&gateway, &other] {
            let again = gateway.ask(&format!("GET /s HTTP/1.1\r\ncookie: a=b; {pair}"));
            assert_eq!((again.text(), again.field("set-cookie")), (first.text(), None));
        }
        *seen.entry(first.text()).or_default() += 1;
    }
    assert_eq!(seen.len(), 2, "{seen:?}");
}

/// A service that has nobody left takes no part; when nobody has anybody, the answer is that of one of them.
#[test]
fn a_service_without_an_upstream_takes_no_part() {
    let (old, new) = (
        named("old"),
        Upstream::answering(|request| {
            let status = if request.target() == "/probe" { "500 Internal Server Error" } else { "200 OK" };
            with_body(status, b"new")
        }),
    );
    let health = "health = { path = '/probe', interval = '50ms', unhealthy_after = 1, healthy_after = 1 }";
    let file = file(&old, &new, SPLIT) + health;
    let gateway = Gateway::start(&file);
    eventually("it is known to be unhealthy", || {
        (gateway.admin("/services").json()["new"]["upstreams"][0]["status"] == "unhealthy").then_some(())
    });
    let mut client = gateway.connect();
    assert_eq!(counts((0..100).map(|_| client.get("/s"))), BTreeMap::from([("old".into(), 100)]));
    let alone = "split = [{ service = 'new' }, { service = 'old', weight = 0 }]";
    gateway.reload(&file.replace(SPLIT, alone), "applied");
    assert_eq!(client.get("/s").status(), 503, "no weight is no request");
}

/// What the route asks for holds whichever service it is, and is asked once.
#[test]
fn the_routes_rules_hold_for_all_of_them() {
    let (old, new) = (named("old"), named("new"));
    let keys = format!("{SPLIT}, rate_limit = {{ requests = 50, per = '1h' }}, strip_prefix = true");
    let gateway = Gateway::start(&file(&old, &new, &keys));
    let mut client = gateway.connect();
    let statuses: Vec<u16> = (0..60).map(|_| client.get("/s/a").status()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 50);
    let seen = [old.requests(), new.requests()].concat();
    assert!(seen.len() == 50 && seen.iter().all(|request| request.target() == "/a"));
}
