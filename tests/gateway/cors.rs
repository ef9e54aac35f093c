//! SPEC §2 `[cors]`: preflights that the gateway answers, and what it writes into every answer (the Fetch standard,
//! §3.2). A preflight that is answered never reaches an upstream.
use e2e::{Gateway, Message, Upstream, service};

const APP: &str = "https://app.example.com";

/// A policy for `APP`, with credentials.
const POLICY: &str = "cors = { origins = ['https://app.example.com', 'https://*.example.org'], methods = ['GET', 'PUT'], \
                      headers = ['X-Tenant'], expose_headers = ['ETag'], credentials = true, max_age = '10m' }\n";

fn grants(answer: &Message) -> Vec<String> {
    let is_grant = |name: &str| name.starts_with("access-control-") || name == "vary";
    let grants = answer.fields.iter().filter(|(name, _)| is_grant(name));
    let mut grants: Vec<_> = grants.map(|(name, value)| format!("{name}: {value}")).collect();
    grants.sort();
    grants
}

/// What a page of `origin` is told that asks whether it may use `method` at `target`.
fn preflight(gateway: &Gateway, target: &str, origin: &str, method: &str, more: &str) -> Message {
    gateway
        .ask(&format!("OPTIONS {target} HTTP/1.1\r\norigin: {origin}\r\naccess-control-request-method: {method}{more}"))
}

fn from(gateway: &Gateway, target: &str, origin: &str) -> Message {
    gateway.ask(&format!("GET {target} HTTP/1.1\r\norigin: {origin}"))
}

/// What an answer to `APP` carries under `POLICY`.
const GRANTED: [&str; 4] = [
    "access-control-allow-credentials: true",
    "access-control-allow-origin: https://app.example.com",
    "access-control-expose-headers: etag",
    "vary: Origin",
];

#[test]
fn a_preflight_is_answered_by_the_gateway() {
    let upstream = Upstream::ok();
    let gateway = Gateway::with("", &upstream, POLICY);
    let answer = preflight(&gateway, "/a?b", APP, "PUT", "\r\naccess-control-request-headers: x-tenant");
    assert_eq!(answer.status(), 204);
    assert_eq!(
        grants(&answer),
        [
            "access-control-allow-credentials: true",
            "access-control-allow-headers: x-tenant",
            "access-control-allow-methods: GET, PUT",
            "access-control-allow-origin: https://app.example.com",
            "access-control-expose-headers: etag",
            "access-control-max-age: 600",
            "vary: Access-Control-Request-Method, Access-Control-Request-Headers, Origin",
        ]
    );
    assert!(answer.field("x-request-id").is_some() && !answer.closes(), "{answer:?}");
    let line = gateway.logged("/a");
    assert_eq!((&line["method"], &line["status"], &line["route"]), (&"OPTIONS".into(), &204.into(), &"/".into()));
    assert_eq!(upstream.connections(), 0);
}

#[test]
fn a_preflight_that_is_not_granted_is_403() {
    let upstream = Upstream::ok();
    let gateway = Gateway::with("", &upstream, POLICY);
    let origins = [
        "https://evil.example",
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://app.example.com.",
        "https://app.example.com.evil",
        "https://APP.example.com",
        "https://example.org",
        "https://evil-example.org",
        "https://a.example.org.evil",
        "null",
        "*",
        "",
        "https://app.example.com, https://app.example.com",
        "https://app.example.com\r\norigin: https://app.example.com",
    ];
    let fields = "\r\naccess-control-request-headers: ";
    let asked = origins.map(|origin| (origin, "PUT", String::new())).into_iter().chain([
        (APP, "DELETE", String::new()),
        (APP, "POST", String::new()),
        (APP, "PUT", format!("{fields}x-other")),
        (APP, "PUT", format!("{fields}x-tenant, authorization")),
        (APP, "PUT", format!("{fields}x tenant")),
    ]);
    for (origin, method, more) in asked {
        let answer = preflight(&gateway, "/a", origin, method, &more);
        assert_eq!((answer.status(), &answer.json()["code"]), (403, &"cors_denied".into()), "{origin} {method} {more}");
        assert_eq!(answer.field("access-control-allow-methods"), None);
        assert_eq!(answer.field("access-control-allow-origin").is_some(), origin == APP, "{origin}");
        assert_eq!(answer.field("vary"), Some("Origin"));
    }
    for origin in ["https://a.example.org", "https://a.b.example.org"] {
        assert_eq!(preflight(&gateway, "/a", origin, "PUT", "").status(), 204, "{origin}");
    }
    assert_eq!(upstream.connections(), 0);
}

