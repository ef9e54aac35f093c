//! SPEC's fine print on health: what the probes say, and what becomes of traffic.
use std::{
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicU16, AtomicUsize, Ordering},
    },
};

use e2e::{Gateway, Upstream, eventually, ok, service, with_body};
use serde_json::Value;

/// An upstream whose `/probe` answers with this status, which a test may change.
fn probed(status: u16) -> (Upstream, Arc<AtomicU16>) {
    let status = Arc::new(AtomicU16::new(status));
    let current = Arc::clone(&status);
    let upstream = Upstream::answering(move |request| match request.target() {
        "/probe" => with_body(&format!("{} x", current.load(Ordering::SeqCst)), b""),
        _ => ok(),
    });
    (upstream, status)
}

const OFTEN: &str =
    "health = { path = '/probe', interval = '50ms', timeout = '2s', healthy_after = 2, unhealthy_after = 3 }";

fn status_of(gateway: &Gateway, service: &str) -> String {
    gateway.get("/health").json()["services"][service].as_str().unwrap().to_owned()
}

fn wait_status(gateway: &Gateway, service: &str, status: &str) {
    eventually(&format!("{service} is {status}"), || (status_of(gateway, service) == status).then_some(()));
}

/// The whole's status and code.
fn whole(gateway: &Gateway) -> (u16, String) {
    let answer = gateway.get("/health");
    (answer.status(), answer.json()["status"].as_str().unwrap().to_owned())
}

#[test]
fn a_healthy_whole_reads_as_the_page_says() {
    let (upstream, _) = probed(200);
    let gateway = Gateway::with("", &upstream, OFTEN);
    assert_eq!(gateway.get("/x").status(), 200);
    let answer = gateway.get("/health");
    let health = answer.json();
    assert_eq!((answer.status(), answer.field("content-type")), (200, Some("application/json")));
    let mut keys: Vec<&String> = health.as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(keys, ["mode", "services", "status", "timestamp"]);
    assert_eq!((&health["status"], &health["services"]["app"]), (&"healthy".into(), &"healthy".into()));
    let timestamp = health["timestamp"].as_str().unwrap();
    assert!(timestamp.len() == 20 && timestamp.ends_with('Z') && timestamp.as_bytes()[10] == b'T', "{timestamp}");
    assert!(upstream.requests().iter().all(|request| request.target() != "/health"), "never forwarded");
    assert_eq!(gateway.ask("HEAD /health HTTP/1.1").status(), 200);
    assert_eq!(gateway.ask("GET /health HTTP/1.1\r\nhost: any.example").status(), 200);
}

#[test]
fn verbose_tells_of_each_upstream() {
    let (good, _) = probed(200);
    let (bad, _) = probed(500);
    let gateway = Gateway::start(&service("app", &[&good, &bad], OFTEN));
    // It is degraded already while the bad one's first probe has not answered.
    let app = eventually("both are probed", || {
        let app = gateway.get("/health?verbose").json()["services"]["app"].clone();
        app["upstreams"].as_array()?.iter().all(|upstream| upstream["status"] != "unknown").then_some(app)
    });
    assert_eq!((&app["status"], &app["critical"]), (&"degraded".into(), &true.into()));
    let [first, second] = app["upstreams"].as_array().unwrap().as_slice() else { panic!("{app}") };
    assert_eq!((&first["url"], &first["status"]), (&good.url().into(), &"healthy".into()));
    assert_eq!((&second["url"], &second["status"]), (&bad.url().into(), &"unhealthy".into()));
    for upstream in [first, second] {
        for key in ["since", "last_check"] {
            assert!(upstream[key].as_str().is_some_and(|time| time.ends_with('Z')), "{key}: {upstream}");
        }
    }
    assert!(first["latency_ms"].is_number() && first["last_error"].is_null(), "{first}");
    assert!(second["last_error"].as_str().is_some_and(|error| error.contains("500")), "{second}");
    assert_eq!(gateway.admin("/services").json()["app"]["upstreams"].as_array().unwrap().len(), 2);
}

#[test]
fn the_first_probe_alone_decides_and_traffic_waits_for_it() {
    let (upstream, _) = probed(500);
    let gateway = Gateway::with("", &upstream, "health = { path = '/probe', interval = '1h' }");
    let answer = gateway.get("/x");
    assert_eq!((answer.status(), answer.json()["code"].as_str()), (503, Some("no_healthy_upstream")));
    assert!(answer.field("retry-after").unwrap().parse::<u32>().unwrap() >= 1);
    let targets: Vec<String> = upstream.requests().iter().map(|request| request.target().to_owned()).collect();
    assert_eq!(targets, ["/probe"]);
    assert_eq!(whole(&gateway), (503, "unhealthy".into()));
}

