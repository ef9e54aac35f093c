//! `cache`: answers that are stored, by RFC 9111, and shared.
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use e2e::{Client, Gateway, Message, Upstream, eventually, service};

/// Answers each request with its number and these fields, or by what `first` says of it.
fn numbered(fields: &'static str) -> Upstream {
    let count = AtomicUsize::new(0);
    Upstream::answering(move |_| {
        let body = count.fetch_add(1, Ordering::SeqCst).to_string();
        format!("HTTP/1.1 200 OK\r\n{fields}content-length: {}\r\n\r\n{body}", body.len()).into()
    })
}

fn start(upstream: &Upstream, keys: &str) -> Gateway {
    Gateway::start(&service("app", &[upstream], keys))
}

fn texts<const N: usize>(answers: [Message; N]) -> [String; N] {
    answers.map(|answer| answer.text())
}

fn counted(gateway: &Gateway, result: &str, value: f64) {
    let sample = format!("gateway_cache_requests_total{{route=\"/\",service=\"app\",result=\"{result}\"}}");
    gateway.wait_metric(&sample, value);
}

#[test]
fn what_is_fresh_is_not_asked_for_again() {
    let upstream = numbered("cache-control: max-age=60\r\netag: \"e\"\r\n");
    let gateway = start(&upstream, "cache = true\nresponse_headers.set.X-A = '1'");
    let first = gateway.get("/a?b");
    assert_eq!((first.text(), first.field("cache-status")), ("0".into(), Some("gateway; fwd=miss; stored")));
    let again = gateway.get("/a?b");
    assert_eq!((again.text(), again.field("age"), again.field("x-a")), ("0".into(), Some("0"), Some("1")));
    assert!(again.field("cache-status").unwrap().starts_with("gateway; hit; ttl="));
    assert!(again.field("x-request-id") != first.field("x-request-id"));
    assert_eq!(texts([gateway.get("/a"), gateway.get("/a?b=1"), gateway.get("/a?b")]), ["1", "2", "0"]);
    let head = gateway.ask("HEAD /a?b HTTP/1.1");
    assert_eq!((head.status(), head.field("content-length"), head.body.len()), (200, Some("1"), 0));
    assert_eq!(gateway.ask("GET /a?b HTTP/1.1\r\nhost: other").text(), "3", "another host is another answer");
    let known = gateway.ask("GET /a?b HTTP/1.1\r\nif-none-match: \"x\", W/\"e\"");
    assert_eq!((known.status(), known.field("etag"), known.body.len()), (304, Some("\"e\""), 0));
    assert_eq!(gateway.ask("GET /a?b HTTP/1.1\r\nif-none-match: \"x\"").text(), "0");
    assert_eq!(upstream.requests().len(), 4);
    counted(&gateway, "hit", 5.0);
    counted(&gateway, "miss", 4.0);
    assert_eq!(gateway.metric("gateway_cache_entries"), Some(4.0));
    let hit = gateway.stdout.find("a hit's line", |line| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        (line["upstream"].is_null() && line["method"] == "GET").then_some(line)
    });
    assert_eq!((&hit["service"], &hit["status"]), (&"app".into(), &200.into()));
}

const FRESH: &str = "cache-control: max-age=60\r\n";