#[test]
fn without_a_list_of_fields_what_is_asked_for_is_granted() {
    let upstream = Upstream::ok();
    let gateway = Gateway::with("", &upstream, "cors = { origins = 'https://app.example.com' }");
    let fields = "\r\naccess-control-request-headers: authorization,X-A\r\naccess-control-request-headers: x-b";
    let answer = preflight(&gateway, "/", APP, "POST", fields);
    assert_eq!(answer.field("access-control-allow-headers"), Some("authorization, x-a, x-b"));
    assert_eq!(answer.field("access-control-allow-methods"), Some("GET, HEAD, POST"));
    assert_eq!(answer.field("access-control-max-age"), None);
    assert_eq!(answer.field("access-control-allow-credentials"), None);
    assert_eq!(preflight(&gateway, "/", APP, "GET", "").field("access-control-allow-headers"), None);
}

#[test]
fn the_route_of_the_method_that_is_asked_for_decides() {
    let upstream = Upstream::ok();
    let other = "{ origins = 'https://other.example' }";
    let policy = "{ origins = 'https://app.example.com', methods = '*' }";
    let routes = format!(
        "routes = [\n\
         {{ match = 'GET /a', cors = {policy} }}, {{ match = 'PUT /a', cors = {other} }}, 'DELETE /a',\n\
         {{ match = 'OPTIONS /a' }},\n\
         {{ match = '/h', host = 'api.test', cors = {policy} }}, {{ match = '/h', cors = {other} }},\n\
         {{ match = '/q', query = {{ v = '2' }}, cors = {policy} }}, {{ match = '/q', cors = {other} }},\n\
         {{ match = '/f', headers = {{ X-Beta = '*' }}, cors = {policy} }}, {{ match = '/f', cors = {other} }},\n\
         {{ match = '/v', headers = {{ X-V = '2' }}, cors = {policy} }}, {{ match = '/v', cors = {other} }},\n\
         ]\n"
    );
    let gateway = Gateway::with("", &upstream, &routes);
    let status = |target: &str, method: &str, more: &str| preflight(&gateway, target, APP, method, more).status();
    assert_eq!((status("/a", "GET", ""), status("/a", "HEAD", ""), status("/a", "PUT", "")), (204, 204, 403));
    assert_eq!((status("/h", "GET", "\r\nhost: api.test"), status("/h", "GET", "\r\nhost: b")), (204, 403));
    assert_eq!((status("/q?v=2", "GET", ""), status("/q?v=3", "GET", "")), (204, 403));
    let asks = |name: &str| format!("\r\naccess-control-request-headers: {name}");
    assert_eq!(status("/f", "GET", &asks("x-beta")), 204, "the field will be there");
    assert_eq!(status("/f", "GET", ""), 403);
    assert_eq!(status("/v", "GET", &asks("x-v")), 403, "nobody knows its value yet");
    assert_eq!(upstream.connections(), 0);
    // A route without a policy: the OPTIONS goes the ordinary way.
    assert_eq!(status("/a", "DELETE", ""), 200);
    assert_eq!(upstream.last().method(), "OPTIONS");
}

#[test]
fn what_no_route_takes_is_answered_as_ever() {
    let upstream = Upstream::ok();
    let server = "cors = { origins = 'https://app.example.com' }";
    let gateway = Gateway::with(server, &upstream, "routes = ['GET /a']");
    assert_eq!(preflight(&gateway, "/a", APP, "GET", "").status(), 204);
    for (target, method, status, code) in [("/b", "GET", 404, "no_route"), ("/a", "PUT", 405, "method_not_allowed")] {
        let answer = preflight(&gateway, target, APP, method, "");
        assert_eq!((answer.status(), &answer.json()["code"]), (status, &code.into()), "{target}");
        assert_eq!(answer.field("access-control-allow-origin"), Some(APP));
    }
    assert_eq!(upstream.connections(), 0);
}

