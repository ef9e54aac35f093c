//! Connections of HTTP/2 to upstreams: how many there are, who holds up whom, and when they end.
use std::{
    sync::{Arc, Barrier, Mutex, mpsc},
    thread,
    time::Duration,
};

use e2e::{Authority, Gateway, Http2, Upstream, eventually, server, service, with_body};
use nix::sys::signal::Signal::SIGTERM;

const MAX_STREAMS: u16 = 3;

fn before(upstream: &Upstream, keys: &str) -> Gateway {
    one_worker(&service("app", &[upstream], &format!("protocol = 'h2c'\n{keys}")))
}

fn one_worker(rest: &str) -> Gateway {
    Gateway::start(&format!("server.workers = 1\n{rest}"))
}

#[test]
fn connections_are_as_many_as_the_streams_need() {
    // Nobody is answered before each of three connections has its two streams: so six requests at once need all three.
    let all = Barrier::new(3);
    let upstream = Upstream::http2(&[(MAX_STREAMS, 2)], move |conn| {
        while conn.until(|conn| conn.requests.values().filter(|asked| asked.ended).count() == 2) {
            all.wait();
            let streams: Vec<u32> = conn.requests.keys().copied().collect();
            conn.requests.clear();
            for stream in streams {
                conn.respond(stream, "200", &[], b"ok");
            }
        }
    });
    let gateway = before(&upstream, "");
    let mut client = Http2::connect(gateway.address);
    for round in 0..3 {
        let streams: Vec<u32> = (0..6).map(|n| round * 12 + 2 * n + 1).collect();
        for &stream in &streams {
            client.send_request(stream, "GET", "/", &[], true);
        }
        for stream in streams {
            assert_eq!(client.answer(stream).text(), "ok");
        }
        assert_eq!(upstream.connections(), 3, "round {round}");
    }
}

#[test]
fn requests_wait_for_a_stream_and_then_are_503() {
    let (go, may_go) = mpsc::channel();
    let may_go = Mutex::new(may_go);
    let upstream = Upstream::http2(&[(MAX_STREAMS, 0)], move |conn| {
        let mut requests = 0;
        conn.until(|conn| !conn.settings.is_empty());
        while let Some((stream, request)) = {
            // The first is the probe's; others would take none.
            if conn.index <= 1 && requests == 0 {
                may_go.lock().unwrap().recv().unwrap();
                conn.send_settings(&[(MAX_STREAMS, 1)]);
            }
            requests += 1;
            conn.request()
        } {
            if request.target() == "/hold" {
                conn.until(|conn| conn.resets.contains_key(&stream));
            }
            conn.respond(stream, "200", &[], b"ok");
        }
    });
    let keys = "timeouts = { connect = '1s', request = '20s' }\ncircuit_breaker.failure_threshold = 1
                health = { path = '/probe', interval = '1h' }";
    let gateway = before(&upstream, keys);
    go.send(()).unwrap();
    let is_healthy = || gateway.get("/health").json()["status"] == "healthy";
    eventually("it is probed", || is_healthy().then_some(()));
    let mut first = gateway.connect();
    first.send_request("GET / HTTP/1.1");
    eventually("its connection", || (upstream.connections() == 2).then_some(()));
    assert!(first.stays_silent(Duration::from_millis(200)), "it waits");
    go.send(()).unwrap();
    assert_eq!(first.answer_to("GET").unwrap().text(), "ok", "the settings may change");
    let mut holder = Http2::connect(gateway.address);
    holder.send_request(1, "GET", "/hold", &[], true);
    eventually("it is on its way", || gateway.metric("gateway_in_flight").filter(|&n| n > 0.0));
    eventually("the one stream is taken", || {
        let answer = gateway.get("/more");
        (answer.status() == 503).then(|| assert_eq!(answer.json()["code"], "overloaded"))
    });
    assert!(is_healthy(), "who is busy is there");
    assert_eq!(upstream.connections(), 3, "of those that take no stream one is enough");
}

/// One client that takes nothing of large answers holds up nobody else on the connection, and not much of it is here.
#[test]
fn slow_clients_hold_up_nobody_else() {
    let upstream = Upstream::http2(&[], |conn| {
        while let Some((stream, request)) = conn.request() {
            if request.target() == "/large" {
                conn.send_fields(stream, &[(":status", "200")], false);
                // As much as the first window allows, and no more will be asked for.
                let window = conn.settings[&4] as usize;
                conn.send_data(stream, vec![b'x'; window], false);
            } else {
                conn.respond(stream, "200", &[], b"ok");
            }
        }
    });
    let gateway = before(&upstream, "");
    let mut slow: Vec<Http2> = (0..60)
        .map(|_| {
            let mut client = Http2::with_windows(e2e::Client::connect(gateway.address), 0);
            client.send_request(1, "GET", "/large", &[], true);
            client.until("the head", |client| !client.seen(1).answer.start.is_empty());
            client
        })
        .collect();
    for _ in 0..20 {
        assert_eq!(gateway.get("/small").text(), "ok");
    }
    assert_eq!(upstream.connections(), 1);
    assert!(slow.iter_mut().all(|client| client.seen(1).answer.body.is_empty()));
    assert!(gateway.resident() < 100 << 20, "{}", gateway.resident());
}