#[test]
fn what_must_not_be_stored_is_asked_for_each_time() {
    let check = |fields: &'static str, request: &str, keys: &str| {
        let upstream = numbered(fields);
        let gateway = start(&upstream, keys);
        for n in 0..2 {
            assert_eq!(
                gateway.ask(&format!("GET / HTTP/1.1{request}")).text(),
                n.to_string(),
                "{fields:?} {request:?}"
            );
        }
    };
    check("", "", "cache = true");
    check("cache-control: no-store\r\n", "", "cache = true");
    check("cache-control: private, max-age=60\r\n", "", "cache = true");
    check("cache-control: max-age=60\r\nset-cookie: a=b\r\n", "", "cache = true");
    check("cache-control: max-age=60\r\nvary: *\r\n", "", "cache = true");
    check(FRESH, "\r\nauthorization: Basic YTpi", "cache = true");
    check(FRESH, "\r\nrange: bytes=0-0", "cache = true");
    check(FRESH, "\r\ncache-control: no-store", "cache = true");
    check(FRESH, "\r\ncache-control: no-cache", "cache = true");
    check(FRESH, "", "cache = { max_body = '0B' }");
    check(FRESH, "", "");
    check(FRESH, "", "cache = true\nroutes = [{ match = '/', cache = false }]");
    let upstream = numbered(FRESH);
    let gateway = start(&upstream, "cache = true");
    assert_eq!([gateway.connect().post("/", b"").text(), gateway.connect().post("/", b"").text()], ["0", "1"]);
}

/// An API key says who calls, as a token does.
#[test]
fn an_answer_for_one_caller_is_for_no_other() {
    let upstream = numbered("cache-control: max-age=60\r\n");
    let hash = "f9e19a5bbc98cbb74e8a110ffd04178fb9d3df41745a6e76d6c7e0f507958a2e";
    let file = format!(
        "[[api_key]]\nheader = 'X-Api-Key'\nkeys = [{{ name = 'ci', sha256 = '{hash}' }}]\n{}",
        service("app", &[&upstream], "cache = true\nauth = 'optional'")
    );
    let gateway = Gateway::start(&file);
    let ask = |key: &str| gateway.ask(&format!("GET / HTTP/1.1\r\n{key}")).text();
    assert_eq!(
        [ask("x-api-key: gwk_ci"), ask("x-api-key: gwk_ci"), ask("x-a: 1"), ask("x-a: 1")],
        ["0", "1", "2", "2"]
    );
}

#[test]
fn vary_tells_answers_apart() {
    let upstream = numbered("cache-control: max-age=60\r\nvary: Accept-Language\r\n");
    let gateway = start(&upstream, "cache = true");
    let ask = |language: &str| gateway.ask(&format!("GET / HTTP/1.1\r\naccept-language: {language}")).text();
    assert_eq!([ask("de"), ask("en"), ask("de"), ask("en")], ["0", "1", "0", "1"]);
    assert_eq!(gateway.get("/").text(), "2");
}

/// Answers 304 to who has the tag, else a new body; nothing is fresh for longer than that moment.
fn validating(asked: &Arc<AtomicUsize>, fields: &'static str) -> Upstream {
    let asked = Arc::clone(asked);
    Upstream::answering(move |request| {
        asked.fetch_add(1, Ordering::SeqCst);
        if request.field("if-none-match") == Some("\"e\"") {
            return format!("HTTP/1.1 304 Not Modified\r\netag: \"e\"\r\nx-new: 1\r\n{fields}\r\n").into();
        }
        format!("HTTP/1.1 200 OK\r\netag: \"e\"\r\n{fields}content-length: 4\r\n\r\nbody").into()
    })
}

#[test]
fn what_is_stale_is_asked_for_on_a_condition() {
    let asked = Arc::default();
    let upstream = validating(&asked, "cache-control: no-cache\r\n");
    let gateway = start(&upstream, "cache = true");
    assert_eq!(gateway.get("/").text(), "body");
    let again = gateway.get("/");
    assert_eq!((again.status(), again.text(), again.field("x-new")), (200, "body".into(), Some("1")));
    assert_eq!(again.field("cache-status"), Some("gateway; fwd=stale; fwd-status=304; stored"));
    assert_eq!(upstream.last().field("if-none-match"), Some("\"e\""));
    assert_eq!(gateway.ask("GET / HTTP/1.1\r\nif-none-match: \"e\"").status(), 304);
    assert_eq!(asked.load(Ordering::SeqCst), 3);
    counted(&gateway, "revalidated", 2.0);
}

