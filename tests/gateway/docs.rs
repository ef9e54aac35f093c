//! SPEC §3: `/docs` and `/openapi.json`, what the services behind the gateway take and give, as its clients reach it.
use std::{net::TcpListener, time::Duration};

use e2e::{Gateway, Upstream, eventually, service, with_body};
use serde_json::{Value, json};

/// A service whose `POST /things` takes a `Thing` of this type.
fn documented(kind: &str) -> Upstream {
    let thing = json!({ "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Thing" } } } });
    let paper = json!({
        "openapi": "3.1.0",
        "info": { "title": "things", "version": "1" },
        "paths": { "/things": { "post": { "requestBody": thing } }, "/inside": { "get": {} } },
        "components": { "schemas": { "Thing": { "type": kind } } },
    });
    let paper = paper.to_string();
    Upstream::answering(move |request| match request.target() {
        "/openapi.json" => with_body("200 OK", paper.as_bytes()),
        _ => with_body("404 Not Found", b""),
    })
}

/// The gateway before `a` and `b`, which both have `/things`, and with these services too.
fn before(a: &Upstream, b: &Upstream, more: &str) -> Gateway {
    let route = |name: &str| format!("routes = [{{ match = '/{name}/things', strip_prefix = '/{name}' }}]");
    Gateway::start(&format!("{}{}{more}", service("a", &[a], &route("a")), service("b", &[b], &route("b"))))
}

fn questions(upstream: &Upstream) -> usize {
    upstream.requests().iter().filter(|request| request.target() == "/openapi.json").count()
}

#[test]
fn the_services_documents_are_merged() {
    let (a, b) = (documented("string"), documented("integer"));
    let none = Upstream::answering(|_| with_body("404 Not Found", b"{}"));
    let garbage = Upstream::answering(|_| with_body("200 OK", b"<html>"));
    // It takes connections, and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let more = format!(
        "{}{}[services.silent]\nupstreams = ['http://{}']\nroutes = ['/silent']\n\
         [services.away]\nupstreams = ['http://127.0.0.1:1']\nroutes = ['/away']\n",
        service("none", &[&none], "routes = ['/none']"),
        service("garbage", &[&garbage], "routes = ['/garbage']"),
        silent.local_addr().unwrap()
    );
    let gateway = before(&a, &b, &more);
    assert_eq!(questions(&a), 0, "nobody has asked yet");
    let answer = gateway.get("/openapi.json");
    assert_eq!((answer.status(), answer.field("content-type")), (200, Some("application/json")));
    let merged = answer.json();
    let paths: Vec<_> = merged["paths"].as_object().unwrap().keys().collect();
    assert_eq!(paths, ["/a/things", "/b/things"], "what no route reaches is not shown");
    for (path, name, kind) in [("/a/things", "a.Thing", "string"), ("/b/things", "b.Thing", "integer")] {
        let body = &merged["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        assert_eq!(*body, format!("#/components/schemas/{name}"));
        assert_eq!(merged["components"]["schemas"][name]["type"], kind);
    }
    let left_out: Vec<_> = merged["x-left-out"].as_object().unwrap().keys().collect();
    assert_eq!(left_out, ["away", "garbage", "none", "silent"]);
    assert!(!answer.text().contains("127.0.0.1"), "an upstream's address is nobody's business");
    let line = gateway.logged("/openapi.json");
    assert_eq!((&line["status"], &line["upstream"]), (&200.into(), &Value::Null));
}

#[test]
fn a_document_is_made_once_for_all_who_ask() {
    let (a, b) = (documented("string"), documented("integer"));
    let gateway = before(&a, &b, "");
    let text = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..8).map(|_| scope.spawn(|| gateway.get("/openapi.json").text())).collect();
        let texts: Vec<_> = asked.into_iter().map(|asked| asked.join().unwrap()).collect();
        assert!(texts.windows(2).all(|two| two[0] == two[1]));
        texts[0].clone()
    });
    assert_eq!(gateway.get("/openapi.json").text(), text);
    assert_eq!((questions(&a), questions(&b)), (1, 1));
    assert!(a.requests()[0].field("user-agent").unwrap().contains("openapi"));
}

