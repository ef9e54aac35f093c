//! CASES 14, 15, 16, 19, 28 over HTTP/2: what is refused, and that no upstream ever sees it (RFC 9113 §8).
use e2e::{Gateway, Http2, Upstream, error, kind};

/// A good request, but for what a case changes.
const GOOD: [(&str, &str); 4] = [(":method", "GET"), (":scheme", "http"), (":authority", "test"), (":path", "/")];

fn with<'f>(more: &[(&'f str, &'f str)]) -> Vec<(&'f str, &'f str)> {
    [&GOOD, more].concat()
}

fn but<'f>(name: &str, value: Option<&'f str>) -> Vec<(&'f str, &'f str)> {
    let keep = |&(field, old): &(&'f str, &'f str)| {
        if field == name { value.map(|value| (field, value)) } else { Some((field, old)) }
    };
    GOOD.iter().filter_map(keep).collect()
}

/// How a request was refused.
#[derive(Debug, PartialEq)]
enum Refused {
    Reset(u32),
    Connection(u32),
    Status(u16),
}

fn outcome(gateway: &Gateway, fields: &[(&str, &str)]) -> Refused {
    let mut client = Http2::connect(gateway.address);
    client.send_fields(1, fields, true);
    let outcome = client.outcome(1);
    match outcome {
        _ if outcome.ended => Refused::Status(outcome.answer.status()),
        e2e::Exchange { reset: Some(error), .. } => Refused::Reset(error),
        _ => Refused::Connection(client.goaways.last().expect("it is told why").1),
    }
}

#[test]
fn a_malformed_request_reaches_nobody() {
    let upstream = Upstream::ok();
    let gateway = Gateway::before(&upstream);
    let reset = || Refused::Reset(error::PROTOCOL_ERROR);
    let cut = || Refused::Connection(error::PROTOCOL_ERROR);
    let cases = [
        // What breaks the rules of fields may end the connection (RFC 9113 §5.4).
        (with(&[("x-a", "1\r\nx-b: 2")]), cut()),
        (with(&[("x-a", "1\n2")]), cut()),
        (with(&[("x-a", "1\0")]), cut()),
        (with(&[("", "1")]), cut()),
        (with(&[("X-A", "1")]), cut()),
        (with(&[("x:a", "1")]), cut()),
        (with(&[("x a", "1")]), cut()),
        (with(&[("x-a", " 1")]), Refused::Status(400)),
        (with(&[("x-a", "1\t")]), Refused::Status(400)),
        (with(&[("transfer-encoding", "chunked")]), reset()),
        (with(&[("transfer_encoding", "chunked")]), Refused::Status(400)),
        (with(&[("connection", "close")]), reset()),
        (with(&[("connection", "x-user-id")]), reset()),
        (with(&[("keep-alive", "5")]), reset()),
        (with(&[("proxy-connection", "close")]), reset()),
        (with(&[("upgrade", "websocket")]), reset()),
        (with(&[("te", "gzip")]), reset()),
        (with(&[("te", "trailers, gzip")]), reset()),
        (with(&[("content-length", "5")]), reset()),
        (with(&[("content-length", "+0")]), reset()),
        (with(&[("content-length", "")]), Refused::Status(400)),
        (with(&[("content-length", "0"), ("content-length", "1")]), reset()),
        (with(&[("content-length", "0"), ("content-length", "0")]), Refused::Status(400)),
        (with(&[(":path", "/b")]), reset()),
        (with(&[("x-a", "1"), (":path", "/b")]), reset()),
        (with(&[(":status", "200")]), reset()),
        (with(&[(":unknown", "1")]), cut()),
        (with(&[(":protocol", "websocket")]), reset()),
        (but(":method", None), reset()),
        (but(":scheme", None), reset()),
        (but(":path", None), reset()),
        (but(":path", Some("")), reset()),
        (but(":path", Some("admin")), reset()),
        (but(":path", Some("*")), Refused::Status(400)),
        (but(":path", Some("/\u{fc}")), Refused::Status(400)),
        (but(":path", Some("/a%00")), Refused::Status(400)),
        (but(":path", Some("/a%2fb")), Refused::Status(400)),
        (but(":path", Some("/a\\b")), Refused::Status(400)),
        (but(":authority", None), Refused::Status(400)),
        (but(":authority", Some("me@test")), Refused::Status(400)),
        (but(":authority", Some("test:65536")), Refused::Status(400)),
        (with(&[("host", "other")]), Refused::Status(400)),
        (with(&[("host", "test"), ("host", "test")]), Refused::Status(400)),
        (but(":method", Some("CONNECT")), reset()),
        (but(":method", Some("TRACE")), Refused::Status(405)),
        (vec![(":method", "CONNECT"), (":authority", "test:443")], Refused::Status(405)),
        (with(&[("expect", "the best")]), Refused::Status(417)),
    ];
    for (fields, expected) in cases {
        assert_eq!(outcome(&gateway, &fields), expected, "{fields:?}");
    }
    assert_eq!(upstream.requests(), []);
    gateway.wait_metric("gateway_connections", 0.0);
}

