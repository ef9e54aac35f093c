//! SPEC's access log: one JSON object a line on stdout, with no secret in it, and never in a request's way.

use e2e::{Gateway, Upstream, ok, with_body};

const FIELDS: [&str; 17] = [
    "time",
    "request_id",
    "client",
    "method",
    "host",
    "path",
    "protocol",
    "route",
    "service",
    "upstream",
    "status",
    "code",
    "bytes_in",
    "bytes_out",
    "duration_ms",
    "upstream_ms",
    "retries",
];

#[test]
fn a_line_has_every_field() {
    let upstream = Upstream::answering(|_| with_body("201 Created", b"hello"));
    let gateway = Gateway::with("", &upstream, "routes = ['/things/{id}']");
    let mut client = gateway.connect();
    client.send("POST /things/7 HTTP/1.1\r\nHost: Site.Example:80\r\nContent-Length: 3\r\n\r\nabc");
    let id = client.answer_to("POST").unwrap().field("x-request-id").unwrap().to_owned();
    let line = gateway.logged("/things/7");
    let keys: Vec<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = FIELDS;
    expected.sort_unstable();
    let mut sorted = keys.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, expected);
    for (key, value) in [
        ("request_id", id.as_str().into()),
        ("client", "127.0.0.1".into()),
        ("method", "POST".into()),
        ("host", "Site.Example:80".into()),
        ("protocol", "HTTP/1.1".into()),
        ("route", "/things/{id}".into()),
        ("service", "app".into()),
        ("upstream", upstream.url().into()),
        ("status", 201.into()),
        ("code", serde_json::Value::Null),
        ("bytes_in", 3.into()),
        ("bytes_out", 5.into()),
        ("retries", 0.into()),
    ] {
        assert_eq!(line[key], value, "{key}");
    }
    let time = line["time"].as_str().unwrap();
    assert!(time.starts_with("20") && time.ends_with('Z'), "{time}");
    let (duration, upstream_ms) = (line["duration_ms"].as_f64().unwrap(), line["upstream_ms"].as_f64().unwrap());
    assert!(0.0 < upstream_ms && upstream_ms <= duration, "{line}");
}

#[test]
fn nothing_secret_is_logged() {
    let upstream = Upstream::ok();
    let gateway = Gateway::before(&upstream);
    let secret = "GET /path?token=hunter2 HTTP/1.1\r\nhost: a\r\nauthorization: Bearer hunter2\r\ncookie: s=hunter2";
    gateway.ask(secret);
    gateway.ask("GET http://a/absolute?token=hunter2 HTTP/1.1");
    gateway.ask("GET /%00?token=hunter2 HTTP/1.1");
    gateway.ask("GET /faulty?token=hunter2 HTTP/1.1\r\nx-a : hunter2");
    for path in ["/path", "/absolute"] {
        gateway.logged(path);
    }
    gateway.signal(nix::sys::signal::Signal::SIGTERM);
    let log = gateway.stdout.to_end();
    assert_eq!(log.len(), 4, "{log:#?}");
    let all = log.join("\n") + &gateway.stderr.to_end().join("\n");
    assert!(!all.contains("hunter2"), "{all}");
}

#[test]
fn whatever_a_client_sends_a_line_is_json() {
    let upstream = Upstream::ok();
    let gateway = Gateway::before(&upstream);
    for target in ["/q\"uote", "/back\\slash", "/\u{fc}", "/tab%09", "/{}<>|^`"] {
        let mut client = gateway.connect();
        client.send(format!("GET {target} HTTP/1.1\r\nhost: a\r\n\r\n"));
        client.answer_to("GET").unwrap();
    }
    gateway.ask("G\u{1}T / HTTP/1.1");
    gateway.ask("M$!#%&'*+-.^_`|~ / HTTP/1.1");
    gateway.signal(nix::sys::signal::Signal::SIGTERM);
    gateway.stdout.to_end();
    assert_eq!(gateway.log().len(), 7);
}

/// Everything that is no access-log line is on stderr.
#[test]
fn stdout_has_log_lines_alone() {
    let gateway = Gateway::start("[services.a]\nupstreams = ['http://127.0.0.1:9']\nroutes = ['/']\nhealth = '/h'");
    gateway.get("/one");
    gateway.signal(nix::sys::signal::Signal::SIGINT);
    gateway.stdout.to_end();
    assert_eq!(gateway.log().len(), 1);
}

/// A reader that has stalled costs lines, which are counted; no request waits for it.
#[test]
fn a_stalled_reader_costs_lines_and_no_request() {
    let upstream = Upstream::answering(|_| ok());
    let mut gateway = Gateway::unread(&upstream);
    // A pipe takes 64 KiB and the queue 8 MiB; a line of a long path takes 6 KiB.
    let path = format!("/{}", "p".repeat(6000));
    let one = format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n");
    let mut client = gateway.connect();
    for _ in 0..200 {
        client.send(one.repeat(10));
        for _ in 0..10 {
            assert_eq!(client.answer_to("GET").unwrap().status(), 200);
        }
    }
    let dropped = gateway.metric("gateway_log_lines_dropped_total").expect("the metric");
    assert!(dropped > 0.0, "{dropped}");
    // Nor does it hold up the end.
    gateway.signal(nix::sys::signal::Signal::SIGTERM);
    assert_eq!(gateway.wait().code(), Some(0));
}

#[test]
fn a_reader_that_has_gone_ends_nothing() {
    let upstream = Upstream::ok();
    let mut gateway = Gateway::unread(&upstream);
    gateway.close_stdout();
    let mut client = gateway.connect();
    for _ in 0..2 {
        assert_eq!(client.get("/").status(), 200);
        // Longer than a line waits to be written.
        assert!(client.stays_silent(std::time::Duration::from_millis(100)));
    }
    gateway.signal(nix::sys::signal::Signal::SIGTERM);
    assert_eq!(gateway.wait().code(), Some(0));
}

/// An answer that broke off has its status, which the client saw, and the code that says why it is not whole.
#[test]
fn an_answer_that_broke_off_says_why() {
    let upstream = Upstream::scripted(|conn| {
        conn.receive();
        conn.send("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello");
    });
    let gateway = Gateway::before(&upstream);
    assert!(gateway.connect().try_ask("GET /cut HTTP/1.1").is_err());
    let line = gateway.logged("/cut");
    assert_eq!(
        (&line["status"], &line["code"], &line["bytes_out"]),
        (&200.into(), &"upstream_reset".into(), &5.into())
    );
}
