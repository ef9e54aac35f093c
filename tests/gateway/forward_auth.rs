//! Forward auth: what an authoriser is asked, and what becomes of its answer.
use std::{
    sync::{Mutex, mpsc},
    time::Duration,
};

use e2e::{Gateway, Upstream, eventually, ok, service, with_body};

use crate::upstream_faults::code;

/// A gateway whose routes to `upstream` ask `authoriser`, with these keys beside its URL.
fn asking(authoriser: &Upstream, upstream: &Upstream, keys: &str) -> Gateway {
    Gateway::with("", upstream, &asks(authoriser, keys))
}

fn asks(authoriser: &Upstream, keys: &str) -> String {
    format!("forward_auth = {{ url = '{}/verify?v=1', {keys} }}", authoriser.url())
}

/// Says no to everybody.
fn denying() -> Upstream {
    Upstream::answering(|_| with_body("403 Forbidden", b"no"))
}

/// Says yes each time it is told to.
fn held() -> (mpsc::Sender<()>, Upstream) {
    let (send, released) = mpsc::channel();
    let released = Mutex::new(released);
    let authoriser = Upstream::scripted(move |conn| {
        while conn.receive().is_some() && released.lock().unwrap().recv().is_ok() {
            conn.send(ok());
        }
    });
    (send, authoriser)
}

