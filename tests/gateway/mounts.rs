//! SPEC §4 "Two modes, one code": a service in the gateway's own process is called, and everything else that the file
//! says holds the same.
use std::{io::Write, thread, time::Duration};

use e2e::{End, Gateway, Message, Signer, Upstream, eventually};
use nix::sys::signal::Signal::SIGTERM;
use serde_json::json;

/// The service `app`, inside, with these keys of it; nothing listens where its upstream would be.
fn app(keys: &str) -> String {
    let routes = if keys.contains("routes") { "" } else { "routes = ['/']\n" };
    format!("[services.app]\nupstreams = ['http://127.0.0.1:1']\n{routes}{keys}\n")
}

fn start(keys: &str) -> Gateway {
    Gateway::mounted(&app(keys), &[])
}

/// What the service answers to `GET /path`, as a number.
fn number(gateway: &Gateway, path: &str) -> u64 {
    gateway.get(path).text().parse().unwrap()
}

/// Head and fields as a service was told of them, sorted, but for what differs from request to request.
fn told(answer: &Message) -> Vec<String> {
    let text = answer.text();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.retain(|line| !line.starts_with("x-request-id: ") && !line.starts_with("traceparent: "));
    lines.sort();
    lines
}

#[test]
fn a_service_is_told_the_same_whichever_way_it_is_reached() {
    let rules = "request_headers = { set = { x-set = 'a' }, add = { x-add = 'b' }, remove = ['x-gone'] }\n\
                 response_headers = { set = { x-answer = 'c' } }";
    let remote = Upstream::answering(|request| {
        let fields = request.fields.iter().map(|(name, value)| format!("{}: {value}", name.to_ascii_lowercase()));
        let head = format!("{} {}", request.method(), request.target());
        e2e::with_body("200 OK", std::iter::once(head).chain(fields).collect::<Vec<_>>().join("\n").as_bytes())
    });
    let over_the_wire = Gateway::with("", &remote, rules);
    let inside = start(rules);
    let request = "GET //x/./../told?q=%2f&&a HTTP/1.1\r\nhost: shop.example\r\nx-gone: 1\r\nx-user-id: 1\r\nx-b: 1\r\n\
                   x-b: 2\r\nconnection: x-named\r\nx-named: 1\r\nx-forwarded-for: 6.6.6.6\r\nuser-agent: me\r\nte: gzip";
    let (one, other) = (over_the_wire.ask(request), inside.ask(request));
    assert!(told(&other).contains(&"x-set: a".into()) && told(&other).len() > 10, "{:?}", told(&other));
    assert_eq!(told(&one), told(&other));
    assert_eq!(one.field("x-answer"), other.field("x-answer"));
    assert!(other.field("x-request-id").is_some());
}

/// A service that is called has no connection to take over: it is told of no upgrade, and answers as it does without.
#[test]
fn an_upgrade_is_a_request_like_any() {
    let gateway = start("");
    let answer = gateway.ask(&format!("GET /told HTTP/1.1\r\n{}", e2e::UPGRADE));
    assert_eq!(answer.status(), 200);
    let told = told(&answer);
    assert!(!told.iter().any(|line| line.starts_with("upgrade: ") || line.starts_with("connection: ")), "{told:?}");
}

#[test]
fn bodies_stream_both_ways_at_once() {
    let gateway = start("");
    let mut client = gateway.connect();
    client.send("POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n");
    client.take_to(b"one\r\n").unwrap();
    client.send("3\r\ntwo\r\n0\r\n\r\n");
    client.take_to(b"two\r\n").unwrap();
    client.take_to(b"0\r\n\r\n").unwrap();
    assert_eq!(client.get("/").text(), "hello", "the connection goes on");

    let body: Vec<u8> = (0..8usize << 20).map(|n| u8::try_from((n ^ (n >> 8) ^ (n >> 16)) & 0xff).unwrap()).collect();
    let mut client = gateway.connect();
    let mut sender = client.socket().try_clone().unwrap();
    let echo = thread::scope(|scope| {
        scope.spawn(|| {
            write!(sender, "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n", body.len()).unwrap();
            sender.write_all(&body).unwrap();
        });
        client.answer_to("POST").unwrap()
    });
    assert!(echo.body == body, "the echo differs");
}

