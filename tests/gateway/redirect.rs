//! `redirect`: where clients are sent in place of the service.
use e2e::{Gateway, Upstream, service, with_body};

use crate::upstream_faults::code;

const NOBODY: &str = "[services.app]\nupstreams = 'http://127.0.0.1:1'\n";

fn start(routes: &str) -> Gateway {
    Gateway::start(&format!("{NOBODY}routes = [{routes}]"))
}

/// The status and the address that a client is sent to.
#[track_caller]
fn check(gateway: &Gateway, target: &str, status: u16, location: &str) {
    let answer = gateway.get(target);
    assert_eq!((answer.status(), answer.field("location")), (status, Some(location)), "{target}");
    assert_eq!((answer.field("content-length"), &answer.body[..]), (Some("0"), &b""[..]));
}

#[test]
fn a_client_is_sent_on_while_no_service_is_up() {
    let gateway = start(
        "{ match = '/old/{id}$', redirect = '/new/{id}' },
         { match = '/moved', redirect = { to = 'https://new.example.com/here', status = 301 } },
         { match = '~/re/(.*)/(.*)', redirect = { to = '/$2?first=$1', status = 302 } },
         { match = 'POST /form$', redirect = { to = '/done', status = 303 } },
         { match = '/tmp$', redirect = { to = '/t', status = 307 } }",
    );
    check(&gateway, "/old/7", 308, "/new/7");
    check(&gateway, "/old/7?a=%2f&&b='%zz", 308, "/new/7?a=%2f&&b='%zz");
    check(&gateway, "/old/7?a=\"\u{e9}", 308, "/new/7?a=\"\u{e9}");
    check(&gateway, "/moved/a/b?c", 301, "https://new.example.com/here/a/b?c");
    check(&gateway, "/re/a/b?c=d", 302, "/b?first=a");
    check(&gateway, "/tmp", 307, "/t");
    let mut client = gateway.connect();
    let answer = client.post("/form", b"a=1");
    assert_eq!((answer.status(), answer.field("location")), (303, Some("/done")));
    let line = gateway.logged("/moved/a/b");
    assert_eq!((&line["route"], &line["upstream"], &line["code"]), (&"/moved".into(), &().into(), &().into()));
    let sample = "gateway_requests_total{route=\"/tmp$\",service=\"app\",status=\"307\",code=\"\"}";
    assert_eq!(gateway.metric(sample), Some(1.0));
}

/// Whatever a client asks for, it is not sent to a host of its choice.
#[test]
fn no_client_chooses_the_host() {
    let gateway = start(
        "{ match = '~/go(.*)', redirect = '/$1' }, { match = '/to/{host}', redirect = '/{host}' },
         { match = '~/abs(.*)', redirect = 'https://good.example/$1' }",
    );
    check(&gateway, "/go//evil.example", 308, "/evil.example");
    check(&gateway, "/go/evil.example", 308, "/evil.example");
    check(&gateway, "/to//evil.example", 308, "/evil.example");
    check(&gateway, "/abs@evil.example", 308, "https://good.example/@evil.example");
    check(&gateway, "/abs//evil.example", 308, "https://good.example/evil.example");
    for target in ["/go/%2fevil.example", "/go\\evil.example", "/go/%5Cevil.example"] {
        let (status, _) = code(&gateway.get(target));
        assert_eq!(status, 400, "{target}");
    }
}

/// Who may not pass is not told where it goes; what is sent along is not taken for the next request.
#[test]
fn the_rules_hold_before_it() {
    let upstream = Upstream::answering(|_| with_body("200 OK", b"never"));
    let keys = "routes = [{ match = '/r', redirect = '/x', limits.body = 3, required_headers = 'X-A',
                 rate_limit = { requests = 3, per = '1h' }, response_headers.set.X-B = '1',
                 cors = { origins = 'https://a.example' } }]";
    let gateway = Gateway::start(&service("app", &[&upstream], keys));
    assert_eq!(gateway.get("/r").status(), 400);
    let mut client = gateway.connect();
    client.send("POST /r HTTP/1.1\r\nhost: a\r\nx-a: 1\r\ncontent-length: 4\r\n\r\nabcd");
    assert_eq!(client.answer_to("POST").unwrap().status(), 413);
    let answer = gateway.ask("GET /r HTTP/1.1\r\nx-a: 1\r\norigin: https://a.example");
    assert_eq!((answer.status(), answer.field("x-b")), (308, Some("1")));
    assert_eq!(answer.field("access-control-allow-origin"), Some("https://a.example"));
    assert_eq!(gateway.ask("GET /r HTTP/1.1\r\nx-a: 1").status(), 429);
    assert_eq!(upstream.requests().len(), 0, "no service is asked");
}

#[test]
fn a_reload_carries_it() {
    let file = |redirect: &str| format!("{NOBODY}routes = [{{ match = '/a', redirect = '{redirect}' }}]");
    let gateway = Gateway::start(&file("/b"));
    check(&gateway, "/a", 308, "/b");
    gateway.reload(&file("/c"), "applied");
    check(&gateway, "/a", 308, "/c");
    gateway.stderr.find("the difference", |line| line.contains("routes changed: /a").then_some(()));
}
