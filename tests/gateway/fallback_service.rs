//! `fallback = { service = "NAME" }`: another service answers where the route's own gives no answer.
use std::net::TcpListener;

use e2e::{Gateway, Upstream, with_body};

use crate::upstream_faults::code;

/// An address where nobody listens.
fn nowhere() -> String {
    format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap())
}

fn spare() -> Upstream {
    Upstream::answering(|request| with_body("200 OK", &[request.method().as_bytes(), b" ", &request.body].concat()))
}

/// `app` at `first`, with `spare` for whatever it does not answer, and `[]` for what that does not answer.
fn file(first: &str, spare: &str, keys: &str) -> String {
    format!(
        "[services.app]\nupstreams = ['{first}']\nroutes = [{{ match = '/a', strip_prefix = true, fallback = {{ service = 'spare' }}, \
         response_headers = {{ set = {{ x-from = 'file' }} }} }}, '/plain']\n{keys}\n\
         [services.spare]\nupstreams = ['{spare}']\nroutes = [{{ match = '/own', fallback = {{ service = 'app' }} }}]\n"
    )
}

#[test]
fn another_service_answers_and_operators_know_why() {
    let spare = spare();
    let gateway = Gateway::start(&file(&nowhere(), &spare.url(), ""));
    let mut client = gateway.connect();
    let answer = client.get("/a/b?c=d");
    assert_eq!((answer.status(), answer.text().as_str()), (200, "GET "), "{answer:#?}");
    assert_eq!(answer.field("x-from"), Some("file"), "the route's rules hold");
    assert!(answer.field("proxy-status").unwrap().contains("upstream_connect_refused"), "{answer:#?}");
    assert_eq!(spare.last().target(), "/b?c=d", "it gets what the service would have got");
    let line = gateway.logged("/a/b");
    assert_eq!(
        (&line["status"], &line["code"], &line["service"], &line["upstream"]),
        (&200.into(), &"upstream_connect_refused".into(), &"app".into(), &spare.url().into()),
        "{line}"
    );
    let labels = "route=\"/a\",service=\"app\",status=\"200\",code=\"upstream_connect_refused\"";
    gateway.wait_metric(&format!("gateway_requests_total{{{labels}}}"), 1.0);
    assert_eq!(client.get("/plain").status(), 502, "the other routes have none");
    // Nothing of it was sent, so that its body is whole.
    assert_eq!(client.post("/a", b"hello").text(), "POST hello");
}

/// A circuit that is open, and no room, are no answers either.
#[test]
fn whatever_the_gateway_would_refuse_goes_there() {
    let (failing, spare) = (Upstream::answering(|_| with_body("500 x", b"own")), spare());
    let keys = "circuit_breaker = { failure_threshold = 1, recovery_timeout = '1h' }";
    let gateway = Gateway::start(&file(&failing.url(), &spare.url(), keys));
    let mut client = gateway.connect();
    assert_eq!(client.get("/a").text(), "own", "an answer of the service is its answer");
    assert_eq!((client.get("/a").text().as_str(), client.post("/a", b"x").text().as_str()), ("GET ", "POST x"));
    gateway.stdout.find("the code", |line| line.contains("\"code\":\"circuit_open\"").then_some(()));
}

/// What the service may have seen, or whose body is gone, is not sent to another.
#[test]
fn only_what_is_safe_goes_there() {
    let cutting = Upstream::consuming(|mut conn| {
        conn.receive();
        conn.reset();
    });
    let spare = spare();
    let gateway = Gateway::start(&file(&cutting.url(), &spare.url(), "circuit_breaker = false"));
    for lines in ["POST /a HTTP/1.1\r\ncontent-length: 0", "PATCH /a HTTP/1.1\r\ncontent-length: 0"] {
        assert_eq!(code(&gateway.ask(lines)), (502, "upstream_reset".into()), "{lines}");
    }
    let mut client = gateway.connect();
    client.send("PUT /a HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello");
    assert_eq!(code(&client.answer_to("PUT").unwrap()), (502, "upstream_reset".into()));
    assert_eq!(spare.requests().len(), 0);
    assert_eq!(gateway.ask("DELETE /a HTTP/1.1").text(), "DELETE ");
}

/// Once, and no further: each is the other's.
#[test]
fn a_fallback_has_no_fallback() {
    let gateway = Gateway::start(&file(&nowhere(), &nowhere(), "retry = false"));
    let mut client = gateway.connect();
    for path in ["/a", "/own"] {
        assert_eq!(code(&client.get(path)), (502, "upstream_connect_refused".into()));
    }
}

#[test]
fn a_time_out_is_stood_in_for_and_the_total_is_both_ones() {
    let silent = Upstream::scripted(|conn| {
        conn.receive();
        conn.wait_end();
    });
    let spare = spare();
    let first = file(&silent.url(), &spare.url(), "timeouts.request = '100ms'");
    let gateway = Gateway::start(&first);
    assert_eq!(gateway.get("/a").text(), "GET ");
    gateway.reload(&first.replace("timeouts.request = '100ms'", "timeouts.total = '100ms'"), "applied");
    assert_eq!(code(&gateway.get("/a")), (504, "upstream_timeout".into()));
}

/// What a fallback has answered is no answer of the service's: it is not stored for it.
#[test]
fn its_answer_is_not_stored() {
    let spare =
        Upstream::answering(|_| b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncache-control: max-age=60\r\n\r\ns".into());
    let gateway = Gateway::start(&file(&nowhere(), &spare.url(), "cache = true"));
    let mut client = gateway.connect();
    for _ in 0..2 {
        assert_eq!(client.get("/a").text(), "s");
    }
    assert_eq!(spare.requests().len(), 2);
}
