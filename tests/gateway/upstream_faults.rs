//! CASES 32–36: upstreams that fail, and what the client sees of it.
use std::{net::TcpListener, time::Duration};

use e2e::{End, Gateway, Upstream, with_body};
use socket2::{Domain, Socket, Type};

/// The URL of a port where nobody listens.
fn refused() -> String {
    format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap())
}

/// Its status and code.
pub(crate) fn code(answer: &e2e::Message) -> (u16, String) {
    (answer.status(), answer.json()["code"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn a_refused_connection_is_502() {
    let gateway = Gateway::start(&format!("[services.app]\nupstreams = ['{}']\nroutes = ['/']", refused()));
    for lines in ["GET /a HTTP/1.1", "POST /a HTTP/1.1\r\ncontent-length: 0"] {
        assert_eq!(code(&gateway.ask(lines)), (502, "upstream_connect_refused".into()));
    }
    assert_eq!(gateway.logged("/a")["code"], "upstream_connect_refused");
}

/// A listener whose queue is full, and stays so while the connections live: the kernel answers no further SYN.
fn blackhole() -> (Socket, Vec<Socket>) {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    listener.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let fill = |_| {
        let client = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        client.set_nonblocking(true).unwrap();
        let _ = client.connect(&address); // "In progress" is what it says.
        client
    };
    let queued = (0..8).map(fill).collect();
    (listener, queued)
}

#[test]
fn a_connect_that_hangs_is_504_within_its_time() {
    let (listener, _queued) = blackhole();
    let url = format!("http://{}", listener.local_addr().unwrap().as_socket().unwrap());
    let keys = "timeouts = { connect = '200ms', request = '60s' }";
    let gateway = Gateway::start(&format!("[services.app]\nupstreams = ['{url}']\nroutes = ['/']\n{keys}"));
    assert_eq!(code(&gateway.get("/")), (504, "upstream_connect_timeout".into()));
}

#[test]
fn an_answer_that_does_not_come_is_504() {
    let upstream = Upstream::scripted(|conn| {
        conn.receive();
        conn.wait_end();
    });
    let gateway = Gateway::with("", &upstream, "timeouts.request = '200ms'");
    let mut client = gateway.connect();
    assert_eq!(code(&client.get("/")), (504, "upstream_timeout".into()));
    upstream.wait_ended(1);
    assert_eq!(upstream.requests().len(), 1, "it may have been served: no second try");
    assert_eq!(code(&client.get("/")), (504, "upstream_timeout".into()), "the connection is kept");
}

#[test]
fn what_could_not_be_sent_goes_to_the_second_upstream() {
    let upstream = Upstream::ok();
    let urls = format!("upstreams = ['{}', '{}']", refused(), upstream.url());
    let gateway = Gateway::start(&format!("[services.app]\n{urls}\nroutes = ['/']"));
    let mut client = gateway.connect();
    for _ in 0..4 {
        assert_eq!(client.get("/").status(), 200);
        assert_eq!(client.post("/", b"hello").status(), 200);
    }
    assert!(upstream.requests().iter().all(|request| request.method() == "GET" || request.body == b"hello"));
}

/// An upstream that sends `bytes` for an answer and closes, or cuts, its connection; what the client gets.
fn answered_with(bytes: impl Into<Vec<u8>>, cut: bool) -> Result<e2e::Message, e2e::Cut> {
    let bytes = bytes.into();
    let upstream = Upstream::consuming(move |mut conn| {
        if conn.receive().is_some() {
            conn.send(&bytes);
            if cut {
                // What was sent must arrive before the reset overtakes it.
                conn.stays_silent(Duration::from_millis(200));
                conn.reset();
            }
        }
    });
    let gateway = Gateway::before(&upstream);
    gateway.connect().try_ask("GET / HTTP/1.1")
}

/// CASES 34.
#[test]
fn an_answer_without_a_sound_head_is_502() {
    let check = |bytes: &[u8], cut: bool, expected: &str| {
        let what = bytes[..bytes.len().min(100)].escape_ascii();
        let answer = answered_with(bytes, cut).unwrap_or_else(|cut| panic!("{what}: {cut:?}"));
        assert_eq!(code(&answer), (502, expected.into()), "{what}");
    };
    check(b"", true, "upstream_reset");
    check(b"", false, "upstream_reset");
    check(b"HTTP/1.1 200 OK\r\nx-a: 1", true, "upstream_reset");
    check(b"HTTP/1.1 200 OK\r\nx-a: 1", false, "upstream_reset");
    for garbage in [
        "SSH-2.0-OpenSSH_9.6\r\n\r\n",
        "HTTP/1.1 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx-a : 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx-a: 1\0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx-a: 1\r\n folded\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: +2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok!",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: foo\r\nconnection: upgrade\r\n\r\n",
    ] {
        check(garbage.as_bytes(), false, "upstream_protocol");
    }
    let large = format!("HTTP/1.1 200 OK\r\nx-a: {}\r\ncontent-length: 0\r\n\r\n", "x".repeat(1 << 20));
    check(large.as_bytes(), false, "upstream_protocol");
}

#[test]
fn garbage_is_noticed_without_waiting_for_its_end() {
    for garbage in ["SSH-2.0-OpenSSH_9.6\r\n", "\u{16}\u{3}\u{1}\u{2}\0"] {
        let upstream = Upstream::scripted(move |conn| {
            conn.receive();
            conn.send(garbage);
            conn.wait_end();
        });
        let gateway = Gateway::with("", &upstream, "timeouts.request = '3s'");
        assert_eq!(code(&gateway.get("/")), (502, "upstream_protocol".into()), "{garbage:?}");
    }
}

#[test]
fn an_upstreams_head_of_64_kib_is_the_largest() {
    let of_size = |size: usize| {
        let frame = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx-a: \r\n\r\n";
        let head = frame.replace("x-a: ", &format!("x-a: {}", "x".repeat(size - frame.len())));
        answered_with(head, false).unwrap().status()
    };
    assert_eq!((of_size(64 * 1024), of_size(64 * 1024 + 1)), (200, 502));
}

/// CASES 35: RFC 9112 §8. A client that can't tell a cut answer from a whole one would store it.
#[test]
fn an_answer_that_breaks_off_never_ends_cleanly() {
    let check = |bytes: &str, cut: bool| match answered_with(bytes, cut) {
        Ok(answer) => panic!("{bytes:?} looked whole: {answer:?}"),
        Err(seen) => {
            let head = seen.head.as_ref().expect("the head had come");
            assert_eq!((head.status(), seen.end), (200, End::Reset), "{bytes:?}");
        }
    };
    for cut in [false, true] {
        check("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello", cut);
        check("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n", cut);
        check("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel", cut);
        check("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", cut);
        check("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nxyz\r\n", cut);
    }
    check("HTTP/1.1 200 OK\r\n\r\nhello", true);
    let whole = answered_with("HTTP/1.1 200 OK\r\n\r\nhello", false).unwrap();
    assert_eq!(whole.text(), "hello", "an answer may end with its connection");
}

/// CASES 36.
#[test]
fn a_refusal_in_the_middle_of_an_upload_is_relayed_at_once() {
    let upstream = Upstream::scripted(|conn| {
        conn.head().unwrap();
        conn.take(1000).unwrap();
        conn.send(with_body("413 Content Too Large", b"enough"));
        conn.wait_end();
    });
    let gateway = Gateway::before(&upstream);
    let mut client = gateway.connect();
    client.send("POST /up HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n");
    client.send([b'x'; 1000]);
    let answer = client.answer_to("POST").unwrap();
    assert_eq!((answer.status(), answer.text().as_str(), answer.closes()), (413, "enough", true));
    upstream.wait_ended(1);
    client.send("GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!(client.to_end().0, b"");
    assert_eq!(upstream.connections(), 1);
}

/// A name that does not resolve is no fault of the file: DNS may have it later.
#[test]
fn a_name_without_an_address_is_502() {
    let toml =
        "[services.app]\nupstreams = ['http://no-such-host.invalid:80']\nroutes = ['/']\ntimeouts.connect = '20s'";
    assert_eq!(code(&Gateway::start(toml).get("/")), (502, "upstream_dns".into()));
}

/// The file's errors name an upstream's inside to the operator alone.
#[test]
fn nothing_of_an_upstream_leaks() {
    let url = refused();
    let gateway = Gateway::start(&format!("[services.secret-name]\nupstreams = ['{url}']\nroutes = ['/']"));
    let answer = gateway.get("/");
    let whole = format!("{answer:?}{}", answer.text());
    assert!(!whole.contains(url.strip_prefix("http://").unwrap()), "{whole}");
    assert!(!whole.contains("secret-name"), "{whole}");
}
