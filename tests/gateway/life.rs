//! SPEC §3, SIGTERM: what runs is finished, and nothing is lost.
use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::mpsc,
    thread,
};

use e2e::{DEADLINE, End, Frame, GOING_AWAY, GRANT, Gateway, Upstream, WebSocket, eventually, ok};
use nix::sys::signal::Signal::{self, SIGINT, SIGTERM};

/// An upstream that answers once it is told to.
fn held() -> (Upstream, mpsc::Sender<()>) {
    let (release, released) = mpsc::channel();
    let released = std::sync::Mutex::new(released);
    let upstream = Upstream::answering(move |request| {
        if request.target() == "/held" {
            // A test that is over has no use for the answer.
            let _ = released.lock().unwrap().recv();
        }
        ok()
    });
    (upstream, release)
}

/// A gateway with a request that its upstream holds, told to stop.
fn stopping_with_a_request(server: &str, signal: Signal) -> (Gateway, e2e::Client, Upstream, mpsc::Sender<()>) {
    let (upstream, release) = held();
    let gateway = Gateway::with(server, &upstream, "");
    let mut running = gateway.connect();
    running.send_request("GET /held HTTP/1.1");
    eventually("the upstream is asked", || (upstream.requests().len() == 1).then_some(()));
    gateway.signal(signal);
    gateway.stderr.find("the drain is told", |line| line.contains("stopping").then_some(()));
    (gateway, running, upstream, release)
}

#[test]
fn either_signal_ends_an_idle_gateway() {
    for signal in [SIGTERM, SIGINT] {
        let upstream = Upstream::ok();
        let mut gateway = Gateway::before(&upstream);
        let mut idle = gateway.connect();
        assert_eq!(idle.get("/").status(), 200);
        gateway.signal(signal);
        assert_eq!(idle.to_end(), (Vec::new(), End::Closed), "an idle connection is closed");
        assert_eq!(gateway.wait().code(), Some(0), "{signal}");
        upstream.wait_ended(1);
    }
}

#[test]
fn what_runs_is_finished_and_its_connection_closed() {
    for signal in [SIGTERM, SIGINT] {
        let (mut gateway, mut running, _upstream, release) = stopping_with_a_request("", signal);
        eventually("nobody accepts any more", || TcpStream::connect(gateway.address).err());
        assert!(gateway.is_running());
        assert_eq!(gateway.admin("/ready").status(), 503);
        assert_eq!(gateway.admin("/live").status(), 200);
        release.send(()).unwrap();
        let answer = running.answer_to("GET").unwrap();
        assert_eq!((answer.status(), answer.closes()), (200, true), "{answer:?}");
        assert_eq!(running.to_end(), (Vec::new(), End::Closed));
        assert_eq!(gateway.wait().code(), Some(0));
        assert_eq!(gateway.logged("/held")["status"], 200, "its line is not lost");
    }
}

#[test]
fn a_drain_takes_no_longer_than_it_may() {
    let (mut gateway, mut running, upstream, _release) =
        stopping_with_a_request("server.drain_timeout = '300ms'", SIGTERM);
    assert_eq!(gateway.wait().code(), Some(0));
    assert_eq!(running.to_end().0, b"");
    drop(upstream);
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let (mut gateway, _running, _upstream, _release) = stopping_with_a_request("", SIGTERM);
    gateway.signal(SIGINT);
    assert_eq!(gateway.wait().code(), Some(1));
}

/// A body that is on its way in either direction is a running request.
#[test]
fn streams_are_finished_too() {
    let (upstream_go, told) = mpsc::channel::<()>();
    let told = std::sync::Mutex::new(told);
    let upstream = Upstream::scripted(move |conn| {
        conn.receive();
        conn.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n");
        let _ = told.lock().unwrap().recv();
        conn.send("5\r\nworld\r\n0\r\n\r\n");
    });
    let mut gateway = Gateway::before(&upstream);
    let mut client = gateway.connect();
    client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhel");
    gateway.wait_metric("gateway_in_flight", 1.0);
    gateway.signal(SIGTERM);
    gateway.stderr.find("the drain is told", |line| line.contains("stopping").then_some(()));
    client.send("lo");
    client.take_to(b"hello\r\n").unwrap();
    upstream_go.send(()).unwrap();
    client.take_to(b"world\r\n0\r\n\r\n").unwrap();
    assert_eq!(gateway.wait().code(), Some(0));
}