#[test]
fn a_client_that_does_not_read_holds_the_service_back() {
    let gateway = start("");
    let mut client = gateway.connect();
    client.hold_little();
    client.send_request("GET /endless HTTP/1.1");
    client.take_to(b"xxx").unwrap();
    let mut before = 0;
    let produced = eventually("the service waits", || {
        thread::park_timeout(Duration::from_millis(50));
        let produced = number(&gateway, "/produced");
        (std::mem::replace(&mut before, produced) == produced).then_some(produced)
    });
    assert!(produced < 16 << 20, "{produced} bytes for a client that does not read");
}

#[test]
fn a_service_that_does_not_read_holds_the_client_back() {
    let gateway = start("limits.body = '1GiB'");
    let mut client = gateway.connect();
    client.send("POST /never HTTP/1.1\r\nhost: a\r\ncontent-length: 900000000\r\n\r\n");
    let sent = client.send_until_blocked(&[0; 8192], Duration::from_millis(300));
    assert!(sent < 16 << 20, "{sent} bytes went to a service that does not read");
    // The connection can't go on; the others do.
    drop(client);
    eventually("the call is dropped", || (number(&gateway, "/dropped") == 1).then_some(()));
}

#[test]
fn a_client_that_leaves_drops_the_call() {
    let gateway = start("");
    let mut client = gateway.connect();
    client.send_request("GET /never HTTP/1.1");
    eventually("the call runs", || (gateway.metric("gateway_in_flight") == Some(1.0)).then_some(()));
    drop(client);
    eventually("the call is dropped", || (number(&gateway, "/dropped") == 1).then_some(()));
    let line = gateway.logged("/never");
    assert_eq!((&line["status"], &line["code"]), (&499.into(), &"client_closed".into()));
}

#[test]
fn a_call_has_the_time_of_any_request() {
    let gateway = start("timeouts.request = '200ms'");
    let answer = gateway.get("/never");
    assert_eq!((answer.status(), &answer.json()["code"]), (504, &json!("upstream_timeout")));
    assert_eq!(number(&gateway, "/dropped"), 1);
    assert_eq!(gateway.get("/slow").status(), 504);
    // What the client is slow to send is the client's time.
    let mut client = gateway.connect();
    client.send("POST /length HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n1");
    assert!(client.stays_silent(Duration::from_millis(400)));
    client.send("2");
    assert_eq!(client.answer_to("POST").unwrap().text(), "2");
    // A service has its own timers.
    assert_eq!(start("").get("/slow").text(), "slow");
}

#[test]
fn a_panic_is_a_500_of_that_request_alone() {
    let gateway = start("");
    let mut other = gateway.connect();
    other.send_request("GET /slow HTTP/1.1");
    let mut client = gateway.connect();
    let answer = client.get("/panic");
    assert_eq!((answer.status(), &answer.json()["code"]), (500, &json!("upstream_panicked")));
    assert!(!answer.text().contains("as it was told"), "what a panic says is for the log");
    assert_eq!(client.get("/").text(), "hello", "the connection goes on");
    assert_eq!(other.answer_to("GET").unwrap().text(), "slow", "and so do the others");
    let line = gateway.logged("/panic");
    assert_eq!((&line["code"], &line["upstream"]), (&json!("upstream_panicked"), &json!("mounted:app")));
    gateway.stderr.find("the log tells it", |line| line.contains("a mounted service panicked").then_some(()));

    let (bytes, end) = gateway.raw("GET /panic-later HTTP/1.1\r\nhost: a\r\n\r\n");
    assert!(bytes.starts_with(b"HTTP/1.1 200 OK\r\n") && !bytes.ends_with(b"0\r\n\r\n"));
    assert_eq!(end, End::Reset, "an answer that breaks off does not look whole");
    assert_eq!(gateway.logged("/panic-later")["code"], "upstream_panicked");
    assert_eq!(gateway.get("/").text(), "hello");
}

