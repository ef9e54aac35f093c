//! `fallback`: what clients get where a service gives no answer.
use std::{fs, net::TcpListener};

use e2e::{Gateway, Upstream, service, with_body};

/// An address where nobody listens.
fn nowhere() -> String {
    format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap())
}

#[test]
fn it_stands_in_for_whatever_the_gateway_would_have_answered() {
    let routes = "routes = ['/plain', { match = '/list', fallback = { status = 200, body = '[]' }, \
                  response_headers = { set = { x-from = 'file' } } }, { match = '/own', fallback = { body = '{}' } }]";
    let cors = "[cors]\norigins = ['https://a.example']\n";
    let gateway = Gateway::start(&format!("{cors}[services.app]\nupstreams = ['{}']\n{routes}\n", nowhere()));
    let answer = gateway.ask("GET /list HTTP/1.1\r\norigin: https://a.example");
    assert_eq!((answer.status(), answer.text().as_str()), (200, "[]"));
    for (name, value) in [
        ("content-type", "application/json"),
        ("cache-control", "no-store"),
        ("x-from", "file"),
        ("access-control-allow-origin", "https://a.example"),
    ] {
        assert_eq!(answer.field(name), Some(value), "{answer:#?}");
    }
    assert!(answer.field("proxy-status").unwrap().contains("upstream_connect_refused"), "{answer:#?}");
    assert!(answer.field("x-request-id").is_some());
    let line = gateway.logged("/list");
    assert_eq!((&line["status"], &line["code"]), (&200.into(), &"upstream_connect_refused".into()), "{line}");
    let own = gateway.get("/own");
    assert_eq!((own.status(), own.text().as_str()), (502, "{}"));
    let mut client = gateway.connect();
    assert_eq!(client.ask("HEAD /list HTTP/1.1").status(), 200);
    let plain = client.get("/plain");
    assert_eq!((plain.status(), plain.field("content-type")), (502, Some("application/problem+json")));
}

#[test]
fn what_the_service_or_a_rule_says_is_not_replaced() {
    let upstream = Upstream::answering(|_| with_body("503 Busy", b"busy"));
    let keys = "routes = [{ match = '/', limits = { body = '1B' }, fallback = { status = 200, body = '[]' } }]";
    let gateway = Gateway::start(&service("app", &[&upstream], keys));
    assert_eq!(gateway.get("/").text(), "busy");
    assert_eq!(gateway.connect().post("/", b"too long").status(), 413);
    assert_eq!(gateway.ask("GET /%00 HTTP/1.1").status(), 400);
}

#[test]
fn a_time_out_is_stood_in_for_and_the_file_is_read_again() {
    let upstream = Upstream::scripted(|conn| {
        conn.receive();
        conn.wait_end();
    });
    let (folder, _) = e2e::write_file("");
    let page = folder.path().join("sorry.html");
    fs::write(&page, "<p>Sorry").unwrap();
    let fallback = format!("{{ content_type = 'text/html', file = '{}' }}", page.display());
    let keys = format!("timeouts.request = '100ms'\nroutes = [{{ match = '/', fallback = {fallback} }}]");
    let gateway = Gateway::start(&service("app", &[&upstream], &keys));
    let answer = gateway.get("/");
    assert_eq!((answer.status(), answer.field("content-type")), (504, Some("text/html")));
    assert_eq!(answer.text(), "<p>Sorry");
    fs::write(&page, "<p>Back soon").unwrap();
    gateway.wait_metric("gateway_reloads_total{result=\"applied\"}", 1.0);
    assert_eq!(gateway.get("/").text(), "<p>Back soon");
}