#[test]
fn an_old_answer_is_better_than_none() {
    let broken = Arc::new(AtomicBool::new(false));
    let state = Arc::clone(&broken);
    let upstream = Upstream::answering(move |request| {
        if state.load(Ordering::SeqCst) {
            return b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n".to_vec();
        }
        let bound = if request.target() == "/bound" { ", must-revalidate" } else { "" };
        format!("HTTP/1.1 200 OK\r\netag: \"e\"\r\ncache-control: max-age=0{bound}\r\ncontent-length: 2\r\n\r\nok")
            .into()
    });
    let keys = "cache = { stale_if_error = '1h' }\nretry = false";
    let gateway = start(&upstream, keys);
    assert_eq!((gateway.get("/").text(), gateway.get("/bound").text()), ("ok".into(), "ok".into()));
    broken.store(true, Ordering::SeqCst);
    let old = gateway.get("/");
    assert_eq!((old.status(), old.text()), (200, "ok".into()));
    assert!(old.field("cache-status").unwrap().starts_with("gateway; fwd=stale; fwd-status=503; ttl=-"), "{old:?}");
    assert_eq!(gateway.get("/bound").status(), 503, "what must be asked for is asked for");
    assert_eq!(gateway.get("/new").status(), 503);
    let address = upstream.address;
    drop(upstream);
    eventually("its port is closed", || std::net::TcpStream::connect(address).err());
    eventually("its kept connection is closed", || (gateway.get("/").text() == "ok").then_some(()));
    assert!(gateway.get("/new").status() >= 502);
    counted(&gateway, "stale", 2.0);
}

/// An old answer is served at once, and one new one fetched behind it.
#[test]
fn nobody_waits_for_a_new_answer_while_the_old_one_will_do() {
    let (gate, asked) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
    let (open, count) = (Arc::clone(&gate), Arc::clone(&asked));
    let upstream = Upstream::answering(move |_| {
        let n = count.fetch_add(1, Ordering::SeqCst);
        eventually("the gate opens", || open.load(Ordering::SeqCst).then_some(()));
        format!("HTTP/1.1 200 OK\r\ncache-control: max-age=0\r\ncontent-length: 1\r\n\r\n{n}").into()
    });
    let gateway = start(&upstream, "cache = { stale_while_revalidate = '1h' }");
    assert_eq!(gateway.get("/").text(), "0");
    gate.store(false, Ordering::SeqCst);
    assert_eq!(texts([gateway.get("/"), gateway.get("/"), gateway.get("/")]), ["0", "0", "0"]);
    eventually("it is asked for", || (asked.load(Ordering::SeqCst) == 2).then_some(()));
    gate.store(true, Ordering::SeqCst);
    eventually("the new one is there", || (gateway.get("/").text() != "0").then_some(()));
}

/// A hundred who come at once cause one request; where the answer is for one alone, nobody waits for another's for long.
#[test]
fn one_fetch_serves_all_who_wait_for_it() {
    let gate = Arc::new(AtomicBool::new(false));
    let open = Arc::clone(&gate);
    let upstream = Upstream::answering(move |_| {
        eventually("the gate opens", || open.load(Ordering::SeqCst).then_some(()));
        b"HTTP/1.1 200 OK\r\ncache-control: max-age=60\r\ncontent-length: 2\r\n\r\nok".to_vec()
    });
    let file = format!("server.workers = 2\n{}", service("app", &[&upstream], "cache = true"));
    let gateway = Gateway::start(&file);
    let address = gateway.address;
    let clients: Vec<_> = (0..20).map(|_| thread::spawn(move || Client::connect(address).get("/").text())).collect();
    eventually("all of them wait", || (gateway.metric("gateway_in_flight") == Some(20.0)).then_some(()));
    gate.store(true, Ordering::SeqCst);
    for client in clients {
        assert_eq!(client.join().unwrap(), "ok");
    }
    assert_eq!(upstream.requests().len(), 1);
}

