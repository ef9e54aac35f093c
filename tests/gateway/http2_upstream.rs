//! Upstreams that speak HTTP/2 (SPEC §2, `protocol`): what they are told, and what comes back.
use std::{sync::mpsc, time::Duration};

use e2e::{DEADLINE, Gateway, Http2, Message, Upstream, error, service};

const H2C: &str = "protocol = 'h2c'";

fn before(upstream: &Upstream, keys: &str) -> Gateway {
    Gateway::start(&service("app", &[upstream], &format!("{H2C}\n{keys}")))
}

#[test]
fn a_request_is_told_in_the_words_of_http2() {
    let upstream = Upstream::http2_answering(|request| request.body.clone());
    let gateway = before(&upstream, "");
    let mut client = gateway.connect();
    let answer = client.ask("GET /a%2Db?c='d'&e HTTP/1.1\r\nhost: example.com\r\nconnection: x-b\r\nx-b: 1\r\nkeep-alive: 5\r\nte: trailers\r\ncookie: a=b; c=d");
    assert_eq!(answer.status(), 200);
    let request = upstream.last();
    for (name, value) in [
        (":method", "GET"),
        (":scheme", "http"),
        (":authority", "example.com"),
        (":path", "/a-b?c='d'&e"),
        ("te", "trailers"),
        ("x-forwarded-host", "example.com"),
        ("via", "1.1 gateway"),
        ("cookie", "a=b; c=d"),
    ] {
        assert_eq!(request.all(name), [value], "{name} of {request:?}");
    }
    for name in ["host", "connection", "keep-alive", "x-b", "transfer-encoding"] {
        assert_eq!(request.field(name), None, "{name}");
    }
    let body: Vec<u8> = (0..3_000_000u32).map(|n| n.to_le_bytes()[n as usize % 3]).collect();
    assert!(client.post("/echo", &body[..60_000]).body == body[..60_000]);
    assert!(client.post("/echo", &body).body == body, "what came back is not what was sent");
    assert_eq!(upstream.connections(), 1);
    let line = gateway.logged("/echo");
    assert_eq!((&line["status"], &line["retries"]), (&200.into(), &0.into()));
}

#[test]
fn the_host_is_what_the_policy_says() {
    for (keys, expected) in [("host = 'upstream'", None), ("host = 'api.internal'", Some("api.internal"))] {
        let upstream = Upstream::http2_answering(|_| b"ok".to_vec());
        let gateway = before(&upstream, keys);
        assert_eq!(gateway.get("/").text(), "ok");
        let own = upstream.address.to_string();
        assert_eq!(upstream.last().field(":authority"), Some(expected.unwrap_or(&own)));
    }
}

#[test]
fn trailers_and_interim_answers_go_both_ways() {
    let upstream = Upstream::http2(&[], |conn| {
        while let Some((stream, request)) = conn.request() {
            let told = request.trailers.iter().any(|(name, value)| (&**name, &**value) == ("x-sum", "7"));
            conn.send_fields(stream, &[(":status", "103"), ("link", "</a>")], false);
            conn.send_fields(stream, &[(":status", "200"), ("x-told", if told { "yes" } else { "no" })], false);
            conn.send_data(stream, b"ok", false);
            conn.send_fields(stream, &[("x-check", "9"), ("content-length", "5")], true);
        }
    });
    let gateway = before(&upstream, "");
    let mut client = gateway.connect();
    client.send("POST / HTTP/1.1\r\nhost: a\r\nte: trailers\r\nconnection: te\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nx-sum: 7\r\n\r\n");
    let interim = client.head().unwrap();
    assert_eq!((interim.status(), interim.field("link")), (103, Some("</a>")));
    let answer = client.answer_to("POST").unwrap();
    assert_eq!((answer.field("x-told"), answer.text().as_str()), (Some("yes"), "ok"));
    assert_eq!(answer.trailers, [("x-check".to_owned(), "9".to_owned())], "what frames is no trailer");
    let mut client = Http2::connect(gateway.address);
    client.send_request(1, "POST", "/", &[("te", "trailers")], false);
    client.send_data(1, b"hi", false);
    client.send_fields(1, &[("x-sum", "7")], true);
    let answer = client.answer(1);
    assert_eq!((client.seen(1).interim.len(), answer.field("x-told")), (1, Some("yes")));
    assert_eq!(answer.trailers, [("x-check".to_owned(), "9".to_owned())]);
}

