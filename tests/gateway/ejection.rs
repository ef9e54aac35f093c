//! Who shut an upstream out: its active check, or what traffic met. Both are told apart, and traffic may not shut out too
//! many.
use std::{net::TcpListener, thread};

use e2e::{Gateway, Upstream, eventually, service, with_body};
use serde_json::Value;

use crate::upstream_faults::code;

/// One whose checks go well and whose requests do not.
fn failing() -> Upstream {
    Upstream::answering(|request| {
        let status = if request.target() == "/probe" { "200 OK" } else { "503 x" };
        with_body(status, b"")
    })
}

/// What the admin says of the upstreams of `app`.
fn upstreams(gateway: &Gateway) -> Vec<Value> {
    gateway.admin("/services").json()["app"]["upstreams"].as_array().expect("upstreams").clone()
}

fn count(gateway: &Gateway, upstream: &Upstream, by: &str, expected: f64) {
    let url = upstream.url();
    gateway
        .wait_metric(&format!("gateway_ejections_total{{service=\"app\",upstream=\"{url}\",by=\"{by}\"}}"), expected);
}

#[test]
fn a_circuit_is_traffics_and_checks_that_go_well_do_not_close_it() {
    let upstream = failing();
    let keys = "circuit_breaker = { failure_threshold = 2, recovery_timeout = '1h' }
                health = { path = '/probe', interval = '20ms' }";
    let gateway = Gateway::with("", &upstream, keys);
    let before = upstreams(&gateway).remove(0);
    assert_eq!((&before["ejected"], &before["ejected_by"]), (&Value::Null, &Value::Null), "{before}");
    let mut client = gateway.connect();
    assert_eq!([0; 3].map(|_| client.get("/").field("retry-after").is_some()), [false, false, true]);
    let probes = || upstream.requests().iter().filter(|request| request.target() == "/probe").count();
    let known = probes();
    eventually("more checks", || (probes() > known + 3).then_some(()));
    let after = upstreams(&gateway).remove(0);
    assert_eq!((&after["status"], &after["ejected_by"]), (&"healthy".into(), &Value::Null), "{after}");
    let ejected = &after["ejected"];
    assert_eq!((&ejected["by"], &ejected["reason"]), (&"circuit".into(), &"503".into()), "{after}");
    // An hour later it is as many minutes and seconds past the hour.
    let [since, until] = ["since", "until"].map(|key| ejected[key].as_str().unwrap().to_owned());
    assert!(since < until && since[13..] == until[13..], "{after}");
    for (by, expected) in [("circuit", 1.0), ("check", 0.0), ("request", 0.0)] {
        count(&gateway, &upstream, by, expected);
    }
    gateway.stderr.find("the log", |line| {
        (line.contains("circuit opened") && line.contains("503") && line.contains("3600s")).then_some(())
    });
}

#[test]
fn a_check_is_not_traffic() {
    let upstream = Upstream::answering(|_| with_body("500 x", b""));
    let gateway = Gateway::with("", &upstream, "health = { path = '/probe', interval = '1h' }");
    let told = eventually("a check", || {
        let told = upstreams(&gateway).remove(0);
        (told["status"] == "unhealthy").then_some(told)
    });
    assert_eq!((&told["ejected_by"], &told["ejected"]), (&"check".into(), &Value::Null), "{told}");
    for (by, expected) in [("circuit", 0.0), ("check", 1.0), ("request", 0.0)] {
        count(&gateway, &upstream, by, expected);
    }
}

/// `max_open` of two, 0.5, is one: the other stays in, though it cannot be reached either.
#[test]
fn requests_that_reach_nobody_shut_out_no_more_than_max_open() {
    let both = [(); 2].map(|()| {
        Upstream::on(TcpListener::bind("127.0.0.1:0").unwrap(), |mut conn| {
            conn.receive();
            conn.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        })
    });
    let keys = "health = { path = '/probe', interval = '1h', unhealthy_after = 100 }";
    let gateway = Gateway::start(&service("app", &[&both[0], &both[1]], keys));
    let told =
        |gateway: &Gateway, key: &str| upstreams(gateway).into_iter().map(|one| one[key].clone()).collect::<Vec<_>>();
    eventually("both are healthy", || told(&gateway, "status").iter().all(|status| status == "healthy").then_some(()));
    let addresses = both.each_ref().map(|one| one.address);
    drop(both);
    for address in addresses {
        eventually("its port is closed", || std::net::TcpStream::connect(address).err());
    }
    thread::scope(|scope| {
        for _ in 0..4 {
            // Fewer failures each than a circuit takes.
            scope.spawn(|| assert_eq!(code(&gateway.get("/")), (502, "upstream_connect_refused".into())));
        }
    });
    let ejected: Vec<Value> = told(&gateway, "ejected").into_iter().filter(|one| !one.is_null()).collect();
    assert_eq!(ejected.len(), 1, "{ejected:?}");
    assert_eq!((&ejected[0]["by"], &ejected[0]["until"]), (&"request".into(), &Value::Null), "{ejected:?}");
    assert_eq!(ejected[0]["reason"], "upstream_connect_refused");
    assert_eq!(told(&gateway, "ejected_by").iter().filter(|by| *by == "request").count(), 1);
}