#[test]
fn bodies_of_any_size_pass_both_ways_at_once() {
    let upstream = Upstream::http2_answering(|request| request.body.clone());
    let gateway = before(&upstream, "");
    let body: Arc<Vec<u8>> = Arc::new((0..4_000_000u32).map(|n| n.to_le_bytes()[n as usize % 3]).collect());
    let barrier = Arc::new(Barrier::new(3));
    let clients: Vec<_> = (0..3)
        .map(|_| {
            let (address, body, barrier) = (gateway.address, Arc::clone(&body), Arc::clone(&barrier));
            thread::spawn(move || {
                let mut client = e2e::Client::connect(address);
                barrier.wait();
                assert!(client.post("/", &body).body == *body);
            })
        })
        .collect();
    for client in clients {
        client.join().unwrap();
    }
}

#[test]
fn h2_is_agreed_on_by_alpn() {
    let authority = Authority::new();
    let shown = authority.issue(&["localhost"]);
    let with = |protocols: &[&[u8]]| {
        let mut config = (*server(&shown, None)).clone();
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        Arc::new(config)
    };
    let answering = |config| Upstream::http2_tls(config, |conn| conn.answer_all(|_| b"ok".to_vec()));
    let file = |upstream: &Upstream| {
        let (port, ca) = (upstream.address.port(), authority.file());
        format!(
            "[services.app]\nupstreams = ['https://localhost:{port}']\nprotocol = 'h2'\nroutes = ['/']\ntls = {{ ca = '{}' }}\n",
            ca.display()
        )
    };
    let good = answering(with(&[b"h2", b"http/1.1"]));
    let gateway = Gateway::start(&file(&good));
    assert_eq!(gateway.get("/").text(), "ok");
    assert_eq!(good.last().field(":scheme"), Some("https"));
    // One that knows no ALPN, and one that speaks HTTP/1.1 alone.
    for (protocols, reason) in [(&[][..], "was not agreed on by ALPN"), (&[&b"http/1.1"[..]], "NoApplicationProtocol")]
    {
        let old = Upstream::tls(with(protocols), |_| with_body("200 OK", b"old"));
        let gateway = Gateway::start(&file(&old));
        let answer = gateway.get("/");
        assert_eq!((answer.status(), answer.json()["code"].as_str()), (502, Some("upstream_tls")));
        gateway.stderr.find(reason, |line| line.contains(reason).then_some(()));
        assert!(old.requests().is_empty());
    }
}

#[test]
fn a_reload_keeps_connections_and_streams_and_applies_the_protocol() {
    let upstream = Upstream::http2(&[], |conn| {
        while let Some((stream, request)) = conn.request() {
            if request.target() == "/open" {
                conn.send_fields(stream, &[(":status", "200")], false);
                conn.send_data(stream, b"a", false);
                let (other, _) = conn.request().unwrap();
                conn.respond(other, "200", &[], b"ok");
                conn.send_data(stream, b"b", true);
            } else {
                conn.respond(stream, "200", &[], b"ok");
            }
        }
    });
    let file = |keys: &str| format!("server.workers = 1\n{}", service("app", &[&upstream], keys));
    let gateway = Gateway::start(&file("protocol = 'h2c'"));
    let mut client = Http2::connect(gateway.address);
    client.send_request(1, "GET", "/open", &[], true);
    client.until("the first half", |client| client.seen(1).answer.body == b"a");
    gateway.reload(&file("protocol = 'h2c'\nroutes = ['/', '/b']"), "applied");
    assert_eq!(gateway.get("/b").text(), "ok");
    assert_eq!(client.answer(1).text(), "ab");
    assert_eq!(upstream.connections(), 1);
    gateway.reload(&file("protocol = 'http1'"), "applied");
    gateway.stderr.find("what changed", |line| line.contains("protocol changed").then_some(()));
    upstream.wait_ended(1);
}

#[test]
fn an_idle_connection_and_a_drain_close_in_order() {
    let upstream = Upstream::http2(&[], |conn| {
        conn.answer_all(|_| b"ok".to_vec());
        assert_eq!(conn.goaways, [0], "it is told");
    });
    let mut gateway = before(&upstream, "timeouts = { idle = '1s' }");
    assert_eq!(gateway.get("/").text(), "ok");
    upstream.wait_ended(1);
    assert_eq!(gateway.get("/").text(), "ok");
    gateway.signal(SIGTERM);
    assert!(gateway.wait().success());
    upstream.wait_ended(2);
}