#[test]
fn a_service_that_comes_is_shown() {
    let (a, b) = (documented("string"), documented("integer"));
    let place = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let more = format!("[services.late]\nupstreams = ['http://{place}']\nroutes = ['/late/things']\n");
    let gateway = before(&a, &b, &more);
    assert!(gateway.get("/openapi.json").json()["x-left-out"]["late"].is_string());
    let paper = json!({ "openapi": "3.1.0", "paths": { "/late/things": { "get": {} } } }).to_string();
    let _late = Upstream::on(TcpListener::bind(place).unwrap(), move |mut conn| {
        while conn.receive().is_some() {
            conn.send(with_body("200 OK", paper.as_bytes()));
        }
    });
    eventually("the service is shown", || {
        let merged = gateway.get("/openapi.json").json();
        merged["paths"]["/late/things"]["get"].is_object().then(|| assert!(merged.get("x-left-out").is_none()))
    });
}

#[test]
fn an_endless_document_is_left_out() {
    let endless = Upstream::scripted(|conn| {
        conn.receive();
        conn.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        conn.send_until_blocked(format!("4000\r\n{}\r\n", " ".repeat(0x4000)).as_bytes(), Duration::from_secs(1));
    });
    let gateway = Gateway::with("", &endless, "routes = ['/a']");
    assert!(gateway.get("/openapi.json").json()["x-left-out"]["app"].is_string());
    assert_eq!(gateway.get("/").status(), 200, "and the gateway serves on");
}

#[test]
fn the_page_loads_all_of_it_from_the_gateway() {
    let upstream = documented("string");
    let gateway = Gateway::with("", &upstream, "routes = ['/things']");
    let page = gateway.get("/docs");
    assert_eq!((page.status(), page.field("content-type")), (200, Some("text/html; charset=utf-8")));
    let policy = page.field("content-security-policy").unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
    let text = page.text();
    let links = text.match_indices("src=\"").chain(text.match_indices("href=\""));
    let links: Vec<_> = links.map(|(at, name)| text[at + name.len()..].split('"').next().unwrap()).collect();
    assert_eq!(links.len(), 5, "{links:?}");
    for link in links.into_iter().filter(|link| *link != "data:,") {
        let answer = gateway.get(&format!("/{link}"));
        assert_eq!((answer.status(), answer.field("x-content-type-options")), (200, Some("nosniff")), "{link}");
    }
    assert_eq!(gateway.get("/docs/swagger-ui.css").field("content-encoding"), Some("gzip"));
    assert_eq!(gateway.ask("HEAD /docs HTTP/1.1").status(), 200);
    let posted = gateway.connect().post("/docs", b"");
    assert_eq!((posted.status(), posted.field("allow")), (405, Some("GET, HEAD")));
    assert_eq!(gateway.get("/docs/index.html").json()["code"], "no_route");
    assert_eq!(gateway.get("/").json()["docs"], "/docs");
}

#[test]
fn a_route_goes_first_and_the_operator_can_turn_it_off() {
    let upstream = Upstream::ok();
    let gateway = Gateway::before(&upstream);
    assert_eq!((gateway.get("/docs").text(), gateway.get("/openapi.json").text()), ("ok".into(), "ok".into()));
    let off = Gateway::with("server.docs = false", &upstream, "routes = ['/things']");
    for path in ["/docs", "/openapi.json", "/docs/start.js"] {
        let answer = off.get(path);
        assert_eq!((answer.status(), &answer.json()["code"]), (404, &json!("no_route")), "{path}");
    }
    assert!(off.get("/").json().get("docs").is_none());
    assert!(upstream.requests().iter().all(|request| request.field("user-agent").is_none()), "nobody was asked");
    // What no route takes counts against the file's limit, these pages too.
    let limited = Gateway::with("rate_limit = { requests = 1, per = '1h' }", &upstream, "routes = ['/things']");
    assert_eq!((limited.get("/docs").status(), limited.get("/docs").status()), (200, 429));
}