#[test]
fn it_is_asked_with_the_originals_method_uri_and_fields() {
    let (authoriser, upstream) = (Upstream::ok(), Upstream::ok());
    let gateway = asking(&authoriser, &upstream, "");
    let body = "content-length: 5\r\ncontent-type: text/plain";
    let target = "/a/%62/../c?q=%2f&&y='\u{fc}'";
    let mut client = gateway.connect();
    client.send(format!(
        "POST {target} HTTP/1.1\r\nhost: App.example.com:81\r\nauthorization: Bearer t\r\ncookie: a=b\r\n{body}\r\n\
         accept: x/y\r\n\r\nhello"
    ));
    assert_eq!(client.answer_to("POST").unwrap().status(), 200);
    let question = authoriser.last();
    assert_eq!(question.start, "GET /verify?v=1 HTTP/1.1");
    assert_eq!(question.field("host"), Some(authoriser.address.to_string().as_str()));
    assert_eq!(question.field("x-forwarded-method"), Some("POST"));
    assert_eq!(question.field("x-forwarded-uri"), Some("/a/c?q=%2f&&y='\u{fc}'"));
    assert_eq!(question.field("x-forwarded-host"), Some("App.example.com:81"));
    assert_eq!(question.field("x-forwarded-proto"), Some("http"));
    assert_eq!(question.field("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(question.field("authorization"), Some("Bearer t"));
    assert_eq!(question.field("cookie"), Some("a=b"));
    assert_eq!(question.field("accept"), Some("x/y"));
    assert_eq!((question.field("content-type"), question.field("content-length")), (None, None));
    assert_eq!(question.body, b"");
    let request = upstream.last();
    for name in ["x-request-id", "traceparent"] {
        assert!(question.field(name).is_some() && question.field(name) == request.field(name), "{name}");
    }
    assert_eq!((request.start.as_str(), request.text().as_str()), ("POST /a/c?q=%2f&&y='\u{fc}' HTTP/1.1", "hello"));
    assert_eq!(request.field("content-type"), Some("text/plain"));
}

#[test]
fn it_is_never_told_what_belongs_to_the_connection_or_is_forged() {
    let (authoriser, upstream) = (Upstream::ok(), Upstream::ok());
    let gateway = asking(&authoriser, &upstream, "");
    let forged = "x-forwarded-for: 6.6.6.6\r\nx-forwarded-uri: /public\r\nX_Forwarded_Uri: /public\r\n\
                  x-forwarded-method: GET\r\nx-forwarded-user: root\r\nx-original-uri: /public\r\nx-user-id: 1\r\n\
                  X_User_Id: 1\r\nx-real-ip: 6.6.6.6";
    let bound = "connection: keep-alive, x-named\r\nx-named: 1\r\nkeep-alive: timeout=5\r\nte: trailers\r\n\
                 upgrade: foo\r\nproxy-authorization: Basic a\r\nif-none-match: \"a\"\r\nrange: bytes=0-1";
    assert_eq!(gateway.ask(&format!("DELETE /x HTTP/1.1\r\n{forged}\r\n{bound}")).status(), 200);
    let question = authoriser.last();
    assert_eq!(question.field("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(question.field("x-forwarded-uri"), Some("/x"));
    assert_eq!(question.field("x-forwarded-method"), Some("DELETE"));
    let gone = ["x_forwarded_uri", "x-forwarded-user", "x-original-uri", "x-user-id", "x_user_id", "x-real-ip"];
    let connection =
        ["x-named", "keep-alive", "te", "upgrade", "proxy-authorization", "connection", "transfer-encoding"];
    for name in gone.iter().chain(&connection).chain(&["if-none-match", "range"]) {
        assert_eq!(question.field(name), None, "{name}");
    }
}

/// What only a trusted proxy may say is believed as it is for an upstream.
#[test]
fn behind_a_trusted_proxy_it_is_told_of_the_real_client() {
    let (authoriser, upstream) = (Upstream::ok(), Upstream::ok());
    let gateway = Gateway::with("server.trusted_proxies = '127.0.0.1'", &upstream, &asks(&authoriser, ""));
    gateway.ask("GET / HTTP/1.1\r\nx-forwarded-for: 203.0.113.7\r\nx-forwarded-proto: https\r\nx-request-id: abc");
    let question = authoriser.last();
    assert_eq!(question.field("x-forwarded-for"), Some("203.0.113.7, 127.0.0.1"));
    assert_eq!(question.field("x-forwarded-proto"), Some("https"));
    assert_eq!(question.field("x-request-id"), Some("abc"));
}

#[test]
fn a_list_says_which_fields_of_the_client_it_is_told() {
    let (authoriser, upstream) = (Upstream::ok(), Upstream::ok());
    let gateway = asking(&authoriser, &upstream, "request_headers = ['Cookie']");
    gateway.ask("GET / HTTP/1.1\r\ncookie: a=b\r\nauthorization: Bearer t\r\nx-a: 1");
    let question = authoriser.last();
    assert_eq!(question.field("cookie"), Some("a=b"));
    assert_eq!((question.field("authorization"), question.field("x-a")), (None, None));
    assert_eq!(question.field("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(upstream.last().field("authorization"), Some("Bearer t"));
}

#[test]
fn fields_of_its_2xx_reach_the_upstream_and_a_clients_own_never_do() {
    let authoriser = Upstream::answering(|_| {
        b"HTTP/1.1 204 No Content\r\nX-Account: 7\r\nX-Plan: a\r\nX-Plan: b\r\nX-Else: 1\r\nSet-Cookie: c=d\r\n\r\n"
            .to_vec()
    });
    let upstream = Upstream::ok();
    let keys = asks(&authoriser, "headers = ['X-Account', 'X-Plan', 'X-Role']");
    let gateway =
        Gateway::with("", &upstream, &format!("routes = ['/', {{ match = '/free', forward_auth = false }}]\n{keys}"));
    let forged = "x-account: 1\r\nX_Account: 1\r\nx-plan: c\r\nX-ROLE: root\r\nx-else: mine";
    let answer = gateway.ask(&format!("GET /a HTTP/1.1\r\n{forged}"));
    assert_eq!((answer.status(), answer.field("set-cookie"), answer.field("x-plan")), (200, None, None));
    let request = upstream.last();
    assert_eq!((request.all("x-account"), request.all("x-plan")), (vec!["7"], vec!["a", "b"]));
    assert_eq!((request.field("x_account"), request.field("x-role")), (None, None));
    assert_eq!(request.field("x-else"), Some("mine"));
    // Nor where nobody is asked: a service can't tell the two routes apart.
    gateway.ask(&format!("GET /free HTTP/1.1\r\n{forged}"));
    let request = upstream.last();
    for name in ["x-account", "x_account", "x-plan", "x-role"] {
        assert_eq!(request.field(name), None, "{name}");
    }
    let chunks = "0\r\nx-plan: c\r\nX_Account: 1\r\nx-sum: 1\r\n\r\n";
    let mut client = gateway.connect();
    client.send(format!("POST /a HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n{chunks}"));
    assert_eq!(client.answer_to("POST").unwrap().status(), 200);
    assert_eq!(upstream.last().trailers, [("x-sum".into(), "1".into())]);
}

/// What its `Connection` names is about its connection with the gateway.
#[test]
fn a_field_that_its_connection_names_is_not_passed_on() {
    let authoriser = Upstream::answering(|_| {
        b"HTTP/1.1 200 OK\r\nconnection: x-plan\r\nx-plan: a\r\ncontent-length: 0\r\n\r\n".to_vec()
    });
    let upstream = Upstream::ok();
    let gateway = asking(&authoriser, &upstream, "headers = 'X-Plan'");
    assert_eq!(gateway.get("/").status(), 200);
    assert_eq!(upstream.last().field("x-plan"), None);
}

#[test]
fn any_other_answer_is_the_clients() {
    let upstream = Upstream::ok();
    for (status, field, value) in [
        ("302 Found", "location", "https://login.example.com/?rd=%2F"),
        ("304 Not Modified", "etag", "\"a\""),
        ("401 Unauthorized", "www-authenticate", "Basic realm=\"x\""),
        ("403 Forbidden", "set-cookie", "a=b; Path=/"),
        ("404 Not Found", "content-type", "text/html"),
        ("500 Internal Server Error", "x-why", "broken"),
    ] {
        let head =
            format!("HTTP/1.1 {status}\r\n{field}: {value}\r\nx-request-id: its-own\r\nkeep-alive: timeout=5\r\n");
        let body = if status.starts_with("304") { "" } else { "content-length: 5\r\n\r\nsorry" };
        let end = if body.is_empty() { "\r\n" } else { "" };
        let answer = format!("{head}{body}{end}");
        let authoriser = Upstream::answering(move |_| answer.clone().into_bytes());
        let gateway = asking(&authoriser, &upstream, "");
        let mut client = gateway.connect();
        let answer = client.get("/secret");
        assert_eq!(answer.start, format!("HTTP/1.1 {status}"));
        assert_eq!(answer.field(field), Some(value));
        assert_eq!(answer.body, if body.is_empty() { &b""[..] } else { b"sorry" });
        assert_eq!(answer.field("keep-alive"), None);
        assert!(answer.field("x-request-id").is_some_and(|id| id != "its-own"), "{answer:?}");
        let line = gateway.logged("/secret");
        let logged = (&line["status"], &line["code"], &line["upstream"], &line["upstream_ms"]);
        assert_eq!(logged, (&answer.status().into(), &().into(), &().into(), &().into()), "{line}");
        // The connection is as good as after any answer.
        assert_eq!(client.get("/secret").status(), answer.status());
        assert_eq!(authoriser.connections(), 1);
    }
    assert_eq!(upstream.requests(), []);
    assert_eq!(upstream.connections(), 0);
}

#[test]
fn its_refusal_is_streamed_and_answers_head_without_a_body() {
    let (send, released) = mpsc::channel::<()>();
    let released = Mutex::new(released);
    let authoriser = Upstream::scripted(move |conn| {
        while conn.receive().is_some() {
            conn.send("HTTP/1.1 401 Unauthorized\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n");
            released.lock().unwrap().recv().unwrap();
            conn.send("4\r\nlast\r\n0\r\n\r\n");
        }
    });
    let upstream = Upstream::ok();
    let gateway = asking(&authoriser, &upstream, "");
    let mut client = gateway.connect();
    client.send_request("GET / HTTP/1.1");
    client.take_to(b"first\r\n").unwrap();
    send.send(()).unwrap();
    client.take_to(b"0\r\n\r\n").unwrap();
    send.send(()).unwrap();
    let head = gateway.ask("HEAD / HTTP/1.1");
    assert_eq!((head.status(), head.body.len()), (401, 0));
}

#[test]
fn nothing_reaches_the_upstream_before_it_said_yes() {
    let (send, authoriser) = held();
    let upstream = Upstream::ok();
    let gateway = asking(&authoriser, &upstream, "timeout = '10s'");
    let mut client = gateway.connect();
    client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello");
    eventually("it is asked", || (authoriser.requests().len() == 1).then_some(()));
    assert!(client.stays_silent(Duration::from_millis(200)));
    assert_eq!(upstream.connections(), 0);
    send.send(()).unwrap();
    assert_eq!(client.answer_to("POST").unwrap().status(), 200);
    assert_eq!(upstream.last().text(), "hello");
}

/// A client that waits for a 100 learns of the refusal without having sent anything.
#[test]
fn a_body_that_is_held_back_is_not_asked_for_before() {
    let (authoriser, upstream) = (denying(), Upstream::ok());
    let gateway = asking(&authoriser, &upstream, "");
    let mut client = gateway.connect();
    client.send("POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n");
    assert_eq!(client.head().unwrap().status(), 403);
    assert_eq!((authoriser.last().field("expect"), upstream.connections()), (None, 0));
}

#[test]
fn without_an_answer_in_time_nobody_passes() {
    let refused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let silent = Upstream::scripted(|conn| {
        conn.receive();
        conn.wait_end();
    });
    let garbage = Upstream::answering(|_| b"yes\r\n\r\n".to_vec());
    let switching = Upstream::answering(|_| b"HTTP/1.1 101 Switching Protocols\r\n\r\n".to_vec());
    let cut = Upstream::consuming(|mut conn| {
        conn.receive();
        conn.send("HTTP/1.1 200 OK\r\nx-");
        conn.reset();
    });
    let upstream = Upstream::ok();
    for url in [format!("http://{refused}"), silent.url(), garbage.url(), switching.url(), cut.url()] {
        let keys = format!("forward_auth = {{ url = '{url}/verify', timeout = '300ms' }}");
        let gateway = Gateway::with("", &upstream, &keys);
        for answer in [gateway.get("/x"), gateway.ask("POST /x HTTP/1.1\r\ncontent-length: 0")] {
            assert_eq!(code(&answer), (503, "forward_auth_unavailable".into()), "{url}");
            assert!(answer.field("retry-after").is_some());
            assert!(!answer.text().contains("127.0.0.1"), "{}", answer.text());
        }
        let line = gateway.logged("/x");
        let logged = (&line["status"], &line["code"], &line["upstream"], &line["retries"]);
        assert_eq!(logged, (&503.into(), &"forward_auth_unavailable".into(), &().into(), &0.into()));
        let labels = "route=\"/\",service=\"app\",status=\"503\",code=\"forward_auth_unavailable\"";
        gateway.wait_metric(&format!("gateway_requests_total{{{labels}}}"), 2.0);
    }
    assert_eq!(upstream.connections(), 0);
    silent.wait_ended(2);
}

#[test]
fn a_client_that_leaves_cancels_the_question() {
    let authoriser = Upstream::scripted(|conn| {
        if conn.receive().is_some() {
            conn.wait_end();
        }
    });
    let upstream = Upstream::ok();
    let gateway = asking(&authoriser, &upstream, "timeout = '1h'");
    let mut client = gateway.connect();
    client.send_request("GET /left HTTP/1.1");
    eventually("it is asked", || (authoriser.requests().len() == 1).then_some(()));
    drop(client);
    authoriser.wait_ended(1);
    let line = gateway.logged("/left");
    assert_eq!((&line["status"], &line["upstream"]), (&499.into(), &().into()));
    assert_eq!(upstream.connections(), 0);
}

#[test]
fn its_connections_are_kept_and_a_stale_one_is_replaced_once() {
    let authoriser = Upstream::consuming(|mut conn| {
        conn.receive();
        conn.send(with_body("200 OK", &[b'x'; 1000]));
        let again = conn.receive().is_some();
        if conn.index > 0 {
            conn.send(ok());
        } else if again {
            conn.reset();
        }
    });
    let upstream = Upstream::ok();
    let gateway = asking(&authoriser, &upstream, "");
    let mut client = gateway.connect();
    for target in ["/1", "/2", "/3"] {
        // A POST as well: it is the question that is asked again, not the request.
        assert_eq!(client.post(target, b"hello").status(), 200, "{target}");
    }
    assert_eq!((authoriser.connections(), authoriser.requests().len()), (2, 4));
    assert_eq!(upstream.requests().len(), 3);
    assert_eq!(gateway.logged("/2")["retries"], 0);
}

/// What a 2xx says in its body is nobody's to wait for.
#[test]
fn a_long_or_endless_body_of_a_2xx_holds_nobody_up() {
    let authoriser = Upstream::scripted(|conn| {
        if conn.receive().is_some() {
            conn.send(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", 1 << 30));
            while conn.send([b'x'; 16 * 1024]) {}
        }
    });
    let slow = Upstream::scripted(|conn| {
        if conn.receive().is_some() {
            conn.send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx");
            conn.wait_end();
        }
    });
    for authoriser in [authoriser, slow] {
        let upstream = Upstream::ok();
        let gateway = asking(&authoriser, &upstream, "");
        for count in 1..3 {
            assert_eq!(gateway.get("/").status(), 200);
            authoriser.wait_ended(count);
        }
    }
}

#[test]
fn the_access_log_tells_the_upstream_and_its_time_alone() {
    let (send, authoriser) = held();
    let upstream = Upstream::ok();
    let gateway = asking(&authoriser, &upstream, "timeout = '10s'");
    let mut client = gateway.connect();
    client.send_request("GET /timed HTTP/1.1");
    eventually("it is asked", || (authoriser.requests().len() == 1).then_some(()));
    assert!(client.stays_silent(Duration::from_millis(300)));
    send.send(()).unwrap();
    assert_eq!(client.answer_to("GET").unwrap().status(), 200);
    let line = gateway.logged("/timed");
    assert_eq!(line["upstream"], upstream.url());
    let millis = |key: &str| line[key].as_f64().unwrap();
    assert!(millis("duration_ms") - millis("upstream_ms") >= 299.0, "{line}");
}

#[test]
fn a_service_of_the_file_is_asked_at_its_healthy_upstreams() {
    let (authoriser, upstream) = (Upstream::ok(), Upstream::ok());
    let refused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let file = format!(
        "defaults.forward_auth = {{ service = 'authz', path = '/verify' }}\n{}\
         [services.authz]\nupstreams = ['http://{refused}', '{}']\nroutes = '/login'\nforward_auth = false\n",
        service("app", &[&upstream], ""),
        authoriser.url()
    );
    let gateway = Gateway::start(&file);
    for _ in 0..4 {
        assert_eq!(gateway.get("/").status(), 200);
    }
    assert_eq!((authoriser.requests().len(), upstream.requests().len()), (4, 4));
    assert_eq!(authoriser.last().start, "GET /verify HTTP/1.1");
    assert_eq!(authoriser.last().field("host"), Some(authoriser.address.to_string().as_str()));
    // Whoever serves the log-in is not asked about it.
    assert_eq!(gateway.get("/login").status(), 200);
    assert_eq!(authoriser.last().target(), "/login");
}

#[test]
fn an_unhealthy_authoriser_lets_nobody_pass() {
    let sick = Upstream::answering(|_| with_body("500 Internal Server Error", b""));
    let upstream = Upstream::ok();
    let file = format!(
        "{}{}",
        service("app", &[&upstream], "forward_auth = { service = 'authz', path = '/verify' }"),
        service("authz", &[&sick], "health = '/health'\nroutes = '/login'")
    );
    let gateway = Gateway::start(&file);
    assert_eq!(code(&gateway.get("/x")), (503, "forward_auth_unavailable".into()));
    assert!(sick.requests().iter().all(|request| request.target() == "/health"));
    assert_eq!(upstream.connections(), 0);
}

#[test]
fn the_routes_rules_for_answers_hold_for_its_answers_too() {
    let (authoriser, upstream) = (denying(), Upstream::ok());
    let rules = "response_headers = { set = { X-Frame-Options = 'DENY' } }";
    let gateway = Gateway::with("", &upstream, &format!("{rules}\n{}", asks(&authoriser, "")));
    let answer = gateway.get("/");
    assert_eq!((answer.status(), answer.field("x-frame-options")), (403, Some("DENY")));
}

#[test]
fn an_authoriser_of_its_own_is_no_service() {
    let (authoriser, upstream) = (Upstream::ok(), Upstream::ok());
    let gateway = asking(&authoriser, &upstream, "");
    assert_eq!(gateway.get("/health?verbose").json()["services"].as_object().unwrap().len(), 1);
    assert_eq!(gateway.admin("/services").json().as_object().map(serde_json::Map::len), Some(1));
    let shown = gateway.admin("/config").json();
    let shown = &shown["services"]["app"]["routes"][0]["forward_auth"];
    assert_eq!(shown["url"], format!("{}/verify?v=1", authoriser.url()));
}

/// Two gateways whose authorisers are each other would ask about each question, on and on.
#[test]
fn a_request_that_goes_round_is_refused() {
    let (authoriser, upstream) = (Upstream::ok(), Upstream::ok());
    let gateway = asking(&authoriser, &upstream, "");
    let via = |count: usize| gateway.ask(&format!("GET / HTTP/1.1\r\nvia: {}", vec!["1.1 gateway"; count].join(", ")));
    assert_eq!(via(7).status(), 200);
    let question = authoriser.last();
    assert_eq!(question.field("via"), Some(&*["1.1 gateway"; 8].join(", ")), "each question says where it was");
    assert_eq!(code(&via(8)), (503, "forward_auth_unavailable".into()));
    assert_eq!(authoriser.requests().len(), 1);
}
