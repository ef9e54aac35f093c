//! `cache`: what RFC 9111 says of a 304, of changes and of what is old, and RFC 9211 of what became of a request.
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use e2e::{Gateway, Message, Upstream, eventually, service};

/// Answers the requests with these heads, one after the other, and the last one for ever; the body is the number.
fn in_turn(heads: &'static [&'static str]) -> Upstream {
    let count = AtomicUsize::new(0);
    Upstream::answering(move |_| {
        let n = count.fetch_add(1, Ordering::SeqCst);
        let head = heads[n.min(heads.len() - 1)];
        let body = if head.starts_with("304") { String::new() } else { n.to_string() };
        let length =
            if head.starts_with("304") { String::new() } else { format!("content-length: {}\r\n", body.len()) };
        format!("HTTP/1.1 {head}\r\n{length}\r\n{body}").into()
    })
}

fn start(upstream: &Upstream, keys: &str) -> Gateway {
    Gateway::start(&service("app", &[upstream], keys))
}

fn status(answer: &Message) -> &str {
    answer.field("cache-status").unwrap_or("-")
}

/// A 304 that nobody asked for freshens nothing either.
#[test]
fn a_304_to_no_condition_freshens_nothing() {
    let upstream = in_turn(&[
        "200 OK\r\netag: \"a\"\r\ncache-control: max-age=0",
        "304 Not Modified\r\netag: \"b\"\r\ncache-control: max-age=60",
    ]);
    let gateway = start(&upstream, "cache = true");
    assert_eq!(gateway.get("/").text(), "0");
    for _ in 0..2 {
        let answer = gateway.get("/");
        assert_eq!((answer.status(), answer.field("etag")), (304, Some("\"b\"")), "{answer:?}");
    }
}

/// RFC 9111 §4.3.4: a 304 of another validator is about another answer.
#[test]
fn a_304_with_another_tag_freshens_nothing() {
    let upstream = in_turn(&[
        "200 OK\r\netag: \"a\"\r\ncache-control: max-age=0",
        "304 Not Modified\r\netag: \"b\"\r\ncache-control: max-age=60",
        "200 OK\r\netag: \"b\"\r\ncache-control: max-age=60",
    ]);
    let gateway = start(&upstream, "cache = true");
    assert_eq!(gateway.get("/").text(), "0");
    let second = gateway.get("/");
    assert_eq!((second.text(), second.field("etag")), ("2".into(), Some("\"b\"")));
    assert_eq!(upstream.last().field("if-none-match"), None);
    assert_eq!((gateway.get("/").text(), upstream.requests().len()), ("2".into(), 3));
}

#[test]
fn a_304_that_names_a_vary_tells_apart_from_then_on() {
    let upstream = in_turn(&[
        "200 OK\r\netag: \"a\"\r\ncache-control: max-age=0",
        "304 Not Modified\r\netag: \"a\"\r\ncache-control: max-age=60\r\nvary: x-who",
        "200 OK\r\nvary: x-who\r\ncache-control: max-age=60",
    ]);
    let gateway = start(&upstream, "cache = true");
    let ask = |who: &str| gateway.ask(&format!("GET / HTTP/1.1\r\nx-who: {who}")).text();
    assert_eq!([ask("a"), ask("a"), ask("a"), ask("b"), ask("a")], ["0", "0", "0", "2", "0"]);
}

#[test]
fn a_304_that_forbids_to_store_still_reaches_the_client() {
    let upstream = in_turn(&[
        "200 OK\r\netag: \"a\"\r\ncache-control: max-age=0",
        "304 Not Modified\r\netag: \"a\"\r\ncache-control: no-store\r\nx-new: 1",
        "200 OK\r\ncache-control: no-store",
    ]);
    let gateway = start(&upstream, "cache = true");
    assert_eq!(gateway.get("/").text(), "0");
    let second = gateway.get("/");
    assert_eq!(
        (second.text(), second.field("x-new"), second.field("cache-control")),
        ("0".into(), Some("1"), Some("no-store"))
    );
    assert_eq!(status(&second), "gateway; fwd=stale; fwd-status=304");
    assert_eq!(gateway.get("/").text(), "2");
}