#[test]
fn a_change_forgets_what_was_stored() {
    let upstream = Upstream::answering({
        let count = AtomicUsize::new(0);
        move |request| {
            let n = count.fetch_add(1, Ordering::SeqCst);
            let (status, fields) = match (request.method(), request.target()) {
                ("POST", "/fails") => ("500 Internal Server Error", ""),
                ("POST", _) => ("201 Created", "location: /b\r\n"),
                _ => ("200 OK", "cache-control: max-age=60\r\n"),
            };
            format!("HTTP/1.1 {status}\r\n{fields}content-length: {}\r\n\r\n{n}", n.to_string().len()).into()
        }
    });
    let keys = "routes = [{ match = 'GET /', cache = true }, 'POST /']";
    let gateway = start(&upstream, keys);
    let get = |path: &str| gateway.get(path).text();
    assert_eq!([get("/a"), get("/b"), get("/c"), get("/fails")], ["0", "1", "2", "3"]);
    gateway.connect().post("/a", b"x");
    gateway.connect().post("/fails", b"x");
    assert_eq!([get("/a"), get("/b"), get("/c"), get("/fails")], ["6", "7", "2", "3"]);
}

/// What the file says again keeps its answers; other rules begin anew.
#[test]
fn a_reload_keeps_what_its_rules_allow() {
    let upstream = numbered("cache-control: max-age=60\r\n");
    let file = |head: &str, keys: &str| format!("{head}\n{}", service("app", &[&upstream], keys));
    let gateway = Gateway::start(&file("", "cache = true"));
    assert_eq!(gateway.get("/").text(), "0");
    gateway.reload(&file("server.limits.uri = '4KiB'", "cache = true"), "applied");
    assert_eq!(gateway.get("/").text(), "0");
    gateway.reload(&file("", "cache = { ttl = '1s' }"), "applied");
    assert_eq!(gateway.get("/").text(), "1");
    gateway.reload(&file("cache.max_size = '1KiB'", "cache = { ttl = '1s' }"), "applied");
    let three = texts([gateway.get("/"), gateway.get("/b"), gateway.get("/")]);
    assert_eq!(three, ["1", "2", "3"], "no two of them fit any more");
}

/// One that breaks off is not whole, and is not stored.
#[test]
fn half_an_answer_is_not_stored() {
    let upstream = Upstream::consuming(|mut conn| {
        conn.receive();
        conn.send("HTTP/1.1 200 OK\r\ncache-control: max-age=60\r\ncontent-length: 10\r\n\r\nabc");
        conn.reset();
    });
    let gateway = start(&upstream, "cache = true");
    for _ in 0..2 {
        let mut client = gateway.connect();
        client.send_request("GET / HTTP/1.1");
        assert!(client.answer_to("GET").is_err());
    }
    assert_eq!(upstream.requests().len(), 2);
    assert_eq!(gateway.metric("gateway_cache_entries"), Some(0.0));
}

/// What is stored is as the service gave it: each client gets it as it likes it.
#[test]
fn a_stored_answer_is_compressed_for_who_likes_it() {
    let upstream = Upstream::answering(|_| {
        let body = "all the same ".repeat(300);
        let length = body.len();
        format!("HTTP/1.1 200 OK\r\ncache-control: max-age=60\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\n\r\n{body}").into()
    });
    let gateway = start(&upstream, "cache = true\ncompress = true");
    let ask = |coding: &str| {
        let answer = gateway.ask(&format!("GET / HTTP/1.1\r\naccept-encoding: {coding}"));
        answer.field("content-encoding").map(str::to_owned)
    };
    assert_eq!([ask("gzip"), ask("br"), ask("identity")], [Some("gzip".into()), Some("br".into()), None]);
    assert_eq!(upstream.requests().len(), 1);
}
