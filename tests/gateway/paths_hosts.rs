//! CASES 15–17: what is matched is what is forwarded, and a request is for one host.
use e2e::{Gateway, Upstream, service};

/// A gateway with a public and an admin route to two upstreams.
fn two_routes() -> (Upstream, Upstream, Gateway) {
    let (public, admin) = (Upstream::ok(), Upstream::ok());
    let toml = service("public", &[&public], "routes = ['/pub']") + &service("admin", &[&admin], "routes = ['/admin']");
    let gateway = Gateway::start(&toml);
    (public, admin, gateway)
}

#[test]
fn a_path_is_matched_and_forwarded_in_one_form() {
    let (public, admin, gateway) = two_routes();
    let check = |target: &str, upstream: &Upstream, forwarded: &str| {
        let before = upstream.requests().len();
        let answer = gateway.get(target);
        assert_eq!(answer.status(), 200, "{target} {}", answer.text());
        assert_eq!(upstream.requests().len(), before + 1, "{target}");
        assert_eq!(upstream.last().target(), forwarded, "{target}");
    };
    check("/pub/%2e%2e/admin", &admin, "/admin");
    check("/pub/../admin/x", &admin, "/admin/x");
    check("/pub/.%2E/admin", &admin, "/admin");
    check("//admin", &admin, "/admin");
    check("/%61dmin", &admin, "/admin");
    check("/./admin/./x/", &admin, "/admin/x/");
    check("/../../admin", &admin, "/admin");
    check("/pub//a///b", &public, "/pub/a/b");
    check("/pub/a/..", &public, "/pub/");
    check("/pub/%7Euser", &public, "/pub/~user");
    check("/pub/a%20b%3F", &public, "/pub/a%20b%3F");
    check("/pub/;x=1/a:b@c", &public, "/pub/;x=1/a:b@c");
    check("/pub/%252e%252e/admin", &public, "/pub/%252e%252e/admin");
    check("/pub?a=%2F..%2F&b=//&c=%61&d=?/", &public, "/pub?a=%2F..%2F&b=//&c=%61&d=?/");
    check("/pub?", &public, "/pub?");
}

/// SPEC §3, 4: byte for byte, also what a strict grammar would have escaped; browsers and old links send all of it.
#[test]
fn a_query_passes_byte_for_byte() {
    let (public, _admin, gateway) = two_routes();
    for query in
        ["a=b&&c;d", "q={\"a\":[1|2]}", "x=<y>", "x=^`\\", "x='()*!~", "%zz%2f%00", "x=\u{fc}\u{20ac}", "??//.."]
    {
        let answer = gateway.get(&format!("/pub?{query}"));
        assert_eq!(answer.status(), 200, "{query}");
        assert_eq!(public.last().target(), format!("/pub?{query}"));
    }
}

#[test]
fn an_ambiguous_path_is_400_and_forwarded_nowhere() {
    let (public, admin, gateway) = two_routes();
    for target in [
        "/pub/..%2fadmin",
        "/pub/..%2Fadmin",
        "/pub/..\\admin",
        "/pub/..%5cadmin",
        "/pub/..%5Cadmin",
        "/pub/%00",
        "/pub/a%00b",
        "/pub/%",
        "/pub/%2",
        "/pub/%zz",
        "/pub/%u0041",
    ] {
        let answer = gateway.get(target);
        assert_eq!((answer.status(), &answer.json()["code"]), (400, &"path_invalid".into()), "{target}");
    }
    for target in ["/pub#a", "/pub/#", "/pub?a#b"] {
        assert_eq!(gateway.get(target).status(), 400, "{target}");
    }
    assert_eq!(public.connections() + admin.connections(), 0);
}

/// A segment `..;` is a Java server's `..`: it is refused, or stays a segment of the public route's.
#[test]
fn a_dot_segment_with_a_parameter_gives_nothing_away() {
    let (public, admin, gateway) = two_routes();
    let answer = gateway.get("/pub/..;/admin");
    assert!([200, 400].contains(&answer.status()), "{answer:?}");
    assert_eq!(admin.connections(), 0);
    assert!(public.requests().iter().all(|request| request.target() == "/pub/..;/admin"));
}

#[test]
fn the_target_of_an_absolute_form_wins() {
    let upstream = Upstream::ok();
    let toml = service("a", &[&upstream], "routes = [{ match = '/', host = 'a.example' }]");
    let gateway = Gateway::start(&toml);
    assert_eq!(gateway.ask("GET http://a.example:81/x?y HTTP/1.1\r\nhost: b.example").status(), 200);
    let request = upstream.last();
    assert_eq!((request.target(), request.all("host")), ("/x?y", vec!["a.example:81"]));
    assert_eq!(request.field("x-forwarded-host"), Some("a.example:81"));
    assert_eq!(gateway.ask("GET http://b.example/x HTTP/1.1\r\nhost: a.example").status(), 404);
    assert_eq!(gateway.ask("GET http://a.example HTTP/1.1\r\nhost: b.example").status(), 200);
    assert_eq!(upstream.last().target(), "/");
    // RFC 9112 §3.2.1: in origin form an empty path is `/`.
    assert_eq!(gateway.ask("GET http://a.example?x=/1&y HTTP/1.1\r\nhost: b.example").status(), 200);
    assert_eq!(upstream.last().target(), "/?x=/1&y");
    for target in ["http://u@a.example/", "http:///x", "http://a.example:99999/", "ftp://a.example/", "a.example:80"] {
        let answer = gateway.ask(&format!("GET {target} HTTP/1.1\r\nhost: a.example"));
        assert_eq!(answer.status(), 400, "{target}");
    }
}

#[test]
fn a_request_is_for_exactly_one_sound_host() {
    let upstream = Upstream::ok();
    let gateway = Gateway::before(&upstream);
    let check = |hosts: &[&str], sound: bool| {
        let lines: String = hosts.iter().map(|host| ["Host: ", host, "\r\n"].concat()).collect();
        let mut client = gateway.connect();
        client.send(format!("GET / HTTP/1.1\r\n{lines}\r\n"));
        let answer = client.answer_to("GET").unwrap();
        assert_eq!(answer.status(), if sound { 200 } else { 400 }, "{hosts:?}");
        if !sound {
            assert_eq!(answer.json()["code"], "host_invalid", "{hosts:?}");
        }
    };
    for host in ["a", "A.Example:80", "a_b", "xn--bcher-kva.example", "127.0.0.1", "[::1]", "[::1]:65535", "a:", "a."] {
        check(&[host], true);
    }
    for host in [
        "", "a b", "a/b", "u@a", "u:p@a", "a:b", "a:99999", "a:65536", "a:-1", "a:+1", "[::1", "::1", "[::g]",
        "[::1]x", "a,b", "a?b", "a#b", "a\\b", ":80", "<a>", "a\"b",
    ] {
        check(&[host], false);
    }
    check(&[], false);
    check(&["a", "a"], false);
    check(&["a", "b"], false);
    let mut client = gateway.connect();
    client.send("GET /old HTTP/1.0\r\n\r\n");
    assert_eq!(client.answer_to("GET").unwrap().status(), 200, "HTTP/1.0 needs no Host");
}
