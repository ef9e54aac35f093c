//! CASES 18–21: which fields go on, and which the gateway alone may write.
use e2e::{Gateway, Http2, Message, Upstream, ok};

/// What the upstream gets for a request with these lines.
fn forwarded(server: &str, lines: &str) -> Message {
    let upstream = Upstream::ok();
    let gateway = Gateway::with(server, &upstream, "");
    assert_eq!(gateway.ask(&format!("GET / HTTP/1.1\r\n{lines}")).status(), 200);
    upstream.last()
}

const FORGED: &str = "Host: site.example:8000\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 7.7.7.7\r\n\
     X-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Port: 1\r\nX-Real-IP: 6.6.6.6\r\n\
     Forwarded: for=6.6.6.6\r\nVia: 1.0 old";

#[test]
fn an_untrusted_peer_is_believed_nothing() {
    let request = forwarded("", FORGED);
    assert_eq!(request.all("x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(request.all("x-forwarded-proto"), ["http"]);
    assert_eq!(request.all("x-forwarded-host"), ["site.example:8000"]);
    assert_eq!(request.all("forwarded"), ["for=127.0.0.1;host=\"site.example:8000\";proto=http"]);
    assert_eq!(request.all("host"), ["site.example:8000"]);
    assert!(!format!("{request:?}").contains("6.6.6.6"), "{request:?}");
    assert!(request.field("via").unwrap().starts_with("1.0 old, 1.1 "), "{request:?}");
    let others = "X-Forwarded-User: root\r\nX-Forwarded-Prefix: /admin\r\nX-Forwarded_Groups: wheel\r\nX-Forwarder: ok";
    let names: Vec<String> = forwarded("", others).fields.into_iter().map(|(name, _)| name).collect();
    let told: Vec<_> = names.iter().filter(|name| name.starts_with("x-forwarded") || name.contains('_')).collect();
    assert_eq!(told, ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"]);
    assert!(names.iter().any(|name| name == "x-forwarder"), "{names:?}");
}

/// Servers that read `_` as `-` (CGI, WSGI) would take these for ours.
#[test]
fn an_underscore_is_no_way_around() {
    let request = forwarded("", "X_Forwarded_For: 6.6.6.6\r\nX_Real_IP: 6.6.6.6\r\nX-Forwarded_Proto: https");
    let confusable: Vec<_> = request.fields.iter().filter(|(name, _)| name.contains('_')).collect();
    assert_eq!(confusable, Vec::<&(String, String)>::new());
}

#[test]
fn a_trusted_peer_is_the_next_link_of_the_chain() {
    let upstream = Upstream::ok();
    let gateway = Gateway::with("server.trusted_proxies = ['127.0.0.0/8', '10.0.0.0/8']", &upstream, "");
    let chain = "X-Forwarded-For: 6.6.6.6, 203.0.113.7\r\nX-Forwarded-For: 10.1.2.3";
    gateway.ask(&format!("GET /chain HTTP/1.1\r\n{chain}\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: site"));
    let request = upstream.last();
    assert_eq!(request.all("x-forwarded-for").join(", "), "6.6.6.6, 203.0.113.7, 10.1.2.3, 127.0.0.1");
    assert_eq!(request.all("x-forwarded-proto"), ["https"]);
    assert_eq!(request.all("x-forwarded-host"), ["site"]);
    assert_eq!(gateway.logged("/chain")["client"], "203.0.113.7", "walked from the right");
}

#[test]
fn nobody_can_say_who_they_are() {
    let request = forwarded(
        "",
        "X-User-Id: 1\r\nx-user-id: 2\r\nX_User_Id: 3\r\nX-User_Email: a@b\r\nX-USER-SCOPE: admin\r\n\
         Authorization: Bearer t\r\nX-User-Agent: kept",
    );
    let names: Vec<&str> = request.fields.iter().map(|(name, _)| name.as_str()).collect();
    for forged in ["x-user-id", "x_user_id", "x-user_email", "x-user-scope"] {
        assert!(!names.contains(&forged), "{forged}");
    }
    assert_eq!(request.field("authorization"), Some("Bearer t"));
    assert_eq!(request.field("x-user-agent"), Some("kept"));
}

/// CASES 20, CVE-2024-45410: what `Connection` names goes first, and ours come after.
#[test]
fn connection_cannot_name_away_what_the_gateway_writes() {
    let named =
        "close, X-User-Id, X-Forwarded-For, X-Forwarded-Host, Forwarded, Via, X-Request-Id, traceparent, X-Mine";
    let request =
        forwarded("", &format!("Connection: {named}\r\nX-User-Id: 1\r\nX-Mine: 1\r\nX-Forwarded-For: 6.6.6.6"));
    assert_eq!(request.field("x-forwarded-for"), Some("127.0.0.1"));
    for ours in ["x-forwarded-host", "x-forwarded-proto", "forwarded", "via", "x-request-id", "traceparent", "host"] {
        assert!(request.field(ours).is_some(), "{ours}: {request:#?}");
    }
    for gone in ["x-user-id", "x-mine", "connection"] {
        assert_eq!(request.field(gone), None, "{gone}");
    }
}

#[test]
fn connection_cannot_name_away_what_frames_and_routes() {
    let upstream = Upstream::ok();
    let gateway = Gateway::before(&upstream);
    let mut client = gateway.connect();
    let head = "POST / HTTP/1.1\r\nHost: a\r\nConnection: Host, Content-Length, Transfer-Encoding\r\nContent-Length: 5\r\n\r\n";
    client.send(format!("{head}hello"));
    assert_eq!(client.answer_to("POST").unwrap().status(), 200);
    assert_eq!((upstream.last().body, upstream.requests().len()), (b"hello".to_vec(), 1));
}

#[test]
fn what_is_about_one_connection_stays_on_it() {
    let hop = "Connection: keep-alive\r\nKeep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nTE: gzip\r\n\
               Proxy-Authorization: Basic eA==";
    let request = forwarded("", hop);
    for name in ["keep-alive", "proxy-connection", "te", "connection", "proxy-authorization"] {
        assert_eq!(request.field(name), None, "{name}");
    }
    let request = forwarded("", "TE: gzip, trailers\r\nConnection: TE");
    assert_eq!(request.field("te"), Some("trailers"));
}

#[test]
fn an_answer_loses_its_hop_by_hop_fields_too() {
    let upstream = Upstream::answering(|_| {
        let fields = "Connection: X-Secret\r\nX-Secret: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: x\r\nUpgrade: h2\r\n\
                      Proxy-Authenticate: Basic";
        format!("HTTP/1.1 200 Fine\r\n{fields}\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nServer: up\r\nContent-Length: 2\r\n\r\nok")
            .into()
    });
    let gateway = Gateway::before(&upstream);
    let mut client = gateway.connect();
    let answer = client.get("/");
    for name in ["x-secret", "keep-alive", "proxy-connection", "upgrade", "proxy-authenticate", "connection"] {
        assert_eq!(answer.field(name), None, "{name}");
    }
    assert_eq!(answer.all("set-cookie"), ["a", "b"]);
    assert_eq!(answer.field("server"), Some("up"));
    assert_eq!(client.get("/").status(), 200, "the connection is kept");
}

/// The bytes of a value are nobody's business; RFC 9110 §5.5 lets obs-text through.
#[test]
fn values_pass_byte_for_byte() {
    let upstream = Upstream::scripted(|conn| {
        let head = conn.take_to(b"\r\n\r\n").unwrap();
        assert!(
            head.windows(9).any(|window| window == b"\xe4\xf6 \"a\\b\"\t"[..9].as_ref()),
            "{}",
            head.escape_ascii()
        );
        conn.send(b"HTTP/1.1 200 OK\r\nX-B: \xff,\xfe\r\ncontent-length: 0\r\n\r\n");
        conn.wait_end();
    });
    let gateway = Gateway::before(&upstream);
    let mut client = gateway.connect();
    client.send(b"GET / HTTP/1.1\r\nHost: a\r\nX-A: \xe4\xf6 \"a\\b\"\tc\r\n\r\n");
    let answer = client.take_to(b"\r\n\r\n").unwrap();
    assert!(answer.windows(3).any(|window| window == b"\xff,\xfe"), "{}", answer.escape_ascii());
}

/// RFC 9110 §6.6.1: whoever passes an answer on says when it came, if nobody has.
#[test]
fn an_answer_that_does_not_say_when_it_was_made_is_dated() {
    let theirs = "Thu, 15 Jan 2026 10:30:00 GMT";
    let upstream = Upstream::answering(move |request| match request.target() {
        "/dated" => format!("HTTP/1.1 200 OK\r\ndate: {theirs}\r\ncontent-length: 2\r\n\r\nok").into(),
        _ => ok(),
    });
    let gateway = Gateway::with("", &upstream, "routes = ['/a', '/dated']");
    let mut over_http2 = Http2::connect(gateway.address);
    for (stream, target) in [(1, "/a"), (3, "/nobody"), (5, "/health")] {
        for answer in [gateway.get(target), over_http2.get(stream, target)] {
            let date = answer.all("date");
            assert!(
                matches!(date[..], [one] if one.len() == theirs.len() && one.ends_with(" GMT")),
                "{target}: {date:?}"
            );
        }
    }
    assert_eq!(gateway.get("/dated").all("date"), [theirs]);
    assert_eq!(over_http2.get(7, "/dated").all("date"), [theirs]);
}
