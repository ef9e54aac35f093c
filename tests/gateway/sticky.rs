//! `load_balance = { sticky = "cookie:NAME" }`: a client keeps the upstream that its cookie names.
use std::collections::BTreeSet;

use e2e::{Authority, Client, Gateway, Message, Upstream, client, eventually, service, with_body};

const STICKY: &str = "load_balance = { sticky = 'cookie:node' }";

/// Answers with its name, but for `/hold`.
fn named(name: &'static str) -> Upstream {
    Upstream::scripted(move |conn| {
        while let Some(request) = conn.receive() {
            if request.target() == "/hold" {
                conn.wait_end();
                return;
            }
            conn.send(with_body("200 OK", name.as_bytes()));
        }
    })
}

fn file(upstreams: &[Upstream], keys: &str) -> String {
    service("app", &upstreams.iter().collect::<Vec<_>>(), keys)
}

/// The name and the value of the cookie that came with this.
fn pair(answer: &Message) -> String {
    let cookie = answer.field("set-cookie").unwrap_or_else(|| panic!("no cookie: {answer:#?}"));
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    assert_eq!(attributes, "Path=/; HttpOnly; SameSite=Lax");
    pair.to_owned()
}

fn ask(gateway: &Gateway, pair: &str) -> Message {
    gateway.ask(&format!("GET / HTTP/1.1\r\ncookie: a=b; {pair}; c=d"))
}

#[test]
fn a_client_keeps_its_upstream_over_workers_replicas_and_reloads() {
    let upstreams = ["a", "b", "c"].map(named);
    let file = file(&upstreams, STICKY);
    let workers = "server.workers = 3\n";
    let (gateway, replica) = (Gateway::start(&format!("{workers}{file}")), Gateway::start(&file));
    let mut seen = BTreeSet::new();
    for _ in 0..9 {
        let first = gateway.get("/");
        let pair = pair(&first);
        let value = pair.strip_prefix("node=").unwrap();
        assert!(value.len() == 16 && value.bytes().all(|byte| byte.is_ascii_hexdigit()), "{pair}: no address");
        for gateway in [&gateway, &gateway, &gateway, &replica] {
            let again = ask(gateway, &pair);
            assert_eq!((again.text(), again.field("set-cookie")), (first.text(), None));
        }
        seen.insert((first.text(), pair));
    }
    assert_eq!(seen.len(), 3, "one value each, and everyone is asked: {seen:?}");
    gateway.reload(&format!("{workers}{file}slow_start = '1s'\n"), "applied");
    for (name, pair) in &seen {
        assert_eq!(ask(&gateway, pair).text(), *name);
    }
    // Those of a file with one upstream less are still known by their names, whatever their places are.
    gateway.reload(&self::file(&upstreams[1..], STICKY), "applied");
    for (name, pair) in seen.iter().filter(|(name, _)| name != "a") {
        let answer = ask(&gateway, pair);
        assert_eq!((answer.text(), answer.field("set-cookie")), (name.clone(), None));
    }
}

#[test]
fn a_cookie_that_names_nobody_or_somebody_who_is_out_is_replaced() {
    // One that ends its connections ends with them.
    let [a, b] = ["a", "b"].map(|name| {
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: 1\r\nconnection: close\r\n\r\n{name}");
        Upstream::scripted(move |conn| {
            conn.receive();
            conn.send(&answer);
        })
    });
    let gateway = Gateway::start(&service("app", &[&a, &b], STICKY));
    let first = eventually("a is asked", || {
        let answer = gateway.get("/");
        (answer.text() == "a").then_some(answer)
    });
    for unknown in ["node=", "node=0123456789abcdef", "node=http://10.0.0.1"] {
        assert!(ask(&gateway, unknown).field("set-cookie").is_some(), "{unknown}");
    }
    let address = a.address;
    drop(a);
    eventually("its port is closed", || std::net::TcpStream::connect(address).err());
    let other = ask(&gateway, &pair(&first));
    assert_eq!((other.status(), other.text().as_str()), (200, "b"), "it is sent again to the other");
    assert_ne!(pair(&other), pair(&first));
    let after = ask(&gateway, &pair(&other));
    assert_eq!((after.text().as_str(), after.field("set-cookie")), ("b", None));
}

#[test]
fn one_without_room_is_passed_over_for_once() {
    let upstreams = ["a", "b"].map(named);
    let gateway = Gateway::start(&file(&upstreams, &format!("{STICKY}\nmax_in_flight = 1")));
    let first = gateway.get("/");
    let mut held = gateway.connect();
    held.send_request(&format!("GET /hold HTTP/1.1\r\ncookie: {}", pair(&first)));
    let is_held = |upstream: &Upstream| upstream.requests().iter().any(|request| request.target() == "/hold");
    eventually("it is held", || upstreams.iter().any(is_held).then_some(()));
    let other = ask(&gateway, &pair(&first));
    assert_ne!(other.text(), first.text());
    assert_ne!(pair(&other), pair(&first));
    drop(held);
    gateway.logged("/hold");
    assert_eq!(ask(&gateway, &pair(&first)).text(), first.text());
}

/// Whoever gets what is stored for another does not get the other's upstream.
#[test]
fn a_stored_answer_has_no_cookie() {
    let upstreams = ["a", "b"].map(|name| {
        Upstream::answering(move |_| {
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncache-control: max-age=60\r\n\r\n{name}");
            answer.into_bytes()
        })
    });
    let gateway = Gateway::start(&file(&upstreams, &format!("{STICKY}\ncache = true")));
    let first = gateway.get("/");
    pair(&first);
    let stored = gateway.get("/");
    assert!(stored.field("cache-status").unwrap().contains("hit"), "{stored:#?}");
    assert_eq!((stored.text(), stored.field("set-cookie")), (first.text(), None));
}

#[test]
fn it_is_secure_over_tls() {
    let (authority, upstream) = (Authority::new(), named("a"));
    let certificates = format!("server.tls.certificates = [{}]", authority.issue(&["a.test"]).toml());
    let tls = format!("server.tls.listen = '127.0.0.1:0'\n{certificates}\n");
    let gateway = Gateway::start(&format!("{tls}{}", service("app", &[&upstream], STICKY)));
    let mut config = std::sync::Arc::unwrap_or_clone(client(&authority, None, &[]));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let mut client = Client::tls(gateway.https.unwrap(), &config.into(), "a.test").unwrap();
    assert!(client.get("/").field("set-cookie").unwrap().ends_with("; SameSite=Lax; Secure"));
}
