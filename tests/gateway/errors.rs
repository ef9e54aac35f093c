//! SPEC §3, 9: every failure that the gateway makes looks the same everywhere it shows.
use std::net::TcpListener;

use e2e::{Gateway, Message, Upstream, service};

/// A gateway where every failure of this issue can be had.
struct System {
    gateway: Gateway,
    _upstreams: Vec<Upstream>,
}

impl System {
    fn new() -> Self {
        let cut = Upstream::scripted(|conn| drop(conn.receive()));
        let garbage = Upstream::scripted(|conn| {
            conn.receive();
            conn.send("garbage\r\n\r\n");
        });
        let silent = Upstream::scripted(|conn| {
            conn.receive();
            conn.wait_end();
        });
        let sick = Upstream::answering(|_| e2e::with_body("500 Sick", b""));
        let fine = Upstream::ok();
        let refused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let toml = [
            "server.limits = { body = '10B', uri = '200B', header = '2KiB' }\n",
            "server.timeouts = { header = '1s', body_idle = '300ms' }\n",
            &service("cut", &[&cut], "routes = ['/cut']"),
            &service("garbage", &[&garbage], "routes = ['/garbage']"),
            &service("silent", &[&silent], "routes = ['/silent']\ntimeouts.request = '200ms'"),
            &service("sick", &[&sick], "routes = ['/sick']\nhealth = '/h'"),
            &service("fine", &[&fine], "routes = ['GET,POST /fine']"),
            &format!("[services.refused]\nupstreams = ['http://{refused}']\nroutes = ['/refused']\n"),
            "[services.nameless]\nupstreams = ['http://no-such-host.invalid']\nroutes = ['/nameless']\n\
             timeouts.connect = '20s'\n",
        ];
        Self { gateway: Gateway::start(&toml.concat()), _upstreams: vec![cut, garbage, silent, sick, fine] }
    }

    /// `bytes` are answered with `status` and `code`, in the answer, the log and the metric alike.
    fn check(&self, bytes: &str, status: u16, code: &str, proxy_error: &str) {
        let mut client = self.gateway.connect();
        client.send(bytes);
        let answer = client.answer_to("GET").unwrap_or_else(|cut| panic!("{code}: {cut:?}"));
        let problem = check_shape(&answer, status, code);
        let proxy_status = answer.field("proxy-status").expect("Proxy-Status");
        assert!(proxy_status.contains(&format!("error={proxy_error}")), "{code}: {proxy_status}");
        let id = answer.field("x-request-id").expect("a request id").to_owned();
        assert_eq!(problem["request_id"], *id);
        let line = self.gateway.stdout.find(&format!("a log line of {id}"), |line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            (line["request_id"] == *id).then_some(line)
        });
        assert_eq!((&line["status"], &line["code"]), (&status.into(), &code.into()), "{line}");
        let route = line["route"].as_str().unwrap_or_default();
        let service = line["service"].as_str().unwrap_or_default();
        let labels = format!("route=\"{route}\",service=\"{service}\",status=\"{status}\",code=\"{code}\"");
        self.gateway.wait_metric(&format!("gateway_requests_total{{{labels}}}"), 1.0);
    }
}

/// RFC 9457, with the members of SPEC.
fn check_shape(answer: &Message, status: u16, code: &str) -> serde_json::Value {
    assert_eq!(answer.status(), status, "{code}: {answer:?}");
    assert_eq!(answer.field("content-type"), Some("application/problem+json"), "{code}");
    let problem = answer.json();
    assert_eq!((&problem["status"], &problem["code"]), (&status.into(), &code.into()));
    for key in ["title", "detail"] {
        assert!(problem[key].as_str().is_some_and(|text| text.len() > 3), "{key}: {problem}");
    }
    problem
}

#[test]
fn every_failure_has_its_code_everywhere() {
    let system = System::new();
    let get = |target: &str| format!("GET {target} HTTP/1.1\r\nhost: a\r\n\r\n");
    let check = |bytes: &str, status, code, error| system.check(bytes, status, code, error);
    check("GET / HTTP/1.1\r\nhost: a\r\nx-a : 1\r\n\r\n", 400, "bad_request", "http_request_error");
    check(&get("/fine/%00"), 400, "path_invalid", "http_request_error");
    check("GET / HTTP/1.1\r\nhost: \r\n\r\n", 400, "host_invalid", "http_request_error");
    check(&get("/nowhere"), 404, "no_route", "destination_not_found");
    check("PUT /fine HTTP/1.1\r\nhost: a\r\n\r\n", 405, "method_not_allowed", "http_request_error");
    check(
        "POST /fine HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhe",
        408,
        "request_timeout",
        "http_request_error",
    );
    check(
        "POST /fine HTTP/1.1\r\nhost: a\r\ncontent-length: 11\r\n\r\nhello world",
        413,
        "body_too_large",
        "http_request_error",
    );
    check(&get(&format!("/{}", "u".repeat(300))), 414, "uri_too_long", "http_request_error");
    check(
        &get(&format!("/fine HTTP/1.1\r\nx-a: {}\r\nx-b:", "x".repeat(3000))),
        431,
        "headers_too_large",
        "http_request_error",
    );
    check(&get("/refused"), 502, "upstream_connect_refused", "connection_refused");
    check(&get("/cut"), 502, "upstream_reset", "connection_terminated");
    check(&get("/garbage"), 502, "upstream_protocol", "http_protocol_error");
    check(&get("/nameless"), 502, "upstream_dns", "dns_error");
    check(&get("/sick"), 503, "no_healthy_upstream", "destination_unavailable");
    check(&get("/silent"), 504, "upstream_timeout", "http_response_timeout");
}

#[test]
fn a_failure_keeps_the_connection_unless_a_body_is_unread() {
    let system = System::new();
    let mut client = system.gateway.connect();
    for (target, status) in [("/nowhere", 404), ("/refused", 502), ("/garbage", 502), ("/silent", 504), ("/sick", 503)]
    {
        let answer = client.get(target);
        assert_eq!((answer.status(), answer.closes()), (status, false), "{target}");
    }
    assert_eq!(client.get("/fine").status(), 200);
    client.send("POST /nowhere HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n");
    assert!(client.answer_to("POST").unwrap().closes());
    assert_eq!(client.to_end().0, b"");
}

#[test]
fn head_gets_the_fields_of_a_failure_alone() {
    let system = System::new();
    let mut client = system.gateway.connect();
    let answer = client.ask("HEAD /nowhere HTTP/1.1");
    assert_eq!((answer.status(), answer.field("content-type")), (404, Some("application/problem+json")));
    assert_eq!(client.get("/fine").status(), 200);
}

#[test]
fn an_upstreams_own_failure_passes_as_it_is() {
    let upstream = Upstream::answering(|_| e2e::with_body("503 Busy", b"mine"));
    let gateway = Gateway::before(&upstream);
    let answer = gateway.get("/x");
    assert_eq!((answer.status(), answer.text().as_str(), answer.field("proxy-status")), (503, "mine", None));
    assert!(answer.field("x-request-id").is_some());
    assert_eq!(gateway.logged("/x")["code"], serde_json::Value::Null);
}
