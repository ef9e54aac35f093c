//! HTTP/2 on the cleartext listener, by prior knowledge (RFC 9113 §3.3).
use e2e::{Gateway, Http2, Upstream, error, eventually, with_body};

#[test]
fn a_request_over_http2_walks_like_any_other() {
    let upstream = Upstream::answering(|_| {
        let head =
            "HTTP/1.1 200 OK\r\nconnection: x-hop\r\nx-hop: 1\r\nkeep-alive: timeout=5\r\nx-request-id: theirs\r\n";
        format!("{head}content-length: 2\r\nx-own: 1\r\n\r\nok").into_bytes()
    });
    let gateway = Gateway::with("rate_limit = { requests = 100, per = '1m' }", &upstream, "");
    let mut client = Http2::connect(gateway.address);
    client.send_request(1, "GET", "/a/./b?c=%20", &[("x-a", "1"), ("cookie", "b=1"), ("cookie", "c=2")], true);
    let answer = client.answer(1);
    assert_eq!((answer.status(), answer.text().as_str()), (200, "ok"));
    assert_eq!((answer.field("content-length"), answer.field("x-own")), (Some("2"), Some("1")));
    for hop in ["connection", "keep-alive", "x-hop", "transfer-encoding"] {
        assert_eq!(answer.field(hop), None);
    }
    assert_eq!(answer.field("ratelimit-policy"), Some("\"default\";q=100;w=60"));
    assert!(answer.field("ratelimit").unwrap().starts_with("\"default\";r=99;t="));
    let seen = upstream.last();
    assert_eq!(seen.start, "GET /a/b?c=%20 HTTP/1.1");
    let told = |name| seen.field(name);
    assert_eq!((told("host"), told("x-a"), told("cookie")), (Some("test"), Some("1"), Some("b=1; c=2")));
    assert_eq!(
        (told("via"), told("x-forwarded-proto"), told("x-forwarded-host")),
        (Some("2 gateway"), Some("http"), Some("test"))
    );
    assert_eq!(told("x-request-id"), answer.field("x-request-id"));
    let line = gateway.logged("/a/./b");
    assert_eq!((&line["protocol"], &line["status"], &line["bytes_out"]), (&"HTTP/2".into(), &200.into(), &2.into()));
}

/// The preface is found however it arrives, and only where it may stand.
#[test]
fn the_preface_decides() {
    let upstream = Upstream::ok();
    let gateway = Gateway::before(&upstream);
    let mut drip = gateway.connect();
    for byte in b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0" {
        drip.send([*byte]);
    }
    assert_eq!(Http2::silent(drip).get(1, "/").status(), 200);
    let mut late = gateway.connect();
    assert_eq!(late.get("/").status(), 200);
    late.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    assert_eq!(late.answer_to("GET").unwrap().status(), 400);
    // What follows the preface is not that of HTTP/2.
    let mut other = gateway.connect();
    other.send("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n");
    other.to_end();
    assert_eq!(upstream.requests().len(), 2);
}

#[test]
fn bodies_and_trailers_go_both_ways() {
    let upstream = Upstream::answering(|request| {
        let chunk = format!("{:x}\r\n{}\r\n", request.body.len(), request.text());
        format!(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunk}0\r\ngrpc-status: 0\r\nkeep-alive: 1\r\n\r\n"
        )
        .into()
    });
    let gateway = Gateway::before(&upstream);
    let mut client = Http2::connect(gateway.address);
    client.send_request(1, "POST", "/echo", &[("te", "trailers")], false);
    client.send_data(1, "hel", false);
    client.send_data(1, "lo", false);
    client.send_fields(1, &[("x-checksum", "7"), ("x-user-id", "me"), ("authorization", "none")], true);
    let answer = client.answer(1);
    assert_eq!((answer.status(), answer.text().as_str()), (200, "hello"));
    assert_eq!(answer.trailers, [("grpc-status".to_owned(), "0".to_owned())]);
    let seen = upstream.last();
    assert_eq!((seen.field("te"), seen.field("transfer-encoding")), (Some("trailers"), Some("chunked")));
    assert_eq!(seen.trailers, [("x-checksum".to_owned(), "7".to_owned())]);
    // A declared length stays one.
    client.send_request(3, "POST", "/echo", &[("content-length", "2")], false);
    client.send_data(3, "ab", true);
    assert_eq!(client.answer(3).text(), "ab");
    assert_eq!(upstream.last().field("content-length"), Some("2"));
    assert_eq!(gateway.logged("/echo")["bytes_in"], 5);
}

