//! Upstreams of HTTP/2 that fail, refuse, stall or end: what is sent again, and what a client is told.
use std::{
    net::TcpListener,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use e2e::{Gateway, Http2, Http2Conn, Upstream, error, eventually, kind, service};

fn before(upstream: &Upstream, keys: &str) -> Gateway {
    Gateway::start(&service("app", &[upstream], &format!("protocol = 'h2c'\n{keys}")))
}

fn ok_forever(conn: &mut Http2Conn<'_>) {
    conn.answer_all(|request| [b"ok ", request.body.as_slice()].concat());
}

/// RFC 9113 §8.7: a stream that was not looked at goes elsewhere, whatever its method and with its body.
#[test]
fn a_refused_stream_is_sent_again() {
    let refused = AtomicUsize::new(0);
    let upstream = Upstream::http2(&[], move |conn| {
        while refused.fetch_add(1, Ordering::SeqCst) < 2 {
            let Some((stream, _)) = conn.request() else { return };
            conn.send_reset(stream, error::REFUSED_STREAM);
        }
        ok_forever(conn);
    });
    let gateway = before(&upstream, "retry = false");
    assert_eq!(gateway.connect().post("/", b"body").text(), "ok body");
    assert_eq!(upstream.connections(), 1);
    assert_eq!(gateway.logged("/")["retries"], 0, "nobody saw the first");
}

#[test]
fn an_upstream_that_always_refuses_is_502() {
    let upstream = Upstream::http2(&[], |conn| {
        while let Some((stream, _)) = conn.request() {
            conn.send_reset(stream, error::REFUSED_STREAM);
        }
    });
    let gateway = before(&upstream, "");
    let answer = gateway.connect().post("/", b"body");
    assert_eq!((answer.status(), answer.json()["code"].as_str()), (502, Some("upstream_reset")));
    assert_eq!(upstream.requests().len(), 3);
    // One that may be sent twice is sent no more often, on a connection that has carried others.
    assert_eq!((gateway.get("/again").status(), upstream.requests().len()), (502, 6));
    assert_eq!(gateway.logged("/again")["retries"], 0);
}

/// A stream that is reset is no closed connection: it may have been looked at, and it goes elsewhere or nowhere, by the
/// budget.
#[test]
fn a_reset_stream_is_not_sent_again_to_the_same_upstream() {
    const CODES: [u32; 4] = [error::NO_ERROR, error::INTERNAL_ERROR, error::CANCEL, error::ENHANCE_YOUR_CALM];
    let resetting = || {
        Upstream::http2(&[], |conn| {
            while let Some((stream, request)) = conn.request() {
                match request.target().strip_prefix("/reset/") {
                    Some(code) => conn.send_reset(stream, code.parse().unwrap()),
                    None => conn.respond(stream, "200", &[], b"ok"),
                }
            }
        })
    };
    let resets = |upstreams: &[&Upstream]| {
        let all = upstreams.iter().flat_map(|upstream| upstream.requests());
        all.filter(|request| request.target().starts_with("/reset")).count()
    };
    let lone = resetting();
    let gateway = before(&lone, "circuit_breaker = false");
    assert_eq!(gateway.get("/").text(), "ok");
    for (sent, code) in CODES.into_iter().enumerate() {
        let target = format!("/reset/{code}");
        let answer = gateway.get(&target);
        assert_eq!((answer.status(), answer.json()["code"].as_str()), (502, Some("upstream_reset")), "{code}");
        assert_eq!((resets(&[&lone]), &gateway.logged(&target)["retries"]), (sent + 1, &0.into()), "{code}");
    }
    assert_eq!(lone.connections(), 1);
    let pair = [resetting(), resetting()];
    let both: Vec<&Upstream> = pair.iter().collect();
    let keys = "protocol = 'h2c'\ncircuit_breaker = false\nretry.budget = 0";
    let gateway = Gateway::start(&service("app", &both, keys));
    assert_eq!(gateway.get("/reset/2").status(), 502);
    assert_eq!((resets(&both), &gateway.logged("/reset/2")["retries"]), (2, &1.into()), "one each");
    let mut client = gateway.connect();
    let begun = Instant::now();
    for _ in 0..200 {
        assert_eq!(client.get("/reset/8").status(), 502);
    }
    let allowed = 3 * (usize::try_from(begun.elapsed().as_secs()).unwrap() + 2);
    assert!(resets(&both) <= 202 + allowed, "{}", resets(&both));
}

#[test]
fn what_a_goaway_says_was_not_seen_is_sent_again_and_the_rest_goes_on() {
    let upstream = Upstream::http2(&[], |conn| {
        if conn.index > 0 {
            return ok_forever(conn);
        }
        conn.until(|conn| conn.requests.len() == 3 && conn.requests.values().all(|asked| asked.ended));
        conn.send_goaway(1, error::NO_ERROR);
        conn.send_fields(1, &[(":status", "200")], false);
        assert!(!conn.until(|conn| conn.requests.len() > 3), "it is asked no more");
    });
    let gateway = before(&upstream, "retry = false");
    let mut client = Http2::connect(gateway.address);
    for stream in [1, 3, 5] {
        client.send_request(stream, "POST", "/", &[], false);
        client.send_data(stream, format!("{stream}"), true);
        if stream == 1 {
            eventually("the first is there", || (upstream.connections() == 1).then_some(()));
        }
    }
    let answers: Vec<_> = [3, 5].map(|stream| client.answer(stream).text()).into();
    assert_eq!(answers, ["ok 3", "ok 5"]);
    client.until("the first one's head", |client| client.seen(1).answer.start == "HTTP/2 200");
    assert!(!client.seen(1).ended);
    drop(client);
    upstream.wait_ended(1);
    assert_eq!(upstream.connections(), 2);
}

#[test]
fn an_upstreams_resets_and_faults_are_its_own() {
    let upstream = Upstream::http2(&[], |conn| {
        while let Some((stream, request)) = conn.request() {
            match request.target() {
                "/reset" => conn.send_reset(stream, error::INTERNAL_ERROR),
                "/h1" => conn.send_reset(stream, 13),
                "/101" => drop(conn.send_fields(stream, &[(":status", "101")], false)),
                "/connection" => drop(conn.send_fields(stream, &[(":status", "200"), ("connection", "close")], true)),
                "/status" => drop(conn.send_fields(stream, &[("x-a", "1")], true)),
                "/length" => {
                    conn.send_fields(stream, &[(":status", "200"), ("content-length", "9")], true);
                }
                "/large" => {
                    let value = "x".repeat(15_000);
                    let fields: Vec<_> = ["a", "b", "c", "d", "e"].map(|name| (name, &*value)).into();
                    // One frame holds 16 KiB.
                    let block = e2e::field_block(&[&[(":status", "200")], &fields[..]].concat());
                    let pieces: Vec<&[u8]> = block.chunks(16_000).collect();
                    let (last, others) = pieces.split_last().unwrap();
                    for (n, piece) in others.iter().enumerate() {
                        let kind = if n == 0 { kind::HEADERS } else { kind::CONTINUATION };
                        conn.send_frame(kind, 0, stream, piece);
                    }
                    conn.send_frame(kind::CONTINUATION, 4, stream, last);
                }
                _ => conn.respond(stream, "200", &[], b"ok"),
            }
        }
    });
    let gateway = before(&upstream, "circuit_breaker = false\nretry = false");
    for (path, code) in [
        ("/reset", "upstream_reset"),
        ("/h1", "upstream_protocol"),
        ("/101", "upstream_protocol"),
        ("/connection", "upstream_protocol"),
        ("/status", "upstream_protocol"),
        ("/length", "upstream_protocol"),
        ("/large", "upstream_protocol"),
    ] {
        let answer = gateway.get(path);
        assert_eq!((answer.status(), answer.json()["code"].as_str()), (502, Some(code)), "{path}");
        assert_eq!(gateway.get("/").text(), "ok", "after {path}");
    }
    assert_eq!(upstream.connections(), 1, "a stream's fault is not its connection's");
}

/// CASE 35: what breaks off never looks whole.
#[test]
fn an_answer_that_breaks_off_is_cut() {
    let upstream = Upstream::http2(&[], |conn| {
        while let Some((stream, request)) = conn.request() {
            let fields = [(":status", "200"), ("content-length", "9")];
            conn.send_fields(stream, &fields[..if request.target() == "/reset" { 1 } else { 2 }], false);
            conn.send_data(stream, b"half", request.target() == "/short");
            match request.target() {
                "/reset" => conn.send_reset(stream, error::NO_ERROR),
                "/long" => drop(conn.send_data(stream, b"and more", true)),
                "/end" => return,
                _ => {}
            }
        }
    });
    let gateway = before(&upstream, "circuit_breaker = false");
    for path in ["/reset", "/short", "/long", "/end"] {
        let cut = gateway.connect().try_ask(&format!("GET {path} HTTP/1.1")).unwrap_err();
        assert_eq!(cut.head.as_ref().map(|head| head.status()), Some(200), "{path}");
        let code = gateway.logged(path)["code"].clone();
        assert!(code == "upstream_reset" || code == "upstream_protocol", "{path}: {code}");
    }
}

#[test]
fn an_upstream_that_speaks_no_http2_is_told_apart() {
    let old = Upstream::scripted(|conn| {
        conn.take(24).unwrap();
        conn.send("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
        conn.wait_end();
    });
    let closing = Upstream::scripted(|_| {});
    let silent = Upstream::scripted(|conn| {
        conn.wait_end();
    });
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (url, status, code) in [
        (old.url(), 502, "upstream_protocol"),
        (closing.url(), 502, "upstream_reset"),
        (silent.url(), 504, "upstream_connect_timeout"),
        (format!("http://{gone}"), 502, "upstream_connect_refused"),
    ] {
        let gateway = Gateway::start(&format!(
            "[services.app]\nupstreams = ['{url}']\nprotocol = 'h2c'\nroutes = ['/']\ntimeouts = {{ connect = '500ms' }}"
        ));
        let answer = gateway.get("/");
        assert_eq!((answer.status(), answer.json()["code"].as_str()), (status, Some(code)), "{url}");
    }
}

#[test]
fn time_outs_hold_and_cancel_the_stream_alone() {
    let upstream = Upstream::http2(&[], |conn| {
        while let Some((stream, request)) = conn.request() {
            match request.target() {
                "/silent" => {}
                "/total" | "/idle" => drop(conn.send_fields(stream, &[(":status", "200")], false)),
                resets => {
                    assert_eq!(resets, "/resets");
                    let resets = format!("{:?}", conn.resets.values().collect::<Vec<_>>());
                    conn.respond(stream, "200", &[], resets);
                }
            }
        }
    });
    let routes = "routes = ['/', { match = '/idle', timeouts = { body_idle = '300ms' } }, { match = '/total', timeouts = { total = '300ms' } }]";
    let gateway = before(&upstream, &format!("timeouts = {{ request = '300ms' }}\n{routes}"));
    let late = gateway.get("/silent");
    assert_eq!((late.status(), late.json()["code"].as_str()), (504, Some("upstream_timeout")));
    for path in ["/idle", "/total"] {
        assert!(gateway.connect().try_ask(&format!("GET {path} HTTP/1.1")).is_err());
        assert_eq!(gateway.logged(path)["code"], "upstream_timeout");
    }
    assert_eq!(gateway.get("/resets").text(), format!("[{}, {}]", error::CANCEL, error::CANCEL));
    assert_eq!(upstream.connections(), 2, "one that said nothing at all is not asked again");
}

/// A connection whose other side is gone without a word is found by a ping, and closed.
#[test]
fn a_dead_connection_is_found() {
    let upstream = Upstream::http2(&[], |conn| {
        conn.answers_pings = conn.index > 0;
        if conn.index > 0 {
            return ok_forever(conn);
        }
        let (stream, _) = conn.request().unwrap();
        conn.respond(stream, "200", &[], b"first");
        conn.until(|_| false);
        assert_eq!(conn.pings, 1);
    });
    let gateway = before(&upstream, "timeouts = { request = '2m' }\nretry = false");
    assert_eq!(gateway.get("/").text(), "first");
    let (begun, answer) = (Instant::now(), gateway.get("/"));
    assert_eq!((answer.status(), answer.json()["code"].as_str()), (502, Some("upstream_reset")));
    assert!(begun.elapsed() >= Duration::from_secs(15), "{:?}", begun.elapsed());
    upstream.wait_ended(1);
    assert_eq!(gateway.get("/").text(), "ok ");
}

/// An upstream that takes nothing of a body holds up that request alone.
#[test]
fn an_upload_that_is_not_taken_is_504() {
    let upstream = Upstream::http2(&[(4, 0)], |conn| {
        conn.gives_windows = false;
        conn.until(|_| false);
    });
    let gateway = before(&upstream, "timeouts = { request = '300ms' }");
    let answer = gateway.connect().post("/", b"body");
    assert_eq!((answer.status(), answer.json()["code"].as_str()), (504, Some("upstream_timeout")));
}

/// As over HTTP/1.1: a connection that was kept and is closed costs an idempotent request a retry, and any other an error.
#[test]
fn a_kept_connection_that_ends_is_replaced_where_that_is_safe() {
    let upstream = Upstream::http2(&[], |conn| {
        let Some((stream, _)) = conn.request() else { return };
        conn.respond(stream, "200", &[], b"one");
        // The second of each connection is cut without a word.
        conn.request();
    });
    let gateway = before(&upstream, "circuit_breaker = false");
    assert_eq!(gateway.get("/first").text(), "one");
    assert_eq!(gateway.get("/second").text(), "one");
    assert_eq!(gateway.logged("/second")["retries"], 1);
    let answer = gateway.connect().post("/third", b"x");
    assert_eq!((answer.status(), answer.json()["code"].as_str()), (502, Some("upstream_reset")));
    // Of a body nothing need have been sent: what may have been done once is not done twice.
    assert_eq!(gateway.get("/fourth").text(), "one");
    let answer = gateway.ask("POST /fifth HTTP/1.1\r\ncontent-length: 0");
    assert_eq!((answer.status(), answer.json()["code"].as_str()), (502, Some("upstream_reset")));
    assert_eq!(upstream.requests().iter().filter(|request| request.target() == "/fifth").count(), 1);
}
