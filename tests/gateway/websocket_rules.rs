//! CASES 11, 12, 37: what becomes no tunnel; and the rules that hold before one.
use e2e::{GRANT, Gateway, Jwks, Signer, UPGRADE, Upstream, WebSocket, ok, service};
use serde_json::json;

/// An upstream that answers an upgrade with these bytes, and everything else with `ok`.
fn granting(bytes: &'static str) -> Upstream {
    Upstream::scripted(move |conn| {
        while let Some(request) = conn.receive() {
            if request.field("upgrade").is_some() || request.target() == "/unasked" {
                conn.send(bytes);
                conn.wait_end();
                return;
            }
            conn.send(ok());
        }
    })
}

#[test]
fn whatever_asks_for_no_websocket_is_forwarded_without_upgrade() {
    let upstream = granting(GRANT);
    let gateway = Gateway::before(&upstream);
    for lines in [
        "GET / HTTP/1.1\r\nupgrade: foo\r\nconnection: upgrade",
        "GET / HTTP/1.1\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\nconnection: upgrade, http2-settings",
        "GET / HTTP/1.1\r\nupgrade: websocket",
        "GET / HTTP/1.1\r\nupgrade: websocket\r\nconnection: keep-alive",
        "GET / HTTP/1.1\r\nconnection: upgrade",
        "GET / HTTP/1.0\r\nupgrade: websocket\r\nconnection: upgrade",
        "PUT / HTTP/1.1\r\nupgrade: websocket\r\nconnection: upgrade\r\ncontent-length: 0",
        "GET / HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\ncontent-length: 2\r\n\r\nhi",
    ] {
        let mut client = gateway.connect();
        client.send(format!("{lines}{}", if lines.ends_with("hi") { "" } else { "\r\nhost: a\r\n\r\n" }));
        assert_eq!(client.answer_to("GET").unwrap().text(), "ok", "{lines:?}");
        let asked = upstream.last();
        for name in ["upgrade", "connection", "http2-settings"] {
            assert_eq!(asked.field(name), None, "{lines:?}: {asked:#?}");
        }
    }
}

/// CASES 11: without a 101 nothing is a tunnel, and what follows is the next request.
#[test]
fn an_upgrade_that_is_not_granted_is_a_request_like_any() {
    let upstream = Upstream::answering(|_| ok());
    let gateway = Gateway::with("", &upstream, "routes = ['/chat', '/foo']");
    for target in ["/chat", "/foo"] {
        let upgrade = if target == "/chat" { UPGRADE } else { "upgrade: foo\r\nconnection: upgrade" };
        let mut client = gateway.connect();
        client.send(format!(
            "GET {target} HTTP/1.1\r\nhost: a\r\n{upgrade}\r\n\r\nGET /admin HTTP/1.1\r\nhost: a\r\n\r\n"
        ));
        assert_eq!(client.answer_to("GET").unwrap().text(), "ok");
        assert_eq!(client.answer_to("GET").unwrap().status(), 404, "the second is the gateway's to route");
    }
    let targets: Vec<_> = upstream.requests().iter().map(|request| request.target().to_owned()).collect();
    assert_eq!(targets, ["/chat", "/foo"]);
    assert_eq!(upstream.connections(), 1, "and the upstream's connection is kept");
}

/// CASES 37.
#[test]
fn a_switch_that_was_not_asked_for_is_502() {
    let check = |bytes: &'static str, lines: &str| {
        let upstream = granting(bytes);
        let gateway = Gateway::before(&upstream);
        let answer = gateway.ask(lines);
        assert_eq!((answer.status(), answer.json()["code"].as_str()), (502, Some("upstream_protocol")), "{bytes:?}");
        upstream.wait_ended(1);
    };
    check(GRANT, "GET /unasked HTTP/1.1");
    check(GRANT, "GET /unasked HTTP/1.1\r\nupgrade: h2c\r\nconnection: upgrade");
    let upgrade = format!("GET / HTTP/1.1\r\n{UPGRADE}");
    for other in [
        "HTTP/1.1 101 x\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n",
        "HTTP/1.1 101 x\r\nupgrade: h2c, websocket\r\nconnection: upgrade\r\n\r\n",
        "HTTP/1.1 101 x\r\nupgrade: websocket\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n",
        "HTTP/1.1 101 x\r\nupgrade: websocket\r\n\r\n",
        "HTTP/1.1 101 x\r\n\r\n",
    ] {
        check(other, &upgrade);
    }
}

#[test]
fn every_rule_holds_before_the_upgrade() {
    let (upstream, own) = (granting(GRANT), Signer::ed("1"));
    let jwks = Jwks::of(&[&own]);
    let keys = "rate_limit = { requests = 3, per = '1h' }";
    let cors = "[cors]\norigins = ['https://a.example']\n";
    let gateway = Gateway::start(&format!(
        "{cors}{}{}",
        jwks.block("claims = { sub = 'X-User-Id' }"),
        service("app", &[&upstream], keys)
    ))
    .with_keys();
    let ask = |token: &str| {
        let mut client = gateway.connect();
        client.send_request(&format!(
            "GET / HTTP/1.1\r\n{UPGRADE}\r\norigin: https://a.example\r\nauthorization: Bearer {token}"
        ));
        client.head().unwrap()
    };
    let refused = ask("x");
    assert_eq!((refused.status(), upstream.requests().len()), (401, 0));
    let granted = ask(&own.token(&json!({ "sub": "7" })));
    assert_eq!((granted.status(), granted.field("access-control-allow-origin")), (101, Some("https://a.example")));
    assert!(granted.field("ratelimit").is_some());
    assert_eq!(upstream.last().field("x-user-id"), Some("7"));
    assert_eq!(ask(&own.token(&json!({}))).status(), 101);
    assert_eq!(ask(&own.token(&json!({}))).status(), 429);
}

/// What a tunnel comes to says nothing of its upstream, and a trial does not keep others out while it lasts.
#[test]
fn a_circuit_learns_that_an_upgrade_was_granted_and_nothing_of_its_end() {
    let upstream = Upstream::consuming(|mut conn| {
        let Some(request) = conn.receive() else { return };
        if request.target() == "/fails" {
            conn.send("HTTP/1.1 500 x\r\ncontent-length: 0\r\n\r\n");
            return;
        }
        conn.send(GRANT);
        if request.target() == "/breaks" {
            conn.take(1).unwrap();
            return conn.reset();
        }
        conn.echo_frames();
    });
    let breaker = "circuit_breaker = { failure_threshold = 2, recovery_timeout = '100ms', half_open_requests = 1 }";
    let gateway = Gateway::with("", &upstream, breaker);
    for _ in 0..4 {
        let client = WebSocket::open(gateway.address, "/");
        client.reset();
        let mut client = WebSocket::open(gateway.address, "/breaks");
        client.send("x");
        client.to_end();
    }
    upstream.wait_ended(8);
    let mut kept = WebSocket::open(gateway.address, "/");
    assert_eq!(kept.ask("a"), "a");
    for _ in 0..2 {
        assert_eq!(gateway.get("/fails").status(), 500);
    }
    assert_eq!(gateway.get("/fails").status(), 503, "it is open now");
    assert_eq!(kept.ask("b"), "b", "which a tunnel does not feel");
    let trial = e2e::eventually("a trial", || {
        let mut client = gateway.connect();
        client.send_request(&format!("GET / HTTP/1.1\r\n{UPGRADE}"));
        (client.head().unwrap().status() == 101).then_some(client)
    });
    let _second = WebSocket::open(gateway.address, "/");
    trial.finish();
}