#[test]
fn an_answer_is_as_long_as_its_head_says() {
    let gateway = start("");
    for (target, code, most) in [("/short", "upstream_reset", 1000), ("/long", "upstream_protocol", 50)] {
        let (bytes, end) = gateway.raw(format!("GET {target} HTTP/1.1\r\nhost: a\r\n\r\n"));
        let head = bytes.windows(4).position(|four| four == b"\r\n\r\n").map_or(bytes.len(), |at| at + 4);
        assert!(bytes.len() - head <= most, "{target}");
        assert_eq!((end, &gateway.logged(target)["code"]), (End::Reset, &json!(code)), "{target}");
    }
    let head = gateway.ask("HEAD /short HTTP/1.1");
    assert_eq!((head.status(), head.field("content-length")), (200, Some("5000")));
}

#[test]
fn the_files_rules_hold() {
    let gateway = start(
        "limits.body = '10B'\nrate_limit = { requests = 4, per = '1h' }\n\
         routes = ['POST /length', { match = '/v1', strip_prefix = true }]",
    );
    let answer = gateway.connect().post("/length", b"0123456789");
    assert_eq!((answer.text().as_str(), answer.field("ratelimit")), ("10", Some("\"default\";r=3;t=900")));
    let answer = gateway.connect().post("/length", b"0123456789a");
    assert_eq!((answer.status(), &answer.json()["code"]), (413, &json!("body_too_large")));
    let mut client = gateway.connect();
    client.send("POST /length HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nb\r\n0123456789a\r\n0\r\n\r\n");
    let answer = client.answer_to("POST").unwrap();
    assert_eq!((answer.status(), &answer.json()["code"]), (413, &json!("body_too_large")));
    assert!(gateway.get("/v1/told").text().starts_with("GET /told\n"));
    assert_eq!(gateway.get("/v1/told").status(), 429);
    let sample = "gateway_requests_total{route=\"/v1\",service=\"app\",status=\"200\",code=\"\"}";
    gateway.wait_metric(sample, 1.0);
    gateway.wait_metric("gateway_upstream_healthy{service=\"app\",upstream=\"mounted:app\"}", 1.0);
}

