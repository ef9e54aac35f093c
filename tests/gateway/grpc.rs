//! gRPC over HTTP/2 in front: failures of the gateway's own as calls know them, and what is kept of the upstream's.
use e2e::{Gateway, Http2, Upstream, eventually, with_body};

const CALL: [(&str, &str); 2] = [("content-type", "application/grpc+proto"), ("te", "trailers")];

fn gone() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[test]
fn failures_are_told_as_a_status_of_grpc() {
    let upstream = Upstream::scripted(|conn| while conn.receive().is_some() {});
    let gone = gone();
    let gateway = Gateway::start(&format!(
        "[[api_key]]
        header = 'x-key'
        keys = [{{ name = 'me', sha256 = '{hash}' }}]
        [services.slow]
        upstreams = ['{slow}']
        retry = {{ attempts = 1 }}
        auth = 'none'
        timeouts = {{ request = '200ms' }}
        routes = ['/slow', {{ match = '/closed', auth = 'required' }}]
        [services.gone]
        upstreams = ['{gone}']
        auth = 'none'
        routes = [{{ match = '/gone', fallback = {{ body = '[]' }} }}, {{ match = '/limited', rate_limit = {{ requests = 1, per = '1h' }} }}]",
        slow = upstream.url(),
        hash = "0".repeat(64),
    ));
    let mut client = Http2::connect(gateway.address);
    let checks = [
        ("/closed", "16", "token_missing"),
        ("/nowhere", "12", "no_route"),
        ("/gone", "14", "upstream_connect_refused"),
        ("/slow", "4", "upstream_timeout"),
        ("/limited", "14", "upstream_connect_refused"),
        ("/limited", "8", "rate_limited"),
    ];
    for (stream, (path, status, code)) in (1..).step_by(2).zip(checks) {
        client.send_request(stream, "POST", path, &CALL, false);
        client.send_data(stream, b"\0\0\0\0\0", true);
        let answer = client.answer(stream);
        assert_eq!((answer.status(), answer.field("content-type")), (200, Some("application/grpc")), "{path}");
        assert_eq!((answer.field("grpc-status"), answer.text().as_str()), (Some(status), ""), "{path}");
        assert!(answer.field("grpc-message").is_some_and(|message| message.ends_with('.')));
        assert!(answer.field("proxy-status").is_some_and(|status| status.contains(code)), "{answer:?}");
        eventually("its line", || gateway.log().iter().any(|line| line["code"] == code).then_some(()));
    }
    // To anybody else the same is a problem.
    client.send_request(101, "POST", "/nowhere", &[], true);
    assert_eq!(client.answer(101).status(), 404);
}

#[test]
fn a_calls_trailers_and_statuses_are_the_services_own() {
    let upstream = Upstream::answering(|request| {
        if request.target() == "/only" {
            return b"HTTP/1.1 200 OK\r\ncontent-type: application/grpc\r\ngrpc-status: 5\r\ncontent-length: 0\r\n\r\n"
                .into();
        }
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/grpc\r\ntransfer-encoding: chunked\r\n\r\n";
        format!("{head}5\r\nhello\r\n0\r\ngrpc-status: 0\r\ngrpc-message: fine\r\n\r\n").into()
    });
    let gateway = Gateway::before(&upstream);
    let mut client = Http2::connect(gateway.address);
    client.send_request(1, "POST", "/call", &CALL, true);
    let answer = client.answer(1);
    let trailers: Vec<_> = answer.trailers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!((answer.text().as_str(), trailers), ("hello", vec![("grpc-status", "0"), ("grpc-message", "fine")]));
    assert_eq!(upstream.last().field("te"), Some("trailers"));
    client.send_request(3, "POST", "/only", &CALL, true);
    assert_eq!(client.answer(3).field("grpc-status"), Some("5"));
}

/// SPEC §3: a stream of messages is not counted against `limits.body`.
#[test]
fn a_call_may_send_more_than_a_body_may_have() {
    let upstream = Upstream::answering(|request| with_body("200 OK", request.body.len().to_string().as_bytes()));
    let gateway = Gateway::with("server.limits.body = '1KiB'", &upstream, "");
    let mut client = Http2::connect(gateway.address);
    for (stream, fields, status) in [(1, &CALL[..], 200), (3, &[], 413)] {
        client.send_request(stream, "POST", "/", fields, false);
        client.send_body(stream, &[0; 5000]);
        assert_eq!(client.answer(stream).status(), status);
    }
}
