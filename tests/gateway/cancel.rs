//! CASES 39: clients that leave, and what their upstreams are spared.
use e2e::{Gateway, Upstream, eventually};

/// A way to be gone.
type Leave = fn(e2e::Client);

/// Whoever is not there gets no answer made: the upstream is told by its connection.
#[test]
fn a_client_that_leaves_cancels_its_request() {
    let upstream = Upstream::scripted(|conn| {
        if conn.receive().is_some() {
            conn.wait_end();
        }
    });
    let gateway = Gateway::before(&upstream);
    let leave: [(&str, Leave); 3] = [
        ("/closed", drop),
        ("/reset", |client| e2e::Wire::from(client).reset()),
        ("/half", |mut client| {
            client.finish();
            assert_eq!(client.to_end().0, b"");
        }),
    ];
    for (count, (target, leave)) in leave.into_iter().enumerate() {
        let mut client = gateway.connect();
        client.send_request(&format!("GET {target} HTTP/1.1"));
        eventually("the upstream is asked", || (upstream.requests().len() > count).then_some(()));
        leave(client);
        upstream.wait_ended(count + 1);
        let line = gateway.logged(target);
        assert_eq!((&line["status"], &line["code"]), (&499.into(), &"client_closed".into()), "{target}");
    }
    gateway.wait_metric("gateway_in_flight", 0.0);
    let sample = "gateway_requests_total{route=\"/\",service=\"app\",status=\"499\",code=\"client_closed\"}";
    gateway.wait_metric(sample, 3.0);
}

#[test]
fn a_client_that_leaves_in_the_middle_of_an_answer_cancels_it() {
    let upstream = Upstream::scripted(|conn| {
        conn.receive();
        conn.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n");
        conn.wait_end();
    });
    let gateway = Gateway::before(&upstream);
    let mut client = gateway.connect();
    client.send_request("GET /stream HTTP/1.1");
    client.take_to(b"hello\r\n").unwrap();
    drop(client);
    upstream.wait_ended(1);
    assert_eq!(gateway.logged("/stream")["code"], "client_closed");
}

#[test]
fn a_client_that_leaves_in_the_middle_of_an_upload_completes_nothing() {
    let upstream = Upstream::ok();
    let gateway = Gateway::before(&upstream);
    for (count, head) in
        ["content-length: 10\r\n\r\nhello", "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"].iter().enumerate()
    {
        let mut client = gateway.connect();
        client.send(format!("POST /half-{count} HTTP/1.1\r\nhost: a\r\n{head}"));
        eventually("the upload begins", || (upstream.connections() > count).then_some(()));
        drop(client);
        upstream.wait_ended(count + 1);
        assert_eq!(gateway.logged(&format!("/half-{count}"))["status"], 499);
    }
    assert_eq!(upstream.requests(), []);
}

/// 499 is the log's: whoever ends its side in the middle of an upload is cut off without a word.
#[test]
fn a_client_that_ends_in_the_middle_of_an_upload_is_told_nothing() {
    let upstream = Upstream::ok();
    let gateway = Gateway::before(&upstream);
    for (count, head) in
        ["content-length: 10\r\n\r\nhello", "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"].iter().enumerate()
    {
        let mut client = gateway.connect();
        client.send(format!("POST /ended-{count} HTTP/1.1\r\nhost: a\r\n{head}"));
        client.finish();
        let (answer, _) = client.to_end();
        assert_eq!(answer, b"", "{}", answer.escape_ascii());
        let line = gateway.logged(&format!("/ended-{count}"));
        assert_eq!((&line["status"], &line["code"]), (&499.into(), &"client_closed".into()));
    }
    assert_eq!(upstream.requests(), []);
}

/// What a client has sent ahead does not hide that it has gone.
#[test]
fn a_client_that_leaves_with_more_requests_in_the_pipe_cancels_too() {
    let upstream = Upstream::scripted(|conn| {
        if conn.receive().is_some() {
            conn.wait_end();
        }
    });
    let gateway = Gateway::with("", &upstream, "timeouts.request = '1h'");
    let mut client = gateway.connect();
    client.send("GET /piped HTTP/1.1\r\nhost: a\r\n\r\nGET /ahead HTTP/1.1\r\nhost: a\r\n\r\n");
    eventually("the upstream is asked", || (upstream.requests().len() == 1).then_some(()));
    e2e::Wire::from(client).reset();
    upstream.wait_ended(1);
    assert_eq!(gateway.logged("/piped")["status"], 499);
}
