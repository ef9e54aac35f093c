//! What else a route or a service asks of its upstreams, where those speak HTTP/2: probes, mirrors, stored answers,
//! authorisers, shares.
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use e2e::{Gateway, Upstream, eventually, service};

const H2C: &str = "protocol = 'h2c'\n";

fn named(name: &'static str) -> Upstream {
    Upstream::http2_answering(move |_| name.as_bytes().to_vec())
}

fn status_of(gateway: &Gateway) -> String {
    gateway.get("/health").json()["status"].as_str().unwrap().to_owned()
}

#[test]
fn probes_speak_the_same_protocol() {
    let well = Arc::new(AtomicBool::new(true));
    let is_well = Arc::clone(&well);
    let upstream = Upstream::http2(&[], move |conn| {
        while let Some((stream, request)) = conn.request() {
            assert_eq!(request.target(), "/live?v=1");
            let status = if is_well.load(Ordering::SeqCst) { "200" } else { "500" };
            conn.respond(stream, status, &[], b"");
        }
    });
    let health = "health = { path = '/live?v=1', interval = '100ms', unhealthy_after = 1, healthy_after = 1 }";
    let gateway = Gateway::start(&service("app", &[&upstream], &format!("{H2C}{health}")));
    eventually("it is healthy", || (status_of(&gateway) == "healthy").then_some(()));
    well.store(false, Ordering::SeqCst);
    eventually("it is not", || (status_of(&gateway) == "unhealthy").then_some(()));
    well.store(true, Ordering::SeqCst);
    eventually("it is again", || (status_of(&gateway) == "healthy").then_some(()));
}

/// `SERVING` alone is healthy, by trailers or by trailers alone.
#[test]
fn probes_may_ask_by_grpc() {
    let answer = Arc::new(Mutex::new((&b"\0\0\0\0\x02\x08\x01"[..], "0")));
    let told = Arc::clone(&answer);
    let upstream = Upstream::http2(&[], move |conn| {
        while let Some((stream, request)) = conn.request() {
            assert_eq!(request.start, "POST /grpc.health.v1.Health/Check HTTP/2");
            assert_eq!(
                (request.field("content-type"), request.field("te")),
                (Some("application/grpc"), Some("trailers"))
            );
            assert_eq!(request.body, b"\0\0\0\0\x05\x0a\x03a.B");
            let (body, status) = *told.lock().unwrap();
            let head = [(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", status)];
            if body.is_empty() {
                conn.send_fields(stream, &head, true);
                continue;
            }
            conn.send_fields(stream, &head[..2], false);
            conn.send_data(stream, body, false);
            conn.send_fields(stream, &head[2..], true);
        }
    });
    let health = "health = { grpc = 'a.B', interval = '100ms', unhealthy_after = 1, healthy_after = 1 }";
    let gateway = Gateway::start(&service("app", &[&upstream], &format!("{H2C}{health}")));
    for (body, status, expected, error) in [
        (&b"\0\0\0\0\x02\x08\x01"[..], "0", "healthy", ""),
        (b"\0\0\0\0\x02\x08\x02", "0", "unhealthy", "NOT_SERVING"),
        (b"\0\0\0\0\x02\x08\x01", "0", "healthy", ""),
        (b"", "5", "unhealthy", "it knows no service `a.B`"),
        (b"\0\0\0\0\x02\x08\x01", "0", "healthy", ""),
        (b"\0\0\0\0\x02\x08\x01", "13", "unhealthy", "grpc-status 13"),
    ] {
        *answer.lock().unwrap() = (body, status);
        eventually(expected, || (status_of(&gateway) == expected).then_some(()));
        let verbose = gateway.get("/health?verbose").json();
        let told = verbose["services"]["app"]["upstreams"][0]["last_error"].as_str().unwrap_or_default().to_owned();
        assert!(told.contains(error), "{verbose}");
    }
    let config = gateway.admin("/config").json();
    let shown = &config["services"]["app"];
    assert_eq!((&shown["protocol"], &shown["health"]["grpc"]), (&"h2c".into(), &"a.B".into()));
}

#[test]
fn shares_mirrors_stores_and_authorisers_may_speak_it() {
    let (app, shadow, judge) = (named("app"), named("shadow"), named("yes"));
    let file = [
        service(
            "app",
            &[&app],
            &format!(
                "{H2C}routes = [{{ match = '/mirror', mirror = 'shadow' }}, {{ match = '/stored', cache = {{ ttl = '1m' }} }}, \
                 {{ match = '/asked', forward_auth = {{ service = 'judge', path = '/verify' }} }}, \
                 {{ match = '/shared', split = [{{ service = 'shadow', weight = 1 }}] }}]"
            ),
        ),
        service("shadow", &[&shadow], &format!("{H2C}routes = ['/shadow']")),
        service("judge", &[&judge], &format!("{H2C}routes = ['/judge']")),
    ]
    .concat();
    let gateway = Gateway::start(&file);
    let mut client = gateway.connect();
    assert_eq!(client.post("/mirror", b"body").text(), "app");
    eventually("the copy", || shadow.requests().iter().any(|copy| copy.body == b"body").then_some(()));
    assert_eq!(shadow.last().field("x-mirrored"), Some("true"));
    for _ in 0..3 {
        assert_eq!(client.get("/stored").text(), "app");
    }
    assert_eq!(app.requests().iter().filter(|request| request.target() == "/stored").count(), 1);
    assert_eq!(client.get("/asked").text(), "app");
    assert_eq!(judge.last().field(":path"), Some("/verify"));
    assert_eq!(client.get("/shared").text(), "shadow");
}
