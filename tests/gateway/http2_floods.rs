//! CASES 29: what a client can do a hundred thousand times ends with GOAWAY, and is nothing to the others.
use e2e::{Gateway, Http2, Upstream, error, field_block, frame, kind, ok};

/// How often each is tried.
const TIMES: u32 = 100_000;
const GET: [(&str, &str); 4] = [(":method", "GET"), (":scheme", "http"), (":authority", "test"), (":path", "/flood")];

/// Sends `piece(n)` so often, in some at once, and looks after the others meanwhile; the connection's last error.
fn flood(gateway: &Gateway, client: &mut Http2, piece: impl Fn(u32) -> Vec<u8>) -> Option<u32> {
    let mut innocent = gateway.connect();
    for n in (0..TIMES).step_by(1000) {
        let pieces: Vec<u8> = (n..n + 1000).flat_map(&piece).collect();
        if !client.send(pieces) {
            break;
        }
        assert_eq!(innocent.get("/health").status(), 200);
    }
    let (errors, _) = client.to_end();
    assert_eq!(innocent.get("/health").status(), 200);
    errors.last().copied()
}

fn check(what: &str, expected: &[u32], piece: impl Fn(u32) -> Vec<u8>) {
    let upstream = Upstream::answering(|_| ok());
    let gateway = Gateway::before(&upstream);
    let before = gateway.resident();
    let error = flood(&gateway, &mut Http2::connect(gateway.address), piece);
    assert!(error.is_some_and(|error| expected.contains(&error)), "{what}: {error:?}");
    assert!(upstream.requests().len() < 2000, "{what}: {} reached the upstream", upstream.requests().len());
    let grown = gateway.resident().saturating_sub(before);
    assert!(grown < 64 << 20, "{what}: {grown} bytes");
    gateway.wait_metric("gateway_in_flight", 0.0);
}

fn request(n: u32, flags: u8) -> Vec<u8> {
    frame(kind::HEADERS, flags, 2 * n + 1, &field_block(&GET))
}

#[test]
fn rapid_resets() {
    let calm = [error::ENHANCE_YOUR_CALM];
    check("rapid reset", &calm, |n| {
        [request(n, 5), frame(kind::RST_STREAM, 0, 2 * n + 1, &error::CANCEL.to_be_bytes())].concat()
    });
    // The server is made to reset them: by a window that overflows, by a stream that depends on itself, by data after
    // the end.
    check("MadeYouReset by windows", &calm, |n| {
        [request(n, 5), frame(kind::WINDOW_UPDATE, 0, 2 * n + 1, &i32::MAX.to_be_bytes())].concat()
    });
    check("MadeYouReset by priorities", &calm, |n| {
        [request(n, 5), frame(kind::PRIORITY, 0, 2 * n + 1, &[&(2 * n + 1).to_be_bytes()[..], &[0]].concat())].concat()
    });
    check("MadeYouReset by data", &[error::ENHANCE_YOUR_CALM, error::STREAM_CLOSED, error::PROTOCOL_ERROR], |n| {
        [request(n, 5), frame(kind::DATA, 0, 2 * n + 1, b"x")].concat()
    });
}

/// Each is let in first: what is cancelled then has cost an upstream something.
#[test]
fn resets_of_requests_that_have_begun() {
    let upstream = Upstream::scripted(|conn| {
        if conn.receive().is_some() {
            conn.wait_end();
        }
    });
    let gateway = Gateway::with("", &upstream, "timeouts.request = '1h'");
    let mut client = Http2::connect(gateway.address);
    let mut n = 0;
    while client.goaways.is_empty() && n < 2000 {
        client.send(request(n, 5));
        client.send_frame(kind::PING, 0, 0, [0; 8]);
        let pongs = client.pongs.len();
        while client.pongs.len() == pongs && client.receive() {}
        client.send_reset(2 * n + 1, error::CANCEL);
        n += 1;
    }
    assert_eq!(client.to_end().0, [error::ENHANCE_YOUR_CALM]);
    assert!((400..700).contains(&n), "{n}");
    gateway.wait_metric("gateway_in_flight", 0.0);
    // Whoever lets most be answered may cancel others for as long as he likes.
    let gateway = Gateway::before(&upstream);
    let mut client = Http2::connect(gateway.address);
    for n in 0..1500 {
        client.send_request(2 * n + 1, "GET", "/health", &[], true);
        assert_eq!(client.answer(2 * n + 1).status(), 200);
    }
    assert_eq!(client.goaways, []);
}

#[test]
fn fields_without_end() {
    let first = |n: u32| if n == 0 { request(0, 1) } else { Vec::new() };
    check("CONTINUATION", &[error::ENHANCE_YOUR_CALM, error::COMPRESSION_ERROR, error::PROTOCOL_ERROR], |n| {
        [first(n), frame(kind::CONTINUATION, 0, 1, &field_block(&[("x-a", "1")]))].concat()
    });
    check("empty CONTINUATION", &[error::ENHANCE_YOUR_CALM], |n| {
        [first(n), frame(kind::CONTINUATION, 0, 1, &[])].concat()
    });
    // One field of 4,000 bytes in the table, and then 16,000 times a byte that means it.
    let entry = [&[0x40, 3][..], b"x-a", &[0x7f, 0xa1, 0x1e], &[b'x'; 4000]].concat();
    let good = field_block(&GET);
    check("HPACK bomb", &[error::ENHANCE_YOUR_CALM], |n| {
        let block = if n == 0 { [&good[..], &entry].concat() } else { [&good[..], &[0xbe; 16_000]].concat() };
        if n < 1000 { frame(kind::HEADERS, 5, 2 * n + 1, &block) } else { Vec::new() }
    });
}

#[test]
fn frames_about_nothing() {
    let calm = [error::ENHANCE_YOUR_CALM];
    check("PING", &calm, |_| frame(kind::PING, 0, 0, &[0; 8]));
    check("answers to no PING", &calm, |_| frame(kind::PING, 1, 0, &[0; 8]));
    check("SETTINGS", &calm, |_| frame(kind::SETTINGS, 0, 0, &[]));
    check("PRIORITY", &calm, |_| frame(kind::PRIORITY, 0, 1, &[0, 0, 0, 0, 1]));
    check("WINDOW_UPDATE", &[error::ENHANCE_YOUR_CALM, error::FLOW_CONTROL_ERROR], |_| {
        frame(kind::WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1])
    });
    check("unknown frames", &calm, |_| frame(0xbb, 0, 0, &[]));
    check("empty DATA", &calm, |n| {
        let first = if n == 0 { request(0, 4) } else { Vec::new() };
        [first, frame(kind::DATA, 0, 1, &[])].concat()
    });
}