/// What was asked for before a change is not what there is after it.
#[test]
fn a_fetch_that_a_change_overtakes_is_not_stored() {
    let (gate, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let (open, count) = (Arc::clone(&gate), Arc::clone(&asked));
    let upstream = Upstream::answering(move |request| {
        let n = count.fetch_add(1, Ordering::SeqCst);
        if request.method() == "GET" && n == 0 {
            eventually("the gate opens", || open.load(Ordering::SeqCst).then_some(()));
        }
        format!("HTTP/1.1 200 OK\r\ncache-control: max-age=60\r\ncontent-length: 1\r\n\r\n{n}").into()
    });
    let gateway = start(&upstream, "cache = true");
    let mut early = gateway.connect();
    early.send_request("GET / HTTP/1.1");
    eventually("it is asked for", || (asked.load(Ordering::SeqCst) == 1).then_some(()));
    assert_eq!(gateway.connect().post("/", b"x").text(), "1");
    gate.store(true, Ordering::SeqCst);
    assert_eq!(early.answer_to("GET").unwrap().text(), "0");
    assert_eq!([gateway.get("/").text(), gateway.get("/").text()], ["2", "2"]);
}

#[test]
fn a_relative_place_is_resolved() {
    let upstream = in_turn(&[
        "200 OK\r\ncache-control: max-age=60",
        "201 Created\r\ncontent-location: item",
        "200 OK\r\ncache-control: max-age=60",
    ]);
    let gateway = start(&upstream, "cache = true");
    assert_eq!(gateway.get("/dir/item").text(), "0");
    gateway.connect().post("/dir/make", b"x");
    assert_eq!(gateway.get("/dir/item").text(), "2");
}

/// `max_body` is what is stored of one answer, whatever share of the whole it takes.
#[test]
fn one_answer_may_take_most_of_the_room() {
    let upstream = Upstream::answering(|request| {
        let length = request.target()[1..].parse().unwrap();
        let head = format!("HTTP/1.1 200 OK\r\ncache-control: max-age=60\r\ncontent-length: {length}\r\n\r\n");
        [head.into_bytes(), vec![b'a'; length]].concat()
    });
    let rules = service("app", &[&upstream], "cache = { max_body = '1MiB' }");
    let gateway = Gateway::start(&format!("cache.max_size = '256KiB'\n{rules}"));
    assert_eq!(status(&gateway.get("/200000")), "gateway; fwd=miss; stored");
    assert!(status(&gateway.get("/200000")).starts_with("gateway; hit"));
    assert_eq!(status(&gateway.get("/300000")), "gateway; fwd=miss", "it does not fit, and nobody says that it does");
    assert_eq!(status(&gateway.get("/300000")), "gateway; fwd=miss");
}

#[test]
fn what_was_forwarded_is_no_hit() {
    let upstream = in_turn(&["200 OK\r\ncache-control: max-age=0, stale-if-error=60", "503 Service Unavailable"]);
    let gateway = start(&upstream, "cache = true\nretry = false\ncircuit_breaker = false");
    assert_eq!(gateway.get("/").text(), "0");
    let old = gateway.get("/");
    assert_eq!(old.text(), "0");
    assert!(status(&old).starts_with("gateway; fwd=stale; fwd-status=503; ttl=-"), "{old:?}");
    assert_eq!(
        gateway.ask("GET / HTTP/1.1\r\ncache-control: no-cache").status(),
        503,
        "who wants no old one gets none"
    );
    let upstream = in_turn(&["200 OK\r\ncache-control: max-age=60"]);
    let gateway = start(&upstream, "cache = true");
    gateway.get("/");
    let check = |request: &str, expected: &str| assert_eq!(status(&gateway.ask(request)), expected, "{request}");
    check("GET / HTTP/1.1\r\ncache-control: no-cache", "gateway; fwd=request; stored");
    check("GET / HTTP/1.1\r\ncache-control: no-store", "gateway; fwd=bypass");
    check("GET / HTTP/1.1\r\nrange: bytes=0-0", "gateway; fwd=bypass");
    check("DELETE / HTTP/1.1", "gateway; fwd=method");
}

/// What a fetch behind an old answer brings ends that answer, also where it may not be stored.
#[test]
fn an_old_answer_does_not_outlive_the_news_of_its_end() {
    for news in ["404 Not Found", "200 OK\r\ncache-control: no-store"] {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let upstream = Upstream::answering(move |_| match count.fetch_add(1, Ordering::SeqCst) {
            0 => b"HTTP/1.1 200 OK\r\ncache-control: max-age=0\r\ncontent-length: 3\r\n\r\nold".to_vec(),
            _ => format!("HTTP/1.1 {news}\r\ncontent-length: 3\r\n\r\nnew").into(),
        });
        let gateway = start(&upstream, "cache = { stale_while_revalidate = '1h' }");
        assert_eq!([gateway.get("/").text(), gateway.get("/").text()], ["old", "old"]);
        eventually("the new one is there", || (gateway.get("/").text() == "new").then_some(()));
    }
}

/// RFC 9110 §6.6.1: what nobody has dated is dated when it came, and not when it is told.
#[test]
fn a_stored_answer_keeps_the_date_of_its_arrival() {
    let upstream = in_turn(&["200 OK\r\ncache-control: max-age=60"]);
    let gateway = start(&upstream, "cache = true");
    let date = |target: &str| gateway.get(target).field("date").expect("every answer has one").to_owned();
    let first = date("/");
    eventually("the next second", || (date("/health") != first).then_some(()));
    assert_eq!((date("/"), upstream.requests().len()), (first, 1));
}