#[test]
fn a_body_waits_for_its_100() {
    let (go, may_go) = mpsc::channel();
    let may_go = std::sync::Mutex::new(may_go);
    let upstream = Upstream::http2(&[], move |conn| {
        while let Some(stream) = conn.head() {
            let asked = conn.requests[&stream].message.clone();
            assert_eq!(asked.field("expect"), Some("100-continue"));
            match asked.target() {
                "/no" => {
                    conn.send_fields(stream, &[(":status", "413"), ("content-length", "0")], true);
                    continue;
                }
                "/yes" => {
                    may_go.lock().unwrap().recv().unwrap();
                    conn.send_fields(stream, &[(":status", "100")], false);
                }
                mute => assert_eq!(mute, "/mute"),
            }
            conn.until(|conn| conn.requests[&stream].ended);
            conn.respond(stream, "200", &[], conn.requests[&stream].message.body.clone());
        }
    });
    let gateway = before(&upstream, "");
    let mut client = gateway.connect();
    client.send("POST /yes HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n");
    assert!(client.stays_silent(Duration::from_millis(200)), "the 100 is the upstream's to give");
    go.send(()).unwrap();
    assert_eq!(client.head().unwrap().status(), 100);
    client.send("hi");
    assert_eq!(client.answer_to("POST").unwrap().text(), "hi");
    // RFC 9110 §10.1.1: one that says nothing is not waited for without end.
    client.send("POST /mute HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n");
    assert_eq!(client.head().unwrap().status(), 100);
    client.send("hi");
    assert_eq!(client.answer_to("POST").unwrap().text(), "hi");
    client.send("POST /no HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n");
    assert_eq!(client.head().unwrap().status(), 413, "and it is not asked for the body");
}

#[test]
fn an_early_answer_stops_the_upload_and_is_whole() {
    let (go, may_go) = mpsc::channel();
    let may_go = std::sync::Mutex::new(may_go);
    let upstream = Upstream::http2(&[(4, 1000)], move |conn| {
        conn.gives_windows = false;
        let Some(stream) = conn.head() else { return };
        conn.until(|conn| conn.requests[&stream].message.body.len() == 1000);
        conn.send_fields(stream, &[(":status", "413"), ("content-length", "5")], false);
        may_go.lock().unwrap().recv().unwrap();
        conn.send_frame(e2e::kind::WINDOW_UPDATE, 0, stream, 10_000u32.to_be_bytes());
        assert!(conn.stays_silent(Duration::from_millis(200)), "whoever refuses a body gets no more of it");
        conn.send_data(stream, b"large", true);
        conn.send_reset(stream, error::NO_ERROR);
        assert_eq!(conn.head(), Some(stream + 2), "the connection is used again");
        conn.respond(stream + 2, "200", &[], b"next");
        conn.until(|_| false);
    });
    let gateway = before(&upstream, "");
    let mut client = gateway.connect();
    client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n\r\n");
    client.send(vec![b'x'; 50_000]);
    let head = client.take_to(b"\r\n\r\n").unwrap();
    assert!(head.starts_with(b"HTTP/1.1 413 "), "{}", String::from_utf8_lossy(&head));
    go.send(()).unwrap();
    assert_eq!(client.take(5).unwrap(), b"large");
    assert_eq!(gateway.get("/").text(), "next");
    assert_eq!(upstream.connections(), 1);
}

/// HEAD, 204 and 304 have no body, whatever they say of a length.
#[test]
fn answers_without_a_body_are_whole() {
    let upstream = Upstream::http2(&[], |conn| {
        while let Some((stream, request)) = conn.request() {
            let (status, length) = match request.target() {
                "/head" => ("200", "1000"),
                "/304" => ("304", "7"),
                _ => ("204", ""),
            };
            let fields = [(":status", status), ("content-length", length)];
            conn.send_fields(stream, &fields[..if length.is_empty() { 1 } else { 2 }], true);
        }
    });
    let gateway = before(&upstream, "");
    let mut client = gateway.connect();
    client.send_request("HEAD /head HTTP/1.1");
    let head: Message = client.answer_to("HEAD").unwrap();
    assert_eq!((head.status(), head.field("content-length")), (200, Some("1000")));
    assert_eq!(client.get("/304").status(), 304);
    assert_eq!(client.get("/204").status(), 204);
}

#[test]
fn a_clients_cancel_resets_its_stream_alone_and_is_nobodys_fault() {
    let (told, seen) = mpsc::channel();
    let told = std::sync::Mutex::new(told);
    let upstream = Upstream::http2(&[], move |conn| {
        for _ in 0..8 {
            let Some(stream) = conn.head() else { return };
            told.lock().unwrap().send(u32::MAX).unwrap();
            conn.until(|conn| conn.resets.contains_key(&stream));
            told.lock().unwrap().send(conn.resets[&stream]).unwrap();
        }
        conn.answer_all(|_| b"ok".to_vec());
    });
    let gateway = before(&upstream, "circuit_breaker = { failure_threshold = 2 }");
    for n in 0..8 {
        let mut client = gateway.connect();
        client.send_request(&format!("GET /{n} HTTP/1.1"));
        assert_eq!(seen.recv_timeout(DEADLINE).unwrap(), u32::MAX, "it is on its way");
        drop(client);
        assert_eq!(seen.recv_timeout(DEADLINE).unwrap(), error::CANCEL);
        assert_eq!(gateway.logged(&format!("/{n}"))["code"], "client_closed");
    }
    assert_eq!(gateway.get("/").text(), "ok");
    assert_eq!(upstream.connections(), 1);
}

#[test]
fn a_websocket_is_refused_in_clear_words() {
    let upstream = Upstream::http2_answering(|_| Vec::new());
    let gateway = before(&upstream, "");
    let answer = gateway.ask(
        "GET / HTTP/1.1\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
    );
    assert_eq!((answer.status(), answer.json()["code"].as_str()), (400, Some("bad_request")));
    assert!(answer.text().contains("HTTP/2"), "{}", answer.text());
}