/// Traffic waits at most 2 s for a probe that hangs; no verdict is no reason to refuse.
#[test]
fn a_first_probe_that_hangs_does_not_hold_traffic_for_long() {
    let upstream = Upstream::scripted(|conn| {
        while let Some(request) = conn.receive() {
            if request.target() == "/probe" {
                conn.wait_end();
                return;
            }
            conn.send(ok());
        }
    });
    let gateway = Gateway::with("", &upstream, "health = { path = '/probe', timeout = '25s' }");
    assert!([200, 503].contains(&gateway.get("/x").status()), "answered before the probe was");
}

#[test]
fn the_thresholds_count_from_the_first_probe_on() {
    let verdicts = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&verdicts);
    // Good; twice bad; good; three times bad; once good; bad; from then on good.
    let plan = "+--+---+-";
    let upstream = Upstream::answering(move |request| {
        let good = request.target() != "/probe"
            || plan.as_bytes().get(count.fetch_add(1, Ordering::SeqCst)).is_none_or(|&verdict| verdict == b'+');
        with_body(if good { "200 OK" } else { "503 Busy" }, b"")
    });
    let gateway = Gateway::with("", &upstream, OFTEN);
    let mut changes = Vec::new();
    while verdicts.load(Ordering::SeqCst) < plan.len() + 3 || changes.len() < 3 {
        let status = status_of(&gateway, "app");
        if changes.last() != Some(&status) {
            changes.push(status);
        }
        assert!(changes.len() < 5, "{changes:?}");
    }
    // The first may be missed: it may have been healthy before the test asked.
    assert_eq!(changes[changes.len() - 3..], ["healthy", "unhealthy", "healthy"]);
    let log = gateway.stderr.all().join("\n");
    assert_eq!(log.matches("is unhealthy").count(), 1, "{log}");
}

#[test]
fn critical_services_decide_over_the_whole() {
    let (good, _) = probed(200);
    let (side, side_status) = probed(500);
    let (main, main_status) = probed(200);
    let keys = |routes: &str, more: &str| format!("routes = ['{routes}']\n{OFTEN}\n{more}");
    let toml = service("good", &[&good], &keys("/good", ""))
        + &service("side", &[&side], &keys("/side", "critical = false"))
        + &service("main", &[&main], &keys("/main", ""));
    let gateway = Gateway::start(&toml);
    wait_status(&gateway, "side", "unhealthy");
    wait_status(&gateway, "main", "healthy");
    assert_eq!(whole(&gateway), (200, "degraded".into()));
    main_status.store(500, Ordering::SeqCst);
    wait_status(&gateway, "main", "unhealthy");
    assert_eq!(whole(&gateway), (503, "unhealthy".into()));
    assert_eq!((gateway.get("/main").status(), gateway.get("/good").status()), (503, 200));
    main_status.store(204, Ordering::SeqCst);
    side_status.store(200, Ordering::SeqCst);
    wait_status(&gateway, "main", "healthy");
    wait_status(&gateway, "side", "healthy");
    assert_eq!(whole(&gateway), (200, "healthy".into()));
    gateway.wait_metric(&format!("gateway_upstream_healthy{{service=\"side\",upstream=\"{}\"}}", side.url()), 1.0);
}

/// A failed connect marks the upstream at once: the request goes to the other one, and so do all that follow.
#[test]
fn a_dead_upstream_is_left_at_its_first_failed_connect() {
    let (alive, _) = probed(200);
    let port = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = port.local_addr().unwrap();
    let dead = Upstream::on(port, |mut conn| {
        conn.receive();
        conn.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    });
    let keys = "health = { path = '/probe', interval = '1h', unhealthy_after = 100 }";
    let gateway = Gateway::start(&service("app", &[&alive, &dead], keys));
    wait_status(&gateway, "app", "healthy");
    drop(dead);
    eventually("its port is closed", || std::net::TcpStream::connect(address).err());
    let mut client = gateway.connect();
    let retries: Vec<Value> = (0..6)
        .map(|n| {
            assert_eq!(client.post(&format!("/n{n}"), b"hello").status(), 200);
            gateway.logged(&format!("/n{n}"))["retries"].clone()
        })
        .collect();
    assert_eq!(retries.iter().filter(|&retries| *retries == 1).count(), 1, "{retries:?}");
    wait_status(&gateway, "app", "degraded");
}

#[test]
fn without_a_probe_an_upstream_counts_as_healthy() {
    let upstream = Upstream::ok();
    let gateway = Gateway::before(&upstream);
    assert_eq!(whole(&gateway), (200, "healthy".into()));
    assert_eq!(upstream.connections(), 0);
}

#[test]
fn a_probe_that_is_too_slow_is_a_failed_one() {
    let upstream = Upstream::scripted(|conn| {
        conn.receive();
        conn.wait_end();
    });
    let gateway = Gateway::with("", &upstream, "health = { path = '/probe', interval = '50ms', timeout = '100ms' }");
    wait_status(&gateway, "app", "unhealthy");
    upstream.wait_ended(2);
}