#[test]
fn a_body_is_as_long_as_it_was_said_to_be() {
    let upstream = Upstream::ok();
    let gateway = Gateway::before(&upstream);
    let mut client = Http2::connect(gateway.address);
    for (stream, data) in [(1, &["abc"][..]), (3, &["abcdefg"]), (5, &["abc", "de", "f"])] {
        client.send_request(stream, "POST", "/length", &[("content-length", "5")], false);
        for (index, piece) in data.iter().enumerate() {
            client.send_data(stream, piece, index + 1 == data.len());
        }
        let outcome = client.outcome(stream);
        assert_eq!((outcome.ended, outcome.reset), (false, Some(error::PROTOCOL_ERROR)), "{data:?}");
    }
    // Trailers end the stream; and a pseudo-field among them is nobody's.
    client.send_request(7, "POST", "/length", &[], false);
    client.send_fields(7, &[("x-a", "1")], false);
    assert_eq!(client.outcome(7).reset, Some(error::PROTOCOL_ERROR));
    assert_eq!(upstream.requests(), []);
    client.send_request(9, "POST", "/trailers", &[], false);
    client.send_fields(9, &[(":path", "/b"), (":method", "GET"), ("x-a", "1")], true);
    assert_eq!(client.answer(9).status(), 200);
    assert_eq!(upstream.last().trailers, [("x-a".to_owned(), "1".to_owned())]);
    assert_eq!(client.get(11, "/after").status(), 200);
    assert_eq!(upstream.requests().iter().map(e2e::Message::target).collect::<Vec<_>>(), ["/trailers", "/after"]);
}

/// With as many bytes as its head declared a request would be whole to an upstream, while more of them may follow.
#[test]
fn a_body_is_held_back_until_it_is_known_to_have_ended() {
    let upstream = Upstream::ok();
    let gateway = Gateway::before(&upstream);
    let mut client = Http2::connect(gateway.address);
    let targets = || upstream.requests().iter().map(|request| request.target().to_owned()).collect::<Vec<_>>();
    client.send_request(1, "POST", "/held", &[("content-length", "5")], false);
    client.send_data(1, "abc", false);
    client.send_data(1, "de", false);
    assert_eq!(client.get(3, "/between").status(), 200);
    assert_eq!(targets(), ["/between"]);
    client.send_data(1, "", false);
    client.send_data(1, "", true);
    assert_eq!(client.answer(1).status(), 200);
    assert_eq!((upstream.last().target(), &*upstream.last().body), ("/held", &b"abcde"[..]));
    client.send_request(5, "POST", "/trailers", &[("content-length", "5")], false);
    client.send_data(5, "abcde", false);
    client.send_fields(5, &[("x-a", "1")], true);
    assert_eq!(client.answer(5).status(), 200);
    assert_eq!((upstream.last().target(), &*upstream.last().body), ("/trailers", &b"abcde"[..]));
}