#[test]
fn answers_without_a_body_end_with_their_head() {
    let upstream = Upstream::answering(|request| match request.target() {
        "/none" => b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(),
        "/same" => b"HTTP/1.1 304 Not Modified\r\netag: \"1\"\r\n\r\n".to_vec(),
        "/empty" => with_body("200 OK", b""),
        _ => b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n".to_vec(),
    });
    let gateway = Gateway::before(&upstream);
    let mut client = Http2::connect(gateway.address);
    for (stream, method, path, status, length) in [
        (1, "GET", "/none", 204, None),
        (3, "GET", "/same", 304, None),
        (5, "GET", "/empty", 200, Some("0")),
        (7, "HEAD", "/head", 200, Some("5")),
    ] {
        client.send_request(stream, method, path, &[], true);
        let answer = client.answer(stream);
        assert_eq!(
            (answer.status(), answer.field("content-length"), answer.text().as_str()),
            (status, length, ""),
            "{path}"
        );
    }
    assert_eq!(upstream.connections(), 1, "each of them leaves its connection good");
}

#[test]
fn interim_answers_are_passed_on() {
    let upstream = Upstream::scripted(|conn| {
        while let Ok(head) = conn.head() {
            if head.method() == "POST" {
                conn.send("HTTP/1.1 100 Continue\r\n\r\n");
                let mut request = head.clone();
                conn.body_of(&mut request).unwrap();
                assert_eq!(request.text(), "hello");
            } else {
                conn.send("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\nconnection: x\r\n\r\n");
            }
            conn.send(e2e::ok());
        }
    });
    let gateway = Gateway::before(&upstream);
    let mut client = Http2::connect(gateway.address);
    assert_eq!(client.get(1, "/hints").status(), 200);
    let hints = client.seen(1).interim;
    assert_eq!((hints.len(), hints[0].status(), hints[0].field("link")), (1, 103, Some("</a>")));
    client.send_request(3, "POST", "/", &[("expect", "100-continue"), ("content-length", "5")], false);
    client.until("the 100", |client| !client.seen(3).interim.is_empty());
    client.send_data(3, "hello", true);
    assert_eq!(client.answer(3).status(), 200);
}

/// CASES 39: a stream's reset is its request's cancel, and nobody else's.
#[test]
fn a_stream_that_is_reset_cancels_its_request() {
    let upstream = Upstream::scripted(|conn| {
        while let Some(request) = conn.receive() {
            match request.target() {
                "/waits" => drop(conn.wait_end()),
                "/streams" => {
                    conn.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n");
                    conn.wait_end();
                }
                _ => drop(conn.send(e2e::ok())),
            }
        }
    });
    let gateway = Gateway::with("", &upstream, "timeouts.request = '1h'");
    let mut client = Http2::connect(gateway.address);
    client.send_request(1, "GET", "/waits", &[], true);
    eventually("the upstream is asked", || (upstream.requests().len() == 1).then_some(()));
    client.send_reset(1, error::CANCEL);
    upstream.wait_ended(1);
    let line = gateway.logged("/waits");
    assert_eq!((&line["status"], &line["code"]), (&499.into(), &"client_closed".into()));
    client.send_request(3, "GET", "/streams", &[], true);
    client.until("some of it", |client| client.seen(3).answer.body == b"hello");
    client.send_reset(3, error::CANCEL);
    upstream.wait_ended(2);
    assert_eq!(gateway.logged("/streams")["code"], "client_closed");
    assert_eq!(client.get(5, "/").status(), 200);
    gateway.wait_metric("gateway_in_flight", 0.0);
}

