//! `compress`: answers that are shorter on the wire, and the same to their reader.
use std::{
    io::Read,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use e2e::{Gateway, Message, Upstream, eventually, service};

fn decoded(answer: &Message) -> String {
    let mut text = String::new();
    match answer.field("content-encoding") {
        Some("gzip") => flate2::read::GzDecoder::new(&answer.body[..]).read_to_string(&mut text).unwrap(),
        Some("br") => brotli::Decompressor::new(&answer.body[..], 4096).read_to_string(&mut text).unwrap(),
        Some("zstd") => zstd::stream::read::Decoder::new(&answer.body[..]).unwrap().read_to_string(&mut text).unwrap(),
        other => panic!("{other:?}"),
    };
    text
}

fn page() -> String {
    "<p>All the same, again and again.</p>\n".repeat(200)
}

/// Answers with a page of HTML, its length declared, and its tag.
fn html() -> Upstream {
    Upstream::answering(|request| {
        let body = if request.method() == "HEAD" { String::new() } else { page() };
        let length = page().len();
        format!("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\netag: \"1\"\r\ncontent-length: {length}\r\n\r\n{body}")
            .into()
    })
}

#[test]
fn each_coding_is_read_back() {
    let upstream = html();
    let gateway = Gateway::with("", &upstream, "compress = true");
    let mut client = gateway.connect();
    for (accept, coding) in
        [("gzip", "gzip"), ("br", "br"), ("zstd", "zstd"), ("gzip, br;q=0.9", "gzip"), ("*", "zstd")]
    {
        let answer = client.ask(&format!("GET / HTTP/1.1\r\naccept-encoding: {accept}"));
        assert_eq!(answer.field("content-encoding"), Some(coding), "{accept}");
        assert_eq!(decoded(&answer), page());
        assert!(answer.body.len() < 300, "{coding}: {} bytes", answer.body.len());
        assert_eq!((answer.field("etag"), answer.field("vary")), (Some("W/\"1\""), Some("Accept-Encoding")));
        assert_eq!(answer.field("content-length"), None);
        let head = client.ask(&format!("HEAD / HTTP/1.1\r\naccept-encoding: {accept}"));
        assert_eq!((head.field("content-encoding"), head.field("content-length")), (Some(coding), None));
    }
    let plain = client.get("/");
    assert_eq!((plain.text(), plain.field("etag")), (page(), Some("\"1\"")));
    assert_eq!((plain.field("vary"), plain.field("content-encoding")), (Some("Accept-Encoding"), None));
    let bytes = gateway.stdout.find("a compressed answer's line", |line| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["bytes_out"].as_u64().filter(|bytes| *bytes > 0)
    });
    assert!(bytes < 300, "what was sent is counted");
    let old = gateway.connect().ask("GET / HTTP/1.0\r\naccept-encoding: gzip");
    assert_eq!(decoded(&old), page());
}

#[test]
fn the_file_says_where_and_how() {
    let upstream = html();
    let file = |keys: &str| format!("defaults.compress = ['br']\n{}", service("app", &[&upstream], keys));
    let keys = "compress = ['gzip', 'br']
        routes = ['/a', { match = '/b', compress = 'gzip' }, { match = '/c', compress = false }]";
    let gateway = Gateway::start(&file(keys));
    let coding = |path: &str| {
        let answer = gateway.ask(&format!("GET {path} HTTP/1.1\r\naccept-encoding: br, gzip"));
        answer.field("content-encoding").map(str::to_owned)
    };
    assert_eq!([coding("/a"), coding("/b"), coding("/c")], [Some("gzip".into()), Some("gzip".into()), None]);
    gateway.reload(&file("routes = '/a'"), "applied");
    assert_eq!(coding("/a").as_deref(), Some("br"), "of [defaults]");
}

/// Each event is read when it was sent, though the stream goes on.
#[test]
fn no_event_of_a_stream_waits_for_the_next() {
    let read = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&read);
    let upstream = Upstream::scripted(move |conn| {
        conn.receive();
        conn.send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n");
        for event in 0..5 {
            conn.send("9\r\ndata: x\n\n\r\n");
            eventually("the event is read", || (seen.load(Ordering::SeqCst) > event).then_some(()));
        }
        conn.send("0\r\n\r\n");
    });
    let gateway = Gateway::with("", &upstream, "compress = true");
    for coding in ["gzip", "br", "zstd"] {
        read.store(0, Ordering::SeqCst);
        let mut client = gateway.connect();
        client.send_request(&format!("GET / HTTP/1.1\r\naccept-encoding: {coding}"));
        let head = client.head().unwrap();
        assert_eq!(head.field("content-encoding"), Some(coding));
        let mut bytes = Vec::new();
        for event in 1..=5 {
            let mut text = vec![0; 9 * event];
            loop {
                let line = client.take_to(b"\r\n").unwrap();
                let size = usize::from_str_radix(str::from_utf8(&line).unwrap().trim(), 16).unwrap();
                bytes.extend(client.take(size).unwrap());
                client.take(2).unwrap();
                let whole = match coding {
                    "gzip" => flate2::read::GzDecoder::new(&bytes[..]).read_exact(&mut text),
                    "br" => brotli::Decompressor::new(&bytes[..], 4096).read_exact(&mut text),
                    _ => zstd::stream::read::Decoder::new(&bytes[..]).unwrap().read_exact(&mut text),
                };
                if whole.is_ok() {
                    break;
                }
            }
            assert_eq!(text, b"data: x\n\n".repeat(event));
            read.store(event, Ordering::SeqCst);
        }
    }
}

/// What breaks off does not look whole, compressed or not.
#[test]
fn an_answer_that_breaks_off_is_cut() {
    let upstream = Upstream::consuming(|mut conn| {
        conn.receive();
        conn.send("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5000\r\n\r\nabc");
        conn.reset();
    });
    let gateway = Gateway::with("", &upstream, "compress = true");
    let mut client = gateway.connect();
    client.send_request("GET / HTTP/1.1\r\naccept-encoding: gzip");
    assert!(client.answer_to("GET").is_err());
    assert_eq!(gateway.logged("/")["code"], "upstream_reset");
}
