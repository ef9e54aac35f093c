//! `mirror`: copies of requests, whose answers nobody sees.
use std::{
    sync::Arc,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use e2e::{Gateway, Upstream, eventually, ok, service, with_body};

/// Everything goes to `app`, and a copy of so much to `shadow`.
fn file(app: &Upstream, shadow: &str, mirror: &str) -> String {
    let routes = format!("routes = [{{ match = '/', mirror = {mirror}, rewrite = '/v2' }}]");
    format!("{}[services.shadow]\nupstreams = ['{shadow}']\n", service("app", &[app], &routes))
}

fn count(gateway: &Gateway, result: &str, value: f64) {
    let sample = format!("gateway_mirrored_total{{route=\"/\",service=\"shadow\",result=\"{result}\"}}");
    gateway.wait_metric(&sample, value);
}

#[test]
fn a_copy_is_the_request_that_the_service_gets() {
    let (app, shadow) = (Upstream::ok(), Upstream::answering(|_| with_body("404 Not Found", b"no")));
    let gateway = Gateway::start(&file(&app, &shadow.url(), "'shadow'"));
    let mut client = gateway.connect();
    assert_eq!(client.ask("GET /a?b=%2f HTTP/1.1\r\nhost: example.com\r\nx-mirrored: mine").text(), "ok");
    assert_eq!(client.post("/c", &vec![b'x'; 60_000]).text(), "ok");
    client.send("POST /d HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    assert_eq!(client.answer_to("POST").unwrap().text(), "ok");
    count(&gateway, "answered", 3.0);
    let (mut originals, mut copies) = (app.requests(), shadow.requests());
    originals.sort_by_key(|request| request.target().to_owned());
    copies.sort_by_key(|request| request.target().to_owned());
    assert_eq!(copies.len(), 3);
    for (original, copy) in originals.iter().zip(&mut copies) {
        assert_eq!(copy.all("x-mirrored"), ["true"]);
        assert!(original.all("x-mirrored").is_empty(), "a client cannot pass for a copy");
        assert_eq!((&original.start, &original.body), (&copy.start, &copy.body));
        let framing = ["x-mirrored", "content-length", "transfer-encoding"];
        let rest = |request: &e2e::Message| {
            let fields = request.fields.iter().filter(|(name, _)| !framing.contains(&name.as_str()));
            fields.cloned().collect::<Vec<_>>()
        };
        assert_eq!(rest(original), rest(copy));
    }
    for path in ["/a", "/c", "/d"] {
        gateway.logged(path);
    }
    assert_eq!(gateway.log().len(), 3, "a copy is no request of a client");
}

/// A shadow that hangs, fails or is not there changes nothing for the client, nor for the service's circuit.
#[test]
fn nobody_waits_for_a_copy_or_sees_it_fail() {
    let app = Upstream::ok();
    let hanging = Upstream::scripted(|conn| {
        conn.receive();
        conn.wait_end();
    });
    let slow = "mirror = 'shadow', timeouts = { connect = '1s', request = '300ms' }";
    let gateway = Gateway::start(&file(&app, &hanging.url(), "'shadow'").replace("mirror = 'shadow'", slow));
    let mut client = gateway.connect();
    let began = Instant::now();
    (0..20).for_each(|_| assert_eq!(client.get("/").status(), 200));
    assert!(began.elapsed() < Duration::from_millis(250), "{:?}", began.elapsed());
    count(&gateway, "failed", 20.0);
    gateway.reload(&file(&app, "http://127.0.0.1:1", "'shadow'"), "applied");
    (0..20).for_each(|_| assert_eq!(client.get("/").status(), 200));
    count(&gateway, "failed", 40.0);
    let circuit = gateway.admin("/services").json()["app"]["upstreams"][0]["circuit"].clone();
    assert_eq!(circuit, "closed");
}

/// What is held for copies has a bound: in bytes for one, in number for all.
#[test]
fn what_does_not_fit_is_not_copied_and_counted() {
    let app = Upstream::ok();
    let open = Arc::new(AtomicBool::new(false));
    let gate = Arc::clone(&open);
    let shadow = Upstream::scripted(move |conn| {
        while conn.receive().is_some() {
            eventually("the gate opens", || gate.load(Ordering::SeqCst).then_some(()));
            conn.send(ok());
        }
    });
    let gateway = Gateway::start(&file(&app, &shadow.url(), "'shadow'"));
    let mut client = gateway.connect();
    assert_eq!(client.post("/", &vec![b'x'; 65_537]).status(), 200);
    count(&gateway, "too_large", 1.0);
    let chunk = format!("8000\r\n{}\r\n", "x".repeat(0x8000));
    client
        .send(format!("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n{}0\r\n\r\n", chunk.repeat(3)));
    assert_eq!(client.answer_to("POST").unwrap().status(), 200);
    count(&gateway, "too_large", 2.0);
    (0..150).for_each(|_| assert_eq!(client.get("/").status(), 200));
    count(&gateway, "busy", 22.0);
    open.store(true, Ordering::SeqCst);
    count(&gateway, "answered", 128.0);
    assert_eq!(app.requests().len(), 152);
}

#[test]
fn so_many_of_a_hundred_are_copied() {
    let (app, shadow) = (Upstream::ok(), Upstream::ok());
    let gateway = Gateway::start(&file(&app, &shadow.url(), "{ service = 'shadow', percent = 25 }"));
    let mut client = gateway.connect();
    (0..400).for_each(|_| assert_eq!(client.get("/").status(), 200));
    eventually("the copies", || (shadow.requests().len() > 49).then_some(()));
    assert!(shadow.requests().len() < 151, "{}", shadow.requests().len());
    gateway.reload(&file(&app, &shadow.url(), "{ service = 'shadow', percent = 0 }"), "applied");
    let before = shadow.requests().len();
    (0..50).for_each(|_| assert_eq!(client.get("/").status(), 200));
    assert_eq!(shadow.requests().len(), before);
}

/// A request that its client breaks off was never whole, and is not copied.
#[test]
fn half_a_request_is_not_copied() {
    let (app, shadow) = (Upstream::ok(), Upstream::ok());
    let gateway = Gateway::start(&file(&app, &shadow.url(), "'shadow'"));
    let mut client = gateway.connect();
    client.send("POST /half HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc");
    eventually("it arrives", || (app.connections() == 1).then_some(()));
    drop(client);
    gateway.logged("/half");
    assert_eq!(gateway.get("/whole").status(), 200);
    count(&gateway, "answered", 1.0);
    assert_eq!(shadow.requests().len(), 1);
}
