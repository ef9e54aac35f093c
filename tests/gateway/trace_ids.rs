//! SPEC §3, 3: the request's id and its place in a trace.
use std::collections::HashSet;

use e2e::{Gateway, Message, Upstream};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// The answer, and what the upstream got.
fn ask(server: &str, lines: &str) -> (Message, Message) {
    let upstream = Upstream::ok();
    let gateway = Gateway::with(server, &upstream, "");
    let answer = gateway.ask(&format!("GET /x HTTP/1.1\r\n{lines}"));
    let id = answer.field("x-request-id").expect("an id").to_owned();
    assert_eq!(gateway.logged("/x")["request_id"], *id);
    assert_eq!(upstream.last().all("x-request-id"), [id.as_str()]);
    (answer, upstream.last())
}

/// RFC 9562 §5.7.
fn is_uuid_v7(id: &str) -> bool {
    let bytes = id.as_bytes();
    id.len() == 36
        && [8, 13, 18, 23].iter().all(|&at| bytes[at] == b'-')
        && bytes[14] == b'7'
        && b"89ab".contains(&bytes[19])
}

const TRUSTED: &str = "server.trusted_proxies = ['127.0.0.1/32']";

#[test]
fn an_id_is_taken_from_a_trusted_proxy_alone() {
    let check = |server: &str, id: &str, taken: bool| {
        let (answer, _) = ask(server, &format!("x-request-id: {id}"));
        let seen = answer.field("x-request-id").unwrap();
        assert_eq!(seen == id, taken, "{id}: {seen}");
        assert!(taken || is_uuid_v7(seen), "{seen}");
    };
    check("", "mine", false);
    check(TRUSTED, "mine-7_.:x", true);
    check(TRUSTED, "quo\"te", false);
    check(TRUSTED, "a b", false);
    check(TRUSTED, &"x".repeat(4000), false);
    check("server.trusted_proxies = ['10.0.0.0/8']", "mine", false);
}

#[test]
fn ids_are_unique_and_ordered() {
    let upstream = Upstream::ok();
    let gateway = Gateway::before(&upstream);
    let mut client = gateway.connect();
    let ids: Vec<String> = (0..50).map(|_| client.get("/").field("x-request-id").unwrap().to_owned()).collect();
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 50);
    assert!(ids.iter().all(|id| is_uuid_v7(id)), "{ids:?}");
    let millis: Vec<&str> = ids.iter().map(|id| &id[..13]).collect();
    assert!(millis.is_sorted(), "{millis:?}");
}

#[test]
fn an_upstreams_id_does_not_replace_ours() {
    let upstream =
        Upstream::answering(|_| b"HTTP/1.1 200 OK\r\nx-request-id: theirs\r\ncontent-length: 0\r\n\r\n".to_vec());
    let gateway = Gateway::before(&upstream);
    assert!(is_uuid_v7(gateway.get("/").field("x-request-id").unwrap()));
}

#[test]
fn a_trace_is_continued() {
    let (_, request) = ask("", &format!("traceparent: {PARENT}\r\ntracestate: a=1,b=2"));
    let position = request.field("traceparent").unwrap();
    assert_eq!((&position[..36], &position[52..]), (&PARENT[..36], "-01"));
    assert_ne!(position[36..52], PARENT[36..52], "a span of its own");
    assert_eq!(request.field("tracestate"), Some("a=1,b=2"));
    let (_, request) = ask("", &format!("traceparent: {}", PARENT.replace("-01", "-00")));
    assert!(request.field("traceparent").unwrap().ends_with("-00"), "not sampled stays so");
}

#[test]
fn a_trace_that_is_not_sound_is_started_anew() {
    let zero = "00-00000000000000000000000000000000-00f067aa0ba902b7-01".to_owned();
    let twice = format!("{PARENT}\r\ntraceparent: {PARENT}");
    for bad in ["nonsense", "", &zero, &PARENT.to_uppercase(), &format!("{PARENT}-x"), &twice] {
        let (_, request) = ask("", &format!("traceparent: {bad}\r\ntracestate: a=1"));
        let position = request.field("traceparent").unwrap_or_else(|| panic!("{bad:?}"));
        assert!(position.len() == 55 && position.starts_with("00-"), "{position}");
        assert_ne!(position[3..35], PARENT[3..35], "{bad:?}");
        assert_eq!(request.field("tracestate"), None, "{bad:?}: it belongs to the trace that was dropped");
    }
}