/// What is left when the connection goes is cancelled with it.
#[test]
fn a_connection_that_goes_takes_its_streams_along() {
    let upstream = Upstream::scripted(|conn| {
        if conn.receive().is_some() {
            conn.wait_end();
        }
    });
    let gateway = Gateway::with("", &upstream, "timeouts.request = '1h'");
    let mut client = Http2::connect(gateway.address);
    for stream in [1, 3, 5] {
        client.send_request(stream, "GET", "/waits", &[], true);
    }
    eventually("the upstream is asked", || (upstream.requests().len() == 3).then_some(()));
    drop(client);
    upstream.wait_ended(3);
    gateway.wait_metric("gateway_connections", 0.0);
    gateway.wait_metric("gateway_in_flight", 0.0);
}

/// CASES 35: nobody takes the half of an answer for a whole.
#[test]
fn an_answer_that_breaks_off_is_reset() {
    let upstream = Upstream::consuming(|mut conn| {
        if conn.receive().is_some() {
            conn.send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhello");
        }
    });
    let gateway = Gateway::before(&upstream);
    let mut client = Http2::connect(gateway.address);
    client.send_request(1, "GET", "/half", &[], true);
    let half = client.outcome(1);
    assert_eq!((half.answer.text().as_str(), half.ended, half.reset), ("hello", false, Some(error::INTERNAL_ERROR)));
    assert_eq!(gateway.logged("/half")["code"], "upstream_reset");
}

/// CASES 36: an early answer goes out at once, and the rest of the request is not wanted.
#[test]
fn an_early_answer_stops_the_upload() {
    let upstream = Upstream::scripted(|conn| {
        if conn.head().is_ok_and(|head| head.target() == "/early") {
            conn.send(with_body("413 Content Too Large", b"too much"));
        }
        conn.wait_end();
    });
    let gateway = Gateway::with("server.limits.body = '1MiB'", &upstream, "");
    let mut client = Http2::connect(gateway.address);
    client.send_request(1, "POST", "/early", &[("content-length", "100000")], false);
    client.send_data(1, "some", false);
    assert_eq!(client.answer(1).status(), 413);
    client.until("the upload is stopped", |client| client.seen(1).reset == Some(error::NO_ERROR));
    // Our own: declared, and found out.
    for (stream, fields) in [(3, &[("content-length", "2000000")][..]), (5, &[])] {
        client.send_request(stream, "POST", "/ours", fields, false);
        if stream == 5 {
            client.send_body(stream, &vec![b'x'; 2_000_000]);
        }
        let answer = client.answer(stream);
        assert_eq!((answer.status(), answer.json()["code"].as_str()), (413, Some("body_too_large")));
        client.until("the upload is stopped", |client| client.seen(stream).reset == Some(error::NO_ERROR));
    }
    assert_eq!(client.get(7, "/health").status(), 200);
}

#[test]
fn many_streams_are_served_at_once() {
    let upstream = Upstream::answering(|_| e2e::ok());
    let gateway = Gateway::before(&upstream);
    let mut client = Http2::connect(gateway.address);
    client.until("the settings", |client| !client.settings.is_empty());
    for round in 0..4 {
        let streams: Vec<u32> = (0..200).map(|n| (round * 200 + n) * 2 + 1).collect();
        for &stream in &streams {
            client.send_request(stream, "GET", "/", &[], true);
        }
        for stream in streams {
            assert_eq!(client.answer(stream).text(), "ok");
        }
    }
    assert_eq!(client.goaways, []);
}