#[test]
fn expect_is_met_when_the_service_asks_for_the_body() {
    let gateway = start("");
    let mut client = gateway.connect();
    client.send("POST /length HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n");
    client.take_to(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap();
    client.send("ab");
    assert_eq!(client.answer_to("POST").unwrap().text(), "2");
    let mut client = gateway.connect();
    client.send("POST /told HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n");
    assert_eq!(client.answer_to("POST").unwrap().status(), 200, "a service that reads nothing asks for nothing");
}

#[test]
fn health_is_asked_in_the_process() {
    let check = "health = { path = '/health', interval = '100ms', unhealthy_after = 2 }";
    let gateway = start(check);
    let health = gateway.get("/health?verbose").json();
    assert_eq!((&health["mode"], &health["status"]), (&json!("monolith"), &json!("healthy")));
    let upstream = &health["services"]["app"]["upstreams"][0];
    assert_eq!((&upstream["url"], &upstream["status"]), (&json!("mounted:app"), &json!("healthy")));
    gateway.get("/sick");
    eventually("the service is unhealthy", || (gateway.get("/health").status() == 503).then_some(()));
    let upstream = &gateway.get("/health?verbose").json()["services"]["app"]["upstreams"][0];
    assert_eq!(upstream["last_error"], "answered 503 Service Unavailable");
    assert_eq!(gateway.get("/told").json()["code"], "no_healthy_upstream");
    gateway.stderr.find("the log tells it", |line| line.contains("upstream is unhealthy").then_some(()));

    let broken = start("health = '/panic'");
    assert_eq!(broken.get("/told").status(), 503);
    let upstream = &broken.get("/health?verbose").json()["services"]["app"]["upstreams"][0];
    assert_eq!(upstream["last_error"], "it panicked");
}

#[test]
fn the_gateway_tells_its_mode() {
    let page = Gateway::mounted(&app("routes = ['/app']"), &[]).get("/").json();
    assert_eq!(page["mode"], "monolith");
    let upstream = Upstream::ok();
    let gateway = Gateway::with("", &upstream, "routes = ['/app']");
    assert_eq!(gateway.get("/").json()["mode"], "microservices");
    assert_eq!(gateway.get("/health").json()["mode"], "microservices");
}

#[test]
fn an_issuer_that_is_mounted_is_asked_for_its_keys_in_the_process() {
    let signer = Signer::ed("1");
    let block = "[[jwt]]\nissuer = 'us'\naudience = ['api']\nalgorithms = ['EdDSA']\n\
                 jwks = { service = 'app', path = '/jwks' }\nclaims = { sub = 'X-User-Id' }\n";
    let keys = json!({ "keys": [signer.jwk()] }).to_string();
    let gateway = Gateway::mounted(&format!("{block}{}", app("")), &[("JWKS", &keys)]).with_keys();
    assert_eq!(gateway.get("/told").status(), 401);
    let token = signer.token(&json!({ "sub": "7" }));
    let answer = gateway.ask(&format!("GET /told HTTP/1.1\r\nauthorization: Bearer {token}"));
    assert!(answer.text().contains("\nx-user-id: 7"), "{}", answer.text());
}

#[test]
fn a_service_that_is_not_mounted_is_reached_over_its_upstreams() {
    let other = Upstream::ok();
    let file = format!("{}{}", app("routes = ['/app']"), e2e::service("other", &[&other], "routes = ['/other']"));
    let gateway = Gateway::mounted(&file, &[]);
    assert_eq!(gateway.get("/app").text(), "hello");
    assert_eq!(gateway.get("/other").status(), 200);
    assert_eq!(other.requests().len(), 1);
    // A mount that no service of the file names is told.
    let gateway = Gateway::mounted(&e2e::service("other", &[&other], ""), &[]);
    gateway.stderr.find("the warning", |line| line.contains("the file has no service of this name").then_some(()));
}

#[test]
fn what_a_mounted_service_measures_is_told_with_the_gateways_own() {
    let own = "# HELP jobs Jobs.\n# TYPE jobs gauge\njobs{kind=\"a\"} 7\n# EOF\n";
    let gateway = Gateway::mounted(&app("routes = ['/app']"), &[("METRICS", own)]);
    gateway.wait_metric("jobs{service=\"app\",kind=\"a\"}", 7.0);
    let text = gateway.admin("/metrics").text();
    assert!(text.contains("\n# TYPE gateway_requests counter\n") && text.ends_with("\n# EOF\n"), "{text}");
    assert_eq!(text.matches("# EOF").count(), 1);
    // One that has none is no trouble.
    assert!(start("").metric("gateway_connections").is_some());
}

#[test]
fn an_authoriser_may_be_mounted_too() {
    let upstream = Upstream::ok();
    let rule = "forward_auth = { service = 'app', path = '/dropped' }\nroutes = ['/other']";
    let file = format!("{}{}", app("routes = ['/app']"), e2e::service("other", &[&upstream], rule));
    assert_eq!(Gateway::mounted(&file, &[]).get("/other").status(), 200);
}

#[test]
fn what_runs_is_finished_before_the_end() {
    let mut gateway = start("");
    let mut running = gateway.connect();
    running.send_request("GET /slow HTTP/1.1");
    eventually("the call runs", || (gateway.metric("gateway_in_flight") == Some(1.0)).then_some(()));
    gateway.signal(SIGTERM);
    let answer = running.answer_to("GET").unwrap();
    assert_eq!((answer.text().as_str(), answer.closes()), ("slow", true));
    assert_eq!(gateway.wait().code(), Some(0));
}

#[test]
fn whoever_mounts_can_ask_for_the_end() {
    let mut gateway = start("");
    assert_eq!(gateway.get("/stop").text(), "stopping");
    assert_eq!(gateway.wait().code(), Some(0));
    assert!(gateway.stderr.to_end().iter().any(|line| line.contains("the service asked for it")));
}