#[test]
fn an_options_that_is_no_preflight_is_a_request_like_others() {
    let upstream = Upstream::ok();
    let gateway = Gateway::with("", &upstream, POLICY);
    let origin = "origin: https://app.example.com";
    let method = "access-control-request-method: PUT";
    for fields in [origin, method, &format!("{origin}\r\n{method}\r\n{method}"), &format!("{origin}\r\nx: 1")] {
        let answer = gateway.ask(&format!("OPTIONS /a HTTP/1.1\r\n{fields}"));
        assert_eq!((answer.status(), answer.text().as_str()), (200, "ok"), "{fields}");
    }
    assert_eq!(upstream.requests().len(), 4);
}

#[test]
fn the_upstreams_own_grant_is_replaced() {
    let upstream = Upstream::answering(|_| {
        b"HTTP/1.1 200 OK\r\naccess-control-allow-origin: *\r\naccess-control-allow-credentials: false\r\n\
          access-control-allow-methods: GET\r\naccess-control-expose-headers: x-a\r\nvary: Accept\r\n\
          vary: Accept-Encoding\r\ncontent-length: 2\r\n\r\nok"
            .to_vec()
    });
    let keys = format!("{POLICY}routes = ['/', {{ match = '/own', cors = false }}]");
    let gateway = Gateway::with("", &upstream, &keys);
    let mut granted = GRANTED.map(String::from);
    granted[3] = String::from("vary: Accept, Accept-Encoding, Origin");
    assert_eq!(grants(&from(&gateway, "/", APP)), granted);
    for answer in [from(&gateway, "/", "https://evil.example"), gateway.get("/")] {
        assert_eq!((answer.status(), answer.text().as_str()), (200, "ok"), "it is the browser's check");
        assert_eq!(grants(&answer), ["vary: Accept, Accept-Encoding, Origin"]);
    }
    let own = from(&gateway, "/own", APP);
    assert_eq!(own.field("access-control-allow-origin"), Some("*"), "without a policy the service decides");
    assert_eq!(upstream.last().field("origin"), Some(APP), "it is told the origin");
}

#[test]
fn any_origin_needs_no_vary() {
    let upstream = Upstream::ok();
    let gateway = Gateway::with("", &upstream, "cors = { origins = '*', expose_headers = '*' }");
    let expected = ["access-control-allow-origin: *", "access-control-expose-headers: *"];
    for answer in [from(&gateway, "/", APP), from(&gateway, "/", "null"), gateway.get("/")] {
        assert_eq!(grants(&answer), expected);
    }
    let answer = preflight(&gateway, "/", "https://anybody.example", "POST", "");
    assert_eq!((answer.status(), answer.field("access-control-allow-origin")), (204, Some("*")));
    let asked = "Access-Control-Request-Method, Access-Control-Request-Headers";
    assert_eq!(answer.field("vary"), Some(asked), "of a preflight, what it asked for alone");
}

#[test]
fn null_is_granted_where_it_is_written() {
    let upstream = Upstream::ok();
    let gateway = Gateway::with("", &upstream, "cors = { origins = ['null'] }");
    assert_eq!(from(&gateway, "/", "null").field("access-control-allow-origin"), Some("null"));
    assert_eq!(from(&gateway, "/", APP).field("access-control-allow-origin"), None);
}

#[test]
fn a_vary_is_never_doubled() {
    let upstream = Upstream::answering(|request| {
        let vary = request.target().trim_start_matches('/').to_owned();
        format!("HTTP/1.1 304 Not Modified\r\nvary: {vary}\r\netag: \"1\"\r\n\r\n").into_bytes()
    });
    let gateway = Gateway::with("", &upstream, POLICY);
    for (vary, expected) in [("origin", "origin"), ("*", "*"), ("Accept,ORIGIN", "Accept,ORIGIN"), ("A", "A, Origin")] {
        let answer = from(&gateway, &format!("/{vary}"), APP);
        assert_eq!((answer.status(), answer.field("vary")), (304, Some(expected)));
        assert_eq!(answer.field("access-control-allow-origin"), Some(APP), "a 304 keeps the fields");
    }
}