/// A WebSocket has no end that could be waited for, so both of its sides are told, each between two frames.
#[test]
fn websockets_are_told_to_go() {
    let upstream = Upstream::scripted(|conn| {
        let Some(request) = conn.receive() else { return };
        conn.send(GRANT);
        let last = loop {
            let frame = conn.frame().unwrap();
            if frame.opcode == 8 {
                break frame;
            }
            conn.send(Frame { is_masked: false, ..frame }.bytes());
        };
        assert_eq!(last, Frame::close(GOING_AWAY, true));
        if request.target() != "/silent" {
            conn.send(Frame::close(GOING_AWAY, false).bytes());
        }
        assert_eq!(conn.wait_end(), End::Closed);
    });
    let mut gateway = Gateway::before(&upstream);
    let open = |target| {
        let mut client = WebSocket::open(gateway.address, target);
        assert_eq!(client.ask("hello"), "hello");
        client
    };
    let (quiet, mut busy, mut silent) = (open("/quiet"), open("/busy"), open("/silent"));
    let long = Frame::text(&"x".repeat(100_000), true).bytes();
    busy.send(&long[..50_000]);
    gateway.signal(SIGTERM);
    quiet.is_told_to_go();
    assert_eq!(silent.frame().unwrap(), Frame::close(GOING_AWAY, false));
    // The message that was under way is whole, and what the client is told is what follows.
    busy.send(&long[50_000..]);
    busy.is_told_to_go();
    assert_eq!(silent.to_end(), (Vec::new(), End::Closed), "nobody is waited for who does not answer");
    upstream.wait_ended(3);
    assert_eq!(gateway.wait().code(), Some(0));
    for target in ["/quiet", "/busy", "/silent"] {
        let line = gateway.logged(target);
        assert_eq!((&line["status"], &line["code"]), (&101.into(), &serde_json::Value::Null), "{line}");
    }
}

/// What one request of a client under load came to.
enum Outcome {
    Served,
    /// The gateway no longer accepts: the client knows that nothing was done.
    Refused,
    Lost(String),
}

fn one_request(address: SocketAddr) -> Outcome {
    let Ok(mut stream) = TcpStream::connect(address) else { return Outcome::Refused };
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let sent = stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    let mut answer = Vec::new();
    match sent.and_then(|()| stream.read_to_end(&mut answer)) {
        Ok(_) if answer.starts_with(b"HTTP/1.1 200 ") && answer.ends_with(b"ok") => Outcome::Served,
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => Outcome::Refused,
        outcome => Outcome::Lost(format!("{outcome:?} {}", answer.escape_ascii())),
    }
}

/// CASES 44, with one listener, and with several that share the port.
#[test]
fn a_stop_under_load_loses_no_request() {
    for workers in [1, 2, 4] {
        stop_under_load(workers);
    }
}

fn stop_under_load(workers: usize) {
    let upstream = Upstream::ok();
    let mut gateway = Gateway::with(&format!("server.workers = {workers}"), &upstream, "");
    let address = gateway.address;
    let clients: Vec<_> = (0..8)
        .map(|_| {
            thread::spawn(move || {
                let mut served = 0;
                loop {
                    match one_request(address) {
                        Outcome::Served => served += 1,
                        Outcome::Refused => return Ok(served),
                        Outcome::Lost(how) => return Err(how),
                    }
                }
            })
        })
        .collect();
    eventually("the load runs", || (upstream.requests().len() > 100).then_some(()));
    gateway.signal(SIGTERM);
    let outcomes: Vec<Result<usize, String>> = clients.into_iter().map(|client| client.join().unwrap()).collect();
    assert_eq!(gateway.wait().code(), Some(0));
    let served: usize = outcomes
        .iter()
        .map(|outcome| outcome.as_ref().unwrap_or_else(|how| panic!("a request is lost with {workers} workers: {how}")))
        .sum();
    assert_eq!(gateway.stdout.to_end().len(), served, "a line each");
}

/// A client that goes on asking is told by an answer that it was the last: no request of it meets a closed connection.
#[test]
fn a_stop_ends_kept_connections_after_an_answer() {
    let upstream = Upstream::ok();
    let mut gateway = Gateway::before(&upstream);
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let mut client = gateway.connect();
            thread::spawn(move || {
                loop {
                    match client.try_ask("GET / HTTP/1.1") {
                        Ok(answer) if answer.closes() => return true,
                        Ok(answer) => assert_eq!(answer.status(), 200),
                        Err(_) => return false,
                    }
                }
            })
        })
        .collect();
    eventually("the load runs", || (upstream.requests().len() > 100).then_some(()));
    gateway.signal(SIGTERM);
    assert!(clients.into_iter().all(|client| client.join().unwrap()), "a request was cut");
    assert_eq!(gateway.wait().code(), Some(0));
}
