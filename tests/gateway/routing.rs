//! SPEC §2: which route wins, and what it does to a request.
use e2e::{Gateway, Message, Upstream, service, with_body};

/// Services `a`, `b`, … with these keys, each of whose upstreams answers with the service's name and the target.
struct System {
    gateway: Gateway,
    _upstreams: Vec<Upstream>,
}

fn system(services: &[(&'static str, &str)]) -> System {
    let upstream = |&(name, _): &(&'static str, &str)| {
        Upstream::answering(move |request| {
            let seen = format!("{name} {} {}", request.method(), request.target());
            let answer = with_body("200 OK", if request.method() == "HEAD" { b"" } else { seen.as_bytes() });
            String::from_utf8(answer).unwrap().replacen("\r\n", &format!("\r\nx-service: {name}\r\n"), 1).into()
        })
    };
    let upstreams: Vec<Upstream> = services.iter().map(upstream).collect();
    let toml: String =
        services.iter().zip(&upstreams).map(|((name, keys), upstream)| service(name, &[upstream], keys)).collect();
    System { gateway: Gateway::start(&toml), _upstreams: upstreams }
}

impl System {
    /// `GET /x` → `a`: the name of the service, or the status where none answered.
    fn check(&self, lines: &str, expected: &str) {
        let answer = self.ask(lines);
        let seen = answer.field("x-service").map_or_else(|| answer.status().to_string(), str::to_owned);
        assert_eq!(seen, expected, "{lines:?}");
    }

    fn ask(&self, lines: &str) -> Message {
        let (line, fields) = lines.split_once("\r\n").unwrap_or((lines, ""));
        let fields = if fields.is_empty() { String::new() } else { format!("\r\n{fields}") };
        self.gateway.ask(&format!("{line} HTTP/1.1{fields}"))
    }
}

#[test]
fn the_most_specific_path_wins_whatever_the_order() {
    let system = system(&[
        ("root", "routes = ['/']"),
        ("short", "routes = ['/users']"),
        ("name", "routes = ['/users/{id}']"),
        ("exact", "routes = ['/users/me$']"),
        ("long", "routes = ['/users/me']"),
    ]);
    system.check("GET /users", "short");
    system.check("GET /users/", "short");
    system.check("GET /usersx", "root");
    system.check("GET /users/7", "name");
    system.check("GET /users/7/x", "name");
    system.check("GET /users/me", "exact");
    system.check("GET /users/me/", "long");
    system.check("GET /users/me/x", "long");
    system.check("GET /", "root");
}

#[test]
fn a_regular_expression_comes_last_and_spans_the_path() {
    let system = system(&[("regex", "routes = ['~/v[0-9]+/items']"), ("plain", "routes = ['/v1/items$']")]);
    system.check("GET /v1/items", "plain");
    system.check("GET /v2/items", "regex");
    system.check("GET /v2/items/7", "404");
    system.check("GET /x/v2/items", "404");
}

#[test]
fn hosts_select_before_paths() {
    let system = system(&[
        ("any", "routes = ['/deep/path']"),
        ("exact", "routes = [{ match = '/', host = 'api.example.com' }]"),
        ("wild", "routes = [{ match = '/', host = '*.example.com' }]"),
    ]);
    system.check("GET /deep/path\r\nhost: api.example.com", "exact");
    system.check("GET /deep/path\r\nhost: API.Example.COM:8000", "exact");
    system.check("GET /x\r\nhost: other.example.com", "wild");
    system.check("GET /x\r\nhost: a.b.example.com", "wild");
    system.check("GET /x\r\nhost: example.com", "404");
    system.check("GET /deep/path\r\nhost: example.com", "any");
    system.check("GET /x\r\nhost: evilexample.com", "404");
}

#[test]
fn conditions_that_do_not_hold_are_no_match() {
    let system = system(&[
        ("beta", "routes = [{ match = '/x', headers = { x-beta = '*' } }]"),
        ("both", "routes = [{ match = '/x', headers = { x-beta = '~^[0-9]+$' }, query = { v = '2' } }]"),
        ("query", "routes = [{ match = '/x', query = { v = '2' } }]"),
        ("plain", "routes = ['/x']"),
        ("only", "routes = [{ match = '/only', query = { v = '*' } }]"),
    ]);
    system.check("GET /x", "plain");
    system.check("GET /x\r\nx-beta: yes", "beta");
    system.check("GET /x?v=2", "query");
    system.check("GET /x?v=3", "plain");
    system.check("GET /x?a=1&v=2\r\nx-beta: 12", "both");
    system.check("GET /only?v", "only");
    system.check("GET /only", "404");
}

#[test]
fn a_missed_method_is_405_and_says_which_there_are() {
    let system = system(&[
        ("read", "routes = ['GET /users/{id}']"),
        ("write", "routes = ['PUT,DELETE /users/{id}', 'POST /users$']"),
    ]);
    system.check("GET /users/7", "read");
    system.check("HEAD /users/7", "read");
    system.check("PUT /users/7", "write");
    for (lines, allow) in [("PATCH /users/7", vec!["DELETE", "GET", "HEAD", "PUT"]), ("GET /users", vec!["POST"])] {
        let answer = system.ask(lines);
        let mut allowed: Vec<&str> = answer.field("allow").unwrap_or_default().split(", ").collect();
        allowed.sort_unstable();
        assert_eq!((answer.status(), allowed), (405, allow), "{lines}");
        assert_eq!(answer.json()["code"], "method_not_allowed");
    }
    system.check("OPTIONS /users/7", "405");
    system.check("GET /nothing", "404");
    assert_eq!(system.ask("GET /nothing").json()["code"], "no_route");
}

/// A method is compared with case (RFC 9110 §9.1), and unknown ones pass where a route takes any.
#[test]
fn any_method_passes_a_route_without_one() {
    let system = system(&[("any", "routes = ['/']"), ("get", "routes = ['GET /get']")]);
    assert_eq!(system.ask("PURGE /x").text(), "any PURGE /x");
    assert_eq!(system.ask("OPTIONS /x").text(), "any OPTIONS /x");
    system.check("get /get", "any");
}

#[test]
fn a_path_is_stripped_or_rewritten_and_the_query_is_not() {
    let routes = "routes = [
        { match = '/strip', strip_prefix = true },
        { match = '/api/v1', strip_prefix = '/api' },
        { match = '/old/{id}/{rest}$', rewrite = '/new/{rest}/{id}' },
        { match = '~/r/([0-9]+)/(.*)', rewrite = '/$2/$1' },
    ]";
    let system = system(&[("a", routes)]);
    for (target, forwarded) in [
        ("/strip", "/"),
        ("/strip/", "/"),
        ("/strip/x/y?q=1", "/x/y?q=1"),
        ("/strip//x", "/x"),
        ("/api/v1/x", "/v1/x"),
        ("/old/7/x?q=%2F", "/new/x/7?q=%2F"),
        ("/old/a%20b/x", "/new/x/a%20b"),
        ("/r/12/x/y", "/x/y/12"),
    ] {
        assert_eq!(system.ask(&format!("GET {target}")).text(), format!("a GET {forwarded}"), "{target}");
    }
}

/// A capture is a piece of the path, and two pieces may make a dot segment that was none: it goes nowhere.
#[test]
fn a_rewrite_does_not_climb_out() {
    let system = system(&[("a", "routes = [{ match = '~/x/(.*)y', rewrite = '/base/$1/z' }]")]);
    assert_eq!(system.ask("GET /x/a/by").text(), "a GET /base/a/b/z");
    for target in ["/x/..y", "/x/a/..y", "/x/.y"] {
        let answer = system.ask(&format!("GET {target}"));
        let forwarded = if answer.status() == 200 { answer.text() } else { String::new() };
        assert!(!forwarded.split('/').any(|segment| segment == ".." || segment == "."), "{target} became {forwarded}");
    }
}

#[test]
fn field_rules_set_add_and_remove() {
    let upstream = Upstream::answering(|_| {
        b"HTTP/1.1 200 OK\r\nserver: up\r\nx-multi: 1\r\nx-gone: 1\r\ncontent-length: 0\r\n\r\n".to_vec()
    });
    let keys = "
        request_headers = { set = { x-set = 'service', x-inherited = 'yes' } }
        response_headers = { set = { server = 'gateway' }, add = { x-multi = '2' }, remove = ['x-gone'] }
        routes = ['/', { match = '/own', request_headers = { set = { x-set = 'route' }, remove = ['x-drop'] } }]";
    let gateway = Gateway::with("", &upstream, keys);
    let answer = gateway.ask("GET / HTTP/1.1\r\nx-set: client\r\nx-set: twice");
    assert_eq!(answer.all("server"), ["gateway"]);
    assert_eq!(answer.all("x-multi"), ["1", "2"]);
    assert_eq!(answer.field("x-gone"), None);
    assert_eq!(upstream.last().all("x-set"), ["service"]);
    gateway.ask("GET /own HTTP/1.1\r\nx-drop: 1");
    assert_eq!((upstream.last().field("x-set"), upstream.last().field("x-drop")), (Some("route"), None));
}

#[test]
fn the_host_sent_upstream_is_the_services_choice() {
    let upstream = Upstream::ok();
    for (host, expected) in [
        ("preserve", "site:1".to_owned()),
        ("upstream", upstream.address.to_string()),
        ("api.internal", "api.internal".into()),
    ] {
        let gateway = Gateway::with("", &upstream, &format!("host = '{host}'"));
        gateway.ask("GET / HTTP/1.1\r\nhost: site:1");
        assert_eq!(upstream.last().all("host"), [expected], "{host}");
        assert_eq!(upstream.last().field("x-forwarded-host"), Some("site:1"));
    }
}

#[test]
fn the_gateways_own_pages_yield_as_spec_says() {
    let system = system(&[("a", "routes = ['/a', '/health']")]);
    let root = system.ask("GET /").json();
    assert_eq!(root["services"][0], "a", "{root}");
    assert_eq!(system.ask("GET /health").json()["status"], "healthy", "never forwarded");
    system.check("GET /healthy", "404");
    system.check("GET /health/x", "a");
    system.check("POST /health", "405");
    let forwarded = self::system(&[("root", "routes = ['/']")]);
    forwarded.check("GET /", "root");
    forwarded.check("GET /docs", "root");
}