#[test]
fn every_error_of_the_gateway_carries_the_grant() {
    let upstream = Upstream::ok();
    let cut = Upstream::scripted(|conn| drop(conn.receive()));
    let toml = [
        POLICY,
        "server.limits.body = '4B'\n",
        &service(
            "app",
            &[&upstream],
            "routes = ['/a', { match = '/strict', content_types = 'text/plain', required_headers = 'X-A' }, 'GET /g']",
        ),
        &service("cut", &[&cut], "routes = ['/cut']"),
        "[services.gone]\nupstreams = ['http://127.0.0.1:1']\nroutes = ['/gone']\n",
        "[services.sick]\nupstreams = ['http://127.0.0.1:1']\nhealth = '/h'\nroutes = ['/sick']\n",
    ];
    let gateway = Gateway::start(&toml.concat());
    let with_body = "\r\ncontent-length: 9\r\nx-a: 1";
    for (line, more, status) in [
        ("GET /%00", "", 400),
        ("GET /strict", "", 400),
        ("GET /nowhere", "", 404),
        ("PUT /g", "", 405),
        ("POST /a", with_body, 413),
        ("POST /strict", "\r\ncontent-length: 2\r\nx-a: 1", 415),
        ("GET /cut", "", 502),
        ("GET /gone", "", 502),
        ("GET /sick", "", 503),
    ] {
        let answer = gateway.ask(&format!("{line} HTTP/1.1\r\norigin: {APP}{more}"));
        assert_eq!((answer.status(), grants(&answer)), (status, GRANTED.map(String::from).to_vec()), "{line}");
        let other = gateway.ask(&format!("{line} HTTP/1.1\r\norigin: https://evil.example{more}"));
        assert_eq!((other.status(), grants(&other)), (status, vec![String::from("vary: Origin")]), "{line}");
    }
    let health = from(&gateway, "/health", APP);
    assert_eq!(grants(&health), GRANTED, "the gateway's own pages are under the policy of the file");
}

#[test]
fn a_policy_is_inherited_and_turned_off() {
    let upstream = Upstream::ok();
    let toml = [
        "cors = { origins = 'https://file.example' }\n",
        "defaults.cors = { origins = 'https://defaults.example' }\n",
        &service(
            "app",
            &[&upstream],
            "cors = { origins = 'https://service.example' }\n\
             routes = ['/a', { match = '/b', cors = { origins = 'https://route.example' } }, { match = '/c', cors = false }]",
        ),
        &service("plain", &[&upstream], "routes = ['/d']"),
    ];
    let gateway = Gateway::start(&toml.concat());
    for (target, expected) in [
        ("/a", Some("https://service.example")),
        ("/b", Some("https://route.example")),
        ("/c", None),
        ("/d", Some("https://defaults.example")),
        ("/nowhere", Some("https://file.example")),
    ] {
        for level in ["file", "defaults", "service", "route"] {
            let origin = format!("https://{level}.example");
            let answer = from(&gateway, target, &origin);
            let granted = answer.field("access-control-allow-origin");
            assert_eq!(granted, expected.filter(|expected| *expected == origin), "{target} {origin}");
            if target == "/c" {
                assert_eq!(answer.field("vary"), None);
            }
        }
    }
    assert_eq!(preflight(&gateway, "/c", "https://file.example", "GET", "").text(), "ok", "it went to the upstream");
}

#[test]
fn an_unread_body_of_a_preflight_ends_the_connection_after_the_answer() {
    let upstream = Upstream::ok();
    let gateway = Gateway::with("", &upstream, POLICY);
    let mut client = gateway.connect();
    client.send(format!(
        "OPTIONS /a HTTP/1.1\r\nhost: a\r\norigin: {APP}\r\naccess-control-request-method: PUT\r\n\
         content-length: 100\r\n\r\nhello"
    ));
    let answer = client.answer_to("OPTIONS").unwrap();
    assert_eq!((answer.status(), answer.closes()), (204, true));
    assert_eq!(upstream.connections(), 0);
}

#[test]
fn without_a_policy_nothing_is_added() {
    let upstream = Upstream::ok();
    let gateway = Gateway::before(&upstream);
    assert_eq!(grants(&from(&gateway, "/", APP)), Vec::<String>::new());
    assert_eq!(preflight(&gateway, "/", APP, "PUT", "").text(), "ok");
}