#[test]
fn a_head_has_the_limits_that_it_has_over_http1() {
    let upstream = Upstream::ok();
    let gateway = Gateway::before(&upstream);
    let mut client = Http2::connect(gateway.address);
    let (long, longer, path) = ("x".repeat(14_000), "x".repeat(15_000), format!("/{}", "a".repeat(9000)));
    let many: Vec<(String, &str)> = (0..101).map(|n| (format!("x-{n}"), "1")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let cases = [
        (with(&[("x-a", &long)]), 200, None),
        (but(":path", Some(&path)), 414, Some("uri_too_long")),
        (with(&many), 431, Some("headers_too_large")),
        (with(&many[..99]), 200, None),
    ];
    for (stream, (fields, status, code)) in (1..).step_by(2).zip(cases) {
        client.send_fields(stream, &fields, true);
        let answer = client.answer(stream);
        assert_eq!((answer.status(), code), (status, code));
        assert!(code.is_none_or(|code| answer.json()["code"] == code));
    }
    // More than one frame holds.
    let block = e2e::field_block(&with(&[("x-a", &longer), ("x-b", &longer), ("x-c", &longer)]));
    let (first, rest) = block.split_at(16_000);
    client.send_frame(kind::HEADERS, 1, 101, first);
    let pieces: Vec<&[u8]> = rest.chunks(16_000).collect();
    for (index, piece) in pieces.iter().enumerate() {
        client.send_frame(kind::CONTINUATION, if index + 1 == pieces.len() { 4 } else { 0 }, 101, piece);
    }
    let answer = client.answer(101);
    assert_eq!((answer.status(), answer.json()["code"].as_str()), (431, Some("headers_too_large")));
    assert_eq!(upstream.requests().len(), 2);
}

/// CASES 19: no spelling of who calls gets through.
#[test]
fn nobody_says_of_himself_who_he_is() {
    let upstream = Upstream::ok();
    let gateway = Gateway::before(&upstream);
    let mut client = Http2::connect(gateway.address);
    let forged =
        [("x-user-id", "1"), ("x_user_id", "2"), ("x-forwarded-for", "3"), ("forwarded", "for=4"), ("x-real-ip", "5")];
    client.send_fields(1, &with(&forged), true);
    assert_eq!(client.answer(1).status(), 200);
    let seen = upstream.last();
    assert_eq!((seen.field("x-user-id"), seen.field("x_user_id"), seen.field("x-real-ip")), (None, None, None));
    assert_eq!(
        (seen.field("x-forwarded-for"), seen.field("forwarded")),
        (Some("127.0.0.1"), Some("for=127.0.0.1;host=\"test\";proto=http"))
    );
}

/// The crate drops them before anybody can refuse them: what is matched is what is forwarded all the same.
#[test]
fn a_fragment_and_pseudo_fields_among_trailers_reach_nobody() {
    let (public, admin) = (Upstream::ok(), Upstream::ok());
    let public_routes = e2e::service("public", &[&public], "routes = ['/pub']");
    let gateway = Gateway::start(&(public_routes + &e2e::service("admin", &[&admin], "routes = ['/admin']")));
    let mut client = Http2::connect(gateway.address);
    for (stream, path, forwarded) in [(1, "/pub#/../admin", "/pub"), (3, "/pub?x#y", "/pub?x")] {
        assert_eq!(client.get(stream, path).status(), 200, "{path}");
        assert_eq!(public.last().target(), forwarded);
    }
    client.send_request(5, "POST", "/pub", &[], false);
    client.send_data(5, "abc", false);
    client.send_fields(5, &[(":path", "/admin"), (":method", "GET"), ("x-sum", "1")], true);
    assert_eq!(client.answer(5).status(), 200);
    let request = public.last();
    assert_eq!((request.target(), request.start.split(' ').next()), ("/pub", Some("POST")));
    assert_eq!(request.trailers, [("x-sum".to_owned(), "1".to_owned())]);
    assert_eq!(admin.connections(), 0);
}
