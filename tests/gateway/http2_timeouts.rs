//! How long a client of HTTP/2 may take, on a connection and on each of its streams.
use std::time::Duration;

use e2e::{End, Gateway, Http2, Upstream, error, eventually, field_block, kind};

#[test]
fn a_head_that_is_late_ends_the_connection() {
    let upstream = Upstream::ok();
    let gateway = Gateway::with("server.timeouts.header = '300ms'", &upstream, "");
    // The preface is a head too.
    let mut client = gateway.connect();
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n");
    client.to_end();
    let mut client = Http2::connect(gateway.address);
    assert_eq!(client.get(1, "/").status(), 200);
    let block = field_block(&[(":method", "GET"), (":scheme", "http"), (":path", "/")]);
    client.send_frame(kind::HEADERS, 1, 3, block);
    assert_eq!(client.to_end(), (vec![error::ENHANCE_YOUR_CALM], End::Closed));
    assert_eq!(upstream.requests().len(), 1);
}

#[test]
fn an_idle_connection_is_told_to_end() {
    let upstream = Upstream::ok();
    let gateway = Gateway::with("server.timeouts.idle = '300ms'", &upstream, "");
    for answers_pings in [true, false] {
        let mut client = Http2::connect(gateway.address);
        client.answers_pings = answers_pings;
        assert_eq!(client.get(1, "/").status(), 200);
        let (errors, end) = client.to_end();
        assert_eq!((errors, end), (vec![error::NO_ERROR, error::NO_ERROR], End::Closed), "{answers_pings}");
        assert_eq!(client.goaways, [(i32::MAX as u32, 0), (1, 0)]);
    }
}

#[test]
fn a_stalled_upload_is_408_and_its_neighbours_go_on() {
    let upstream = Upstream::ok();
    let gateway = Gateway::with("server.timeouts.body_idle = '300ms'", &upstream, "");
    let mut client = Http2::connect(gateway.address);
    client.send_request(1, "POST", "/stalled", &[], false);
    client.send_data(1, "some", false);
    let answer = client.answer(1);
    assert_eq!((answer.status(), answer.json()["code"].as_str()), (408, Some("request_timeout")));
    client.until("the rest is not wanted", |client| client.seen(1).reset == Some(error::NO_ERROR));
    assert_eq!(client.get(3, "/").status(), 200);
    assert_eq!(upstream.requests().len(), 1);
    assert_eq!(gateway.logged("/stalled")["code"], "request_timeout");
}

/// A call that streams may be silent between two messages.
#[test]
fn a_call_of_grpc_may_pause() {
    let upstream = Upstream::ok();
    let gateway = Gateway::with("server.timeouts.body_idle = '300ms'", &upstream, "");
    let mut client = Http2::connect(gateway.address);
    client.send_request(1, "POST", "/call", &[("content-type", "application/grpc")], false);
    client.send_data(1, "first", false);
    client.send_request(3, "POST", "/stalled", &[], false);
    client.send_data(3, "first", false);
    assert_eq!(client.answer(3).status(), 408);
    client.send_data(1, "second", true);
    assert_eq!(client.answer(1).status(), 200);
    assert_eq!(upstream.last().body, b"firstsecond");
}

/// CASES 27, window 0: who takes nothing of an answer loses that one.
#[test]
fn an_answer_that_nobody_takes_is_reset() {
    let upstream = Upstream::answering(|_| e2e::with_body("200 OK", &vec![b'x'; 300_000]));
    let gateway = Gateway::with("server.timeouts.body_idle = '300ms'", &upstream, "");
    let mut client = Http2::with_windows(gateway.connect(), 0);
    client.send_request(1, "GET", "/slow", &[], true);
    client.send_request(3, "GET", "/taken", &[], true);
    for stream in [0, 3] {
        client.send_frame(kind::WINDOW_UPDATE, 0, stream, 400_000u32.to_be_bytes());
    }
    assert_eq!(client.answer(3).body.len(), 300_000);
    let slow = client.outcome(1);
    assert_eq!((slow.answer.status(), slow.answer.body.len(), slow.reset), (200, 0, Some(error::CANCEL)));
    assert_eq!(gateway.logged("/slow")["code"], "client_closed");
    assert_eq!(client.goaways, []);
}

/// A client that is there may wait for long; one that answers no ping is not there.
#[test]
fn a_client_that_is_gone_without_a_word_is_noticed() {
    let upstream = Upstream::scripted(|conn| {
        while let Some(request) = conn.receive() {
            if request.target() == "/long" && conn.stays_silent(Duration::from_secs(2)) {
                conn.send(e2e::ok());
            } else {
                conn.wait_end();
            }
        }
    });
    let gateway = Gateway::with("server.timeouts.body_idle = '300ms'", &upstream, "");
    let mut there = Http2::connect(gateway.address);
    assert_eq!(there.get(1, "/long").status(), 200);
    let mut gone = Http2::connect(gateway.address);
    gone.answers_pings = false;
    gone.send_request(1, "GET", "/gone", &[], true);
    eventually("the upstream is asked", || (upstream.requests().len() == 2).then_some(()));
    gone.to_end();
    assert_eq!(gateway.logged("/gone")["status"], 499);
}
