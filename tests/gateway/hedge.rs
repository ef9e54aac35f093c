//! `hedge`: a request that is slow is sent to another upstream as well.
use std::time::Duration;

use e2e::{Gateway, Upstream, eventually, with_body};

/// One that answers with this, but for requests that are to be held, which it never answers.
fn holding(status: &'static str) -> Upstream {
    Upstream::scripted(move |conn| {
        while let Some(request) = conn.receive() {
            if request.target().starts_with("/hold") {
                conn.wait_end();
                return;
            }
            conn.send(with_body(status, b"first"));
        }
    })
}

fn named(name: &'static str) -> Upstream {
    Upstream::answering(move |_| with_body("200 OK", name.as_bytes()))
}

/// The first of the upstreams is asked first, nearly always.
fn start(upstreams: &[&Upstream], keys: &str) -> Gateway {
    let rest: Vec<String> = upstreams[1..].iter().map(|one| format!("'{}'", one.url())).collect();
    let first = format!("{{ url = '{}', weight = 1000 }}", upstreams[0].url());
    Gateway::start(&format!("[services.app]\nupstreams = [{first}, {}]\nroutes = ['/']\n{keys}\n", rest.join(", ")))
}

fn count(gateway: &Gateway, result: &str) -> f64 {
    let labels = format!("route=\"/\",service=\"app\",result=\"{result}\"");
    gateway.metric(&format!("gateway_hedges_total{{{labels}}}")).unwrap_or_default()
}

#[test]
fn another_answers_where_the_first_is_slow_and_the_first_is_given_up() {
    let (slow, other) = (holding("200 OK"), named("other"));
    let gateway = start(&[&slow, &other], "hedge = { after = '50ms' }");
    let answer = gateway.get("/hold/a");
    assert_eq!((answer.status(), answer.text().as_str()), (200, "other"));
    slow.wait_ended(1);
    let line = gateway.logged("/hold/a");
    assert_eq!((&line["hedged"], &line["retries"], &line["upstream"]), (&1.into(), &0.into(), &other.url().into()));
    assert_eq!((count(&gateway, "won"), count(&gateway, "lost")), (1.0, 0.0));
    assert_eq!(gateway.get("/quick").text(), "first");
    assert!(gateway.logged("/quick")["hedged"].is_null(), "an answer in time is the only one");
    assert_eq!(other.requests().len(), 1);
}

/// What was given up is neither a failure nor a success: the count of failures in a row is what it was.
#[test]
fn what_is_given_up_says_nothing_of_its_upstream() {
    let (bad, other) = (holding("500 x"), named("other"));
    let keys = "circuit_breaker = { failure_threshold = 2, recovery_timeout = '1h' }\nhedge = { after = '20ms' }";
    let gateway = start(&[&bad, &other], keys);
    let circuit = || gateway.admin("/services").json()["app"]["upstreams"][0]["circuit"].clone();
    assert_eq!(gateway.get("/fails").status(), 500);
    for _ in 0..3 {
        assert_eq!(gateway.get("/hold").text(), "other");
    }
    assert_eq!(circuit(), "closed", "no failure");
    assert_eq!(gateway.get("/fails").status(), 500);
    assert_eq!(circuit(), "open", "and no success");
}

/// Off by default; and never what may not be sent twice, or has a body.
#[test]
fn only_what_is_safe_is_hedged_and_only_where_it_is_asked_for() {
    let (slow, other) = (holding("200 OK"), named("other"));
    let gateway = start(&[&slow, &other], "hedge = { after = '20ms' }");
    let plain = start(&[&slow, &other], "");
    let check = |gateway: &Gateway, request: &str| {
        let before = slow.requests().len();
        let mut client = gateway.connect();
        client.send(request);
        eventually("it is asked", || (slow.requests().len() > before).then_some(()));
        assert!(client.stays_silent(Duration::from_millis(200)), "{request}");
        assert_eq!(other.requests().len(), 0, "{request}");
    };
    check(&gateway, "POST /hold HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n");
    check(&gateway, "PUT /hold HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello");
    check(&plain, "GET /hold HTTP/1.1\r\nhost: a\r\n\r\n");
    let upgrade = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13";
    let key = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==";
    check(&gateway, &format!("GET /hold HTTP/1.1\r\nhost: a\r\n{upgrade}\r\n{key}\r\n\r\n"));
}

/// As many as `max`, each after the same time; and one that fails leaves it to those that have not.
#[test]
fn more_follow_up_to_the_most_and_a_failure_waits_for_the_others() {
    let (first, second, third) = (holding("x"), holding("x"), named("third"));
    let gateway = start(&[&first, &second, &third], "hedge = { after = '50ms', max = 2 }");
    // Whichever of the two is next, the third answers.
    assert_eq!(gateway.get("/hold/a").text(), "third");
    let hedged = gateway.logged("/hold/a")["hedged"].as_u64().unwrap();
    assert!((1..=2).contains(&hedged), "{hedged}");
    let cutting = Upstream::consuming(|mut conn| {
        conn.receive();
        conn.reset();
    });
    let late = Upstream::scripted(|conn| {
        conn.receive();
        // Its answer comes when the other has failed.
        conn.stays_silent(Duration::from_millis(200));
        conn.send(with_body("200 OK", b"late"));
    });
    let gateway = start(&[&late, &cutting], "hedge = { after = '50ms' }\nretry = false");
    assert_eq!(gateway.get("/").text(), "late");
    assert_eq!((cutting.requests().len(), count(&gateway, "won"), count(&gateway, "lost")), (1, 0.0, 1.0));
}

/// A service that is slow as a whole is not asked twice as much: 3 in a second where the part is none.
#[test]
fn the_budget_bounds_them() {
    let (slow, other) = (holding("x"), holding("x"));
    let gateway = start(&[&slow, &other], "hedge = { after = '50ms', budget = 0.0 }");
    let clients: Vec<_> = (0..20)
        .map(|_| {
            let mut client = gateway.connect();
            client.send_request("GET /hold HTTP/1.1");
            client
        })
        .collect();
    eventually("all are due", || {
        let asked = u32::try_from(slow.requests().len() + other.requests().len()).unwrap();
        (count(&gateway, "refused") + f64::from(asked) >= 40.0).then_some(())
    });
    let hedges = slow.requests().len() + other.requests().len() - 20;
    // More than one second may have passed.
    assert!((3..=9).contains(&hedges), "{hedges}");
    drop(clients);
}
