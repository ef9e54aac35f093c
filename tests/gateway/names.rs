//! CASES 40: a name stands for what its name server says, for as long as that says.
use std::net::TcpListener;

use e2e::{Gateway, NameServer, Upstream, eventually, ok, with_body};

/// Servers that answer by their own addresses, all on one port.
fn servers<const N: usize>(addresses: [&'static str; N]) -> ([Upstream; N], u16) {
    let listeners = eventually("a port that is free at all addresses", || {
        let first = TcpListener::bind((addresses[0], 0)).unwrap();
        let port = first.local_addr().unwrap().port();
        let rest = addresses[1..].iter().map(|address| TcpListener::bind((*address, port)));
        std::iter::once(Ok(first)).chain(rest).collect::<Result<Vec<_>, _>>().ok()
    });
    let port = listeners[0].local_addr().unwrap().port();
    let mut pairs = listeners.into_iter().zip(addresses);
    let servers = std::array::from_fn(|_| {
        let (listener, address) = pairs.next().unwrap();
        Upstream::on(listener, move |mut conn| {
            while conn.receive().is_some() {
                conn.send(with_body("200 OK", address.as_bytes()));
            }
        })
    });
    (servers, port)
}

fn file(names: &NameServer, url: &str, keys: &str) -> String {
    format!("dns.servers = ['{}']\n[services.app]\nupstreams = ['{url}']\nroutes = ['/']\n{keys}\n", names.address)
}

/// Who answers four requests one after the other.
fn round(gateway: &Gateway) -> Vec<String> {
    let mut client = gateway.connect();
    let mut answers: Vec<_> = (0..4).map(|_| client.get("/").text()).collect();
    answers.sort();
    answers.dedup();
    answers
}

#[test]
fn a_name_is_balanced_over_its_addresses_and_followed_by_its_time_to_live() {
    let names = NameServer::start();
    let (_servers, port) = servers(["127.0.0.2", "127.0.0.3", "127.0.0.4"]);
    names.set("app.test", &["127.0.0.3", "127.0.0.2"], 1);
    let gateway = Gateway::start(&file(&names, &format!("http://app.test:{port}"), "health = '/'"));
    assert_eq!(round(&gateway), ["127.0.0.2", "127.0.0.3"], "from the first request on");
    let health = gateway.get("/health?verbose").json();
    let shown = &health["services"]["app"]["upstreams"][1];
    assert_eq!((&shown["url"], &shown["address"]), (&format!("http://app.test:{port}").into(), &"127.0.0.3".into()));
    let line =
        gateway.stdout.find("the line of a request", |line| line.contains("upstream_address").then(|| line.to_owned()));
    assert!(
        line.contains(&format!("\"upstream\":\"http://app.test:{port}\",\"upstream_address\":\"127.0.0.")),
        "{line}"
    );
    names.set("app.test", &["127.0.0.4", "127.0.0.2"], 1);
    let told = gateway.stderr.find("the new address", |line| line.contains("app.test is at").then(|| line.to_owned()));
    assert!(told.contains("127.0.0.2, 127.0.0.4 now, no longer at 127.0.0.3"), "{told}");
    // The new one serves once it has been probed.
    eventually("both serve", || (round(&gateway) == ["127.0.0.2", "127.0.0.4"]).then_some(()));
    // While nobody can be asked, what was known last serves.
    names.set_silent(true);
    gateway.stderr.find("the silence", |line| line.contains("its last addresses serve on").then_some(()));
    assert_eq!(round(&gateway), ["127.0.0.2", "127.0.0.4"]);
}

#[test]
fn a_name_that_does_not_resolve_at_the_start_stops_nothing_and_is_found_later() {
    let names = NameServer::start();
    let (_servers, port) = servers(["127.0.0.2"]);
    let gateway = Gateway::start(&file(&names, &format!("http://late.test:{port}"), ""));
    let answer = gateway.get("/");
    assert_eq!((answer.status(), answer.json()["code"].as_str()), (502, Some("upstream_dns")));
    assert_eq!(gateway.get("/health").status(), 503, "nobody can be asked");
    names.set("late.test", &["127.0.0.2"], 60);
    eventually("the name", || (gateway.get("/").status() == 200).then_some(()));
    assert_eq!(round(&gateway), ["127.0.0.2"]);
    assert_eq!(gateway.get("/health").status(), 200);
}

#[test]
fn a_name_is_not_asked_for_again_before_its_time() {
    let names = NameServer::start();
    let (_servers, port) = servers(["127.0.0.2"]);
    names.set("app.test", &["127.0.0.2"], 3600);
    let gateway = Gateway::start(&file(&names, &format!("http://app.test:{port}"), ""));
    let before = names.questions();
    for _ in 0..20 {
        assert_eq!(gateway.connect().get("/").text(), "127.0.0.2");
    }
    assert_eq!(names.questions(), before, "a request asks nobody");
}

#[test]
fn a_reload_asks_other_name_servers_and_keeps_what_stays() {
    let (first, second) = (NameServer::start(), NameServer::start());
    let (_servers, port) = servers(["127.0.0.2", "127.0.0.3"]);
    first.set("app.test", &["127.0.0.2"], 3600);
    second.set("app.test", &["127.0.0.3"], 3600);
    let url = format!("http://app.test:{port}");
    let gateway = Gateway::start(&file(&first, &url, ""));
    let mut kept = gateway.connect();
    assert_eq!(kept.get("/").text(), "127.0.0.2");
    gateway.reload(&file(&second, &url, ""), "applied");
    gateway.stderr.find("the new address", |line| line.contains("name servers changed").then_some(()));
    eventually("the second server's word", || (kept.get("/").text() == "127.0.0.3").then_some(()));
}

#[test]
fn names_of_the_system_and_addresses_need_no_name_server() {
    let upstream = Upstream::on(TcpListener::bind("127.0.0.1:0").unwrap(), |mut conn| {
        while conn.receive().is_some() {
            conn.send(ok());
        }
    });
    let url = upstream.url().replace("127.0.0.1", "localhost");
    let gateway = Gateway::start(&format!("[services.app]\nupstreams = ['{url}']\nroutes = ['/']\n"));
    assert_eq!(gateway.get("/").status(), 200);
}
