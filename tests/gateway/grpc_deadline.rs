//! `grpc-timeout`: a call ends when its client has said that it must, with the status that says so.
use std::time::{Duration, Instant};

use e2e::{Gateway, Http2, Upstream, error, service};

const CALL: [(&str, &str); 2] = [("content-type", "application/grpc"), ("te", "trailers")];
/// One message, of no bytes.
const MESSAGE: &[u8] = b"\0\0\0\0\0";
const DEADLINE_EXCEEDED: Option<&str> = Some("4");

/// Answers `/head` with a head, `/message` with a message too, and any other only when it is told of it.
fn silent() -> Upstream {
    Upstream::http2(&[], |conn| {
        while let Some((stream, request)) = conn.request() {
            let head = [(":status", "200"), ("content-type", "application/grpc")];
            match request.target() {
                "/silent" => {}
                "/late" => {
                    conn.stays_silent(Duration::from_millis(100));
                    conn.send_fields(stream, &[&head[..], &[("grpc-status", "0")]].concat(), true);
                }
                "/resets" => {
                    let resets = format!("{:?}", conn.resets.values().collect::<Vec<_>>());
                    conn.respond(stream, "200", &[], resets);
                }
                target => {
                    conn.send_fields(stream, &head, false);
                    if target == "/message" {
                        conn.send_data(stream, MESSAGE, false);
                    }
                }
            }
        }
    })
}

fn before(upstream: &Upstream, keys: &str) -> Gateway {
    Gateway::start(&format!(
        "server.workers = 1\n{}",
        service("app", &[upstream], &format!("protocol = 'h2c'\n{keys}"))
    ))
}

/// Asks without a message, so that nothing but the upstream is waited for.
fn call(client: &mut Http2, stream: u32, path: &str, timeout: &str) {
    client.send_request(stream, "POST", path, &[&CALL[..], &[("grpc-timeout", timeout)]].concat(), true);
}

#[test]
fn a_call_without_an_answer_ends_in_its_time_and_is_not_the_upstreams_fault() {
    let upstream = silent();
    let gateway = before(&upstream, "timeouts.total = '1h'\ncircuit_breaker.failure_threshold = 1");
    let mut client = Http2::connect(gateway.address);
    let begun = Instant::now();
    call(&mut client, 1, "/silent", "300m");
    let answer = client.answer(1);
    assert!(begun.elapsed() >= Duration::from_millis(300), "{:?}", begun.elapsed());
    assert_eq!((answer.status(), answer.field("grpc-status")), (200, DEADLINE_EXCEEDED), "{answer:?}");
    assert_eq!(upstream.last().field("grpc-timeout"), Some("300m"), "it is told as it was");
    assert_eq!(client.get(3, "/resets").text(), format!("[{}]", error::CANCEL), "its circuit is closed");
    let line = gateway.logged("/silent");
    assert_eq!((&line["status"], &line["code"]), (&200.into(), &"upstream_timeout".into()), "{line}");
}

/// The trailers come in place of what is missing.
#[test]
fn a_call_whose_answer_has_begun_ends_with_a_status() {
    let upstream = silent();
    let gateway = before(&upstream, "");
    let mut client = Http2::connect(gateway.address);
    for (stream, path, expected) in [(1, "/head", &b""[..]), (3, "/message", MESSAGE)] {
        call(&mut client, stream, path, "300m");
        let answer = client.answer(stream);
        assert_eq!((answer.status(), answer.field("grpc-status"), &*answer.body), (200, None, expected));
        let status = answer.trailers.iter().find(|(name, _)| name == "grpc-status");
        assert_eq!(status.map(|(_, status)| status.as_str()), DEADLINE_EXCEEDED, "{answer:?}");
        assert_eq!(gateway.logged(path)["code"], "upstream_timeout");
    }
    assert_eq!(client.get(5, "/resets").text(), format!("[{0}, {0}]", error::CANCEL));
}

/// A client cannot make a call last longer than its route lets it.
#[test]
fn the_routes_own_limit_holds_where_it_is_the_smaller_one() {
    let upstream = silent();
    let gateway = before(&upstream, "timeouts.total = '200ms'\ncircuit_breaker.failure_threshold = 1");
    let mut client = Http2::connect(gateway.address);
    call(&mut client, 1, "/message", "1H");
    let answer = client.answer(1);
    assert_eq!(answer.trailers.iter().filter(|(_, value)| value == "4").count(), 1, "{answer:?}");
    // It says as well that the upstream took too long.
    call(&mut client, 3, "/silent", "1H");
    assert_eq!(client.answer(3).field("grpc-status"), DEADLINE_EXCEEDED);
    client.send_request(5, "POST", "/resets", &[], true);
    assert_eq!(client.answer(5).status(), 503, "its circuit is open");
}

#[test]
fn what_is_no_timeout_or_no_call_is_passed_on() {
    let upstream = silent();
    let gateway = before(&upstream, "");
    let mut client = Http2::connect(gateway.address);
    let timeouts = ["1", "m", "000000001m", "+1m", "1ms", "1x"];
    for (stream, timeout) in (1..).step_by(2).zip(timeouts) {
        call(&mut client, stream, "/late", timeout);
        assert_eq!(client.answer(stream).field("grpc-status"), Some("0"), "{timeout}");
        assert_eq!(upstream.last().field("grpc-timeout"), Some(timeout));
    }
    client.send_request(101, "POST", "/late", &[("content-type", "text/plain"), ("grpc-timeout", "1m")], true);
    assert_eq!(client.answer(101).field("grpc-status"), Some("0"));
}
