//! SPEC §3, "Reload": a saved file is applied without a request, a stream or a connection lost; a bad one changes nothing.
use std::{
    fs,
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use e2e::{
    Client, Conn, End, GRANT, Gateway, Jwks, Signer, Upstream, WebSocket, eventually, from_now, ok, service, with_body,
};
use nix::sys::signal::Signal::SIGHUP;
use serde_json::json;

/// A port that nobody has at this moment.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// An upstream that answers each request by its own name.
fn named(name: &'static str) -> Upstream {
    Upstream::answering(move |_| with_body("200 OK", name.as_bytes()))
}

#[test]
fn a_saved_file_is_applied_and_told() {
    let (old, new) = (named("old"), named("new"));
    let gateway = Gateway::start(&service("app", &[&old], ""));
    let mut kept = gateway.connect();
    assert_eq!(kept.get("/").text(), "old");
    gateway.reload(&service("app", &[&new], "routes = ['/', '/extra']"), "applied");
    assert_eq!(kept.get("/").text(), "new", "on the same connection");
    let told = gateway.stderr.find("what has changed", |line| line.contains("is applied").then(|| line.to_owned()));
    for part in ["routes added: /extra", &format!("upstream {} added", new.url()), &format!("{} removed", old.url())] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
    let config = gateway.admin("/config").json();
    assert_eq!(
        (&config["reload"]["result"], &config["services"]["app"]["routes"][1]["match"]),
        (&"applied".into(), &"/extra".into())
    );
    old.wait_ended(1);
}

/// CASES 43.
#[test]
fn a_bad_file_changes_nothing_and_is_told_as_check_tells_it() {
    let upstream = Upstream::ok();
    let gateway = Gateway::before(&upstream);
    let sound = service("app", &[&upstream], "");
    gateway.reload(&sound.replace("upstreams", "upstream"), "rejected");
    assert_eq!(gateway.get("/").status(), 200);
    gateway.stderr.find("the caret", |line| line.contains("upstream = ").then_some(()));
    gateway.stderr.find("the hint", |line| line.contains("did you mean `upstreams`").then_some(()));
    let reload = &gateway.admin("/config").json()["reload"];
    assert_eq!(reload["result"], "rejected");
    let is_told = |fault: &serde_json::Value| fault["code"] == "unknown_key" && fault["line"].is_u64();
    assert!(reload["faults"].as_array().unwrap().iter().any(is_told), "{reload}");
    // Mended, it says what serves already.
    gateway.reload(&sound, "unchanged");
    // One that needs a port that somebody else has is not half applied.
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = format!("server.listen = ['127.0.0.1:0', '{}']\n{sound}", other.local_addr().unwrap());
    gateway.reload(&taken.replace("app", "other"), "rejected");
    gateway.stderr.find("the port", |line| line.contains("another process has this port").then_some(()));
    assert_eq!(gateway.get("/").status(), 200);
    assert!(gateway.admin("/config").json()["services"]["app"].is_object());
    fs::remove_file(gateway.file()).unwrap();
    gateway.wait_metric("gateway_reloads_total{result=\"rejected\"}", 3.0);
    assert_eq!(gateway.get("/").status(), 200);
}

#[test]
fn sighup_reads_the_file_and_changes_nothing_that_is_the_same() {
    let upstream = Upstream::ok();
    let mut gateway = Gateway::before(&upstream);
    for count in 1..=3 {
        gateway.signal(SIGHUP);
        gateway.wait_metric("gateway_reloads_total{result=\"unchanged\"}", f64::from(count));
    }
    assert_eq!(gateway.metric("gateway_reloads_total{result=\"applied\"}"), Some(0.0));
    assert!(gateway.is_running());
    // A remark is no change either.
    gateway.reload(&format!("# a remark\n{}", service("app", &[&upstream], "")), "unchanged");
}

#[test]
fn a_request_ends_under_the_file_that_it_began_under() {
    let (go_on, told) = mpsc::channel::<()>();
    let told = std::sync::Mutex::new(told);
    let upstream = Upstream::answering(move |request| {
        if request.target() == "/held" {
            let _ = told.lock().unwrap().recv();
        }
        ok()
    });
    let toml = |routes: &str| service("app", &[&upstream], &format!("routes = [{routes}]"));
    let gateway = Gateway::start(&toml("'/held', '/other'"));
    let mut held = gateway.connect();
    held.send_request("GET /held HTTP/1.1");
    eventually("the upstream is asked", || (upstream.requests().len() == 1).then_some(()));
    gateway.reload(&toml("'/other'"), "applied");
    assert_eq!(gateway.get("/held").status(), 404);
    go_on.send(()).unwrap();
    assert_eq!(held.answer_to("GET").unwrap().status(), 200);
    assert_eq!(gateway.logged("/held")["route"], serde_json::Value::Null, "the one that was refused came first");
    // Its numbers are those of a route that is gone, and stay.
    gateway.wait_metric("gateway_requests_total{route=\"/held\",service=\"app\",status=\"200\",code=\"\"}", 1.0);
    assert_eq!(held.get("/held").status(), 404, "and its connection goes on");
    gateway.wait_metric("gateway_requests_total{route=\"\",service=\"\",status=\"404\",code=\"no_route\"}", 2.0);
}

#[test]
fn what_the_file_says_again_is_kept() {
    let (first, second) = (named("first"), named("second"));
    let both = |keys: &str| {
        let limit = "rate_limit = { requests = 3, per = '1h' }";
        let health = "health = { path = '/health', interval = '1h' }";
        service("app", &[&first, &second], &format!("{limit}\n{health}\nroutes = [{keys}]"))
    };
    let gateway = Gateway::start(&both("'/'"));
    let services = || gateway.admin("/services").json()["app"]["upstreams"].clone();
    eventually("both are probed", || {
        services().as_array().unwrap().iter().all(|u| u["status"] == "healthy").then_some(())
    });
    let probed = services();
    assert_eq!(gateway.get("/").text(), "first");
    let connections = first.connections();
    gateway.reload(&both("'/', '/new'"), "applied");
    assert_eq!(services(), probed, "health, and when it was looked at");
    assert_eq!(gateway.get("/").text(), "second", "the balancer's place");
    assert_eq!(gateway.get("/").text(), "first");
    assert_eq!(first.connections(), connections, "the pooled connection");
    let limited = gateway.get("/");
    assert_eq!((limited.status(), limited.field("ratelimit-policy")), (429, Some("\"default\";q=3;w=3600")));
}

#[test]
fn limits_and_trust_hold_for_the_next_request_of_a_kept_connection() {
    let upstream = Upstream::ok();
    let gateway = Gateway::before(&upstream);
    let mut kept = gateway.connect();
    let long = format!("GET /{} HTTP/1.1\r\nx-request-id: mine", "a".repeat(200));
    let answer = kept.ask(&long);
    assert_eq!(answer.status(), 200);
    assert_ne!(answer.field("x-request-id"), Some("mine"));
    let app = service("app", &[&upstream], "");
    gateway.reload(&format!("server.trusted_proxies = ['127.0.0.1/32']\n{app}"), "applied");
    assert_eq!(kept.ask(&long).field("x-request-id"), Some("mine"));
    gateway.reload(&format!("server.limits.uri = '100B'\n{app}"), "applied");
    assert_eq!(kept.ask(&long).status(), 414);
}

/// An upstream whose `/stream` goes on until it is told, which counts what is uploaded to it, and grants upgrades.
fn streaming() -> (Upstream, Arc<AtomicBool>) {
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let upstream = Upstream::scripted(move |conn| {
        while let Ok(head) = conn.head() {
            if head.field("upgrade").is_some() {
                conn.send(GRANT);
                return conn.echo_frames();
            }
            if head.target() != "/stream" {
                if let Some(length) = head.field("content-length") {
                    let body = conn.take(length.parse().unwrap()).unwrap();
                    conn.send(with_body("200 OK", body.len().to_string().as_bytes()));
                } else {
                    conn.send(ok());
                }
                continue;
            }
            events(conn, &stopped);
        }
    });
    (upstream, stop)
}

fn events(conn: &mut Conn, stopped: &AtomicBool) {
    conn.send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n");
    while !stopped.load(Ordering::SeqCst) {
        conn.send("a\r\ndata: tick\r\n");
        thread::park_timeout(std::time::Duration::from_millis(5));
    }
    conn.send("0\r\n\r\n");
}

/// CASES 42.
#[test]
fn a_hundred_reloads_under_load_lose_nothing() {
    const UPLOAD: usize = 10_000;
    let (upstream, stop) = streaming();
    // Another route each time, and by turns another number of workers and another limit.
    let toml = |n: usize| {
        let (workers, limit) = (1 + n % 3, 4 + n % 2);
        let app = service("app", &[&upstream], &format!("routes = ['/', '/only-{n}']"));
        format!("server.workers = {workers}\nserver.limits.uri = '{limit}KiB'\n{app}")
    };
    let gateway = Gateway::start(&toml(0));
    let address = gateway.address;
    let mut stream = gateway.connect();
    stream.send_request("GET /stream HTTP/1.1");
    stream.take_to(b"data: tick").unwrap();
    let mut chat = WebSocket::open(address, "/chat");
    let mut upload = gateway.connect();
    upload.send(format!("POST /upload HTTP/1.1\r\nhost: a\r\ncontent-length: {UPLOAD}\r\n\r\n"));

    let (served, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let clients: Vec<_> = (0..4)
        .map(|client| {
            let (served, over) = (Arc::clone(&served), Arc::clone(&over));
            thread::spawn(move || {
                let mut kept = Client::connect(address);
                while !over.load(Ordering::SeqCst) {
                    // Half of them come on a connection of their own each time.
                    let answer = if client % 2 == 0 { kept.get("/") } else { Client::connect(address).get("/") };
                    assert_eq!(answer.status(), 200, "{answer:?}");
                    assert!(!answer.closes(), "a reload ends no connection");
                    served.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    for n in 1..=100_u8 {
        // A signal may be heeded only after the file was seen to be another: then it meets the next one, and not half of it.
        gateway.replace(&toml(n.into()));
        gateway.signal(SIGHUP);
        gateway.wait_metric("gateway_reloads_total{result=\"applied\"}", f64::from(n));
        upload.send(vec![b'a'; UPLOAD / 100]);
        assert_eq!(chat.ask(&n.to_string()), n.to_string(), "the tunnel is the one of before all of them");
    }
    over.store(true, Ordering::SeqCst);
    for client in clients {
        client.join().unwrap();
    }
    assert!(served.load(Ordering::SeqCst) > 100);
    assert_eq!(upload.answer_to("POST").unwrap().text(), UPLOAD.to_string());
    stop.store(true, Ordering::SeqCst);
    stream.take_to(b"\r\n0\r\n\r\n").unwrap();
    assert_eq!(gateway.get("/only-100").status(), 200);
    chat.finish();
    assert_eq!(chat.to_end(), (Vec::new(), End::Closed));
    assert_eq!(gateway.logged("/chat")["status"], 101);
    let failed = |line: &serde_json::Value| {
        line["status"] != (if line["path"] == "/chat" { 101 } else { 200 }) || !line["code"].is_null()
    };
    assert!(!gateway.log().iter().any(failed), "{:?}", gateway.log().iter().find(|line| failed(line)));
    assert_eq!(gateway.metric("gateway_reloads_total{result=\"rejected\"}"), Some(0.0));
}

#[test]
fn listeners_come_and_go() {
    let upstream = Upstream::ok();
    let app = service("app", &[&upstream], "");
    let [first, second, admin] = [free_port(), free_port(), free_port()];
    let listening = |ports: &[u16]| {
        let addresses: Vec<String> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
        format!("server.listen = {addresses:?}\nserver.workers = 2\n{app}")
    };
    let gateway = Gateway::start(&listening(&[first]));
    let mut kept = gateway.connect();
    assert_eq!(kept.get("/").status(), 200);
    gateway.reload(&listening(&[first, second]), "applied");
    let ask = |port: u16| Client::try_connect(([127, 0, 0, 1], port).into()).map(|mut client| client.get("/").status());
    assert_eq!((ask(first), ask(second)), (Some(200), Some(200)));
    gateway.reload(&listening(&[second]), "applied");
    eventually("the first is closed", || Client::try_connect(gateway.address).is_none().then_some(()));
    assert_eq!((ask(second), kept.get("/").status()), (Some(200), 200), "a connection outlives its listener");
    // The operator's own moves as well.
    gateway.write(&format!("admin.listen = '127.0.0.1:{admin}'\n{}", listening(&[second])));
    eventually("it has moved", || Client::try_connect(([127, 0, 0, 1], admin).into()));
    eventually("from where it was", || Client::try_connect(gateway.admin).is_none().then_some(()));
    assert_eq!(ask(second), Some(200));
}

#[test]
fn a_worker_that_is_not_needed_any_more_ends_with_its_last_connection() {
    let upstream = Upstream::ok();
    let app = service("app", &[&upstream], "");
    let gateway = Gateway::start(&format!("server.workers = 4\n{app}"));
    let mut clients: Vec<Client> = (0..16).map(|_| gateway.connect()).collect();
    assert!(clients.iter_mut().all(|client| client.get("/").status() == 200));
    let workers = || {
        let tasks = fs::read_dir(format!("/proc/{}/task", gateway.id())).unwrap();
        let names = tasks.filter_map(|task| fs::read_to_string(task.unwrap().path().join("comm")).ok());
        names.filter(|name| name.starts_with("worker-")).count()
    };
    gateway.reload(&format!("server.workers = 1\n{app}"), "applied");
    assert!(clients.iter_mut().all(|client| client.get("/").status() == 200), "none is closed");
    let mut fresh = gateway.connect();
    assert_eq!(fresh.get("/").status(), 200);
    drop(clients);
    eventually("one is left", || (workers() == 1).then_some(()));
    assert_eq!(fresh.get("/").status(), 200);
    gateway.wait_metric("gateway_connections", 1.0);
}

#[test]
fn how_many_connections_there_may_be_changes_at_once() {
    let upstream = Upstream::ok();
    let app = service("app", &[&upstream], "");
    let gateway = Gateway::start(&format!("server.max_connections = 2\n{app}"));
    let mut first = gateway.connect();
    let mut second = gateway.connect();
    assert_eq!((first.get("/").status(), second.get("/").status()), (200, 200));
    let mut third = gateway.connect();
    third.send_request("GET / HTTP/1.1");
    assert!(third.stays_silent(std::time::Duration::from_millis(200)), "it waits in the kernel's queue");
    gateway.reload(&format!("server.max_connections = 3\n{app}"), "applied");
    assert_eq!(third.answer_to("GET").unwrap().status(), 200);
    gateway.reload(&format!("server.max_connections = 1\n{app}"), "applied");
    assert_eq!((first.get("/").status(), third.get("/").status()), (200, 200), "none is closed");
    // The listener has asked for room before: it gets the first that becomes free, and the lower limit all other.
    let mut fourth = gateway.connect();
    fourth.send_request("GET / HTTP/1.1");
    assert!(fourth.stays_silent(std::time::Duration::from_millis(200)));
    drop(first);
    assert_eq!(fourth.answer_to("GET").unwrap().status(), 200);
    let mut fifth = gateway.connect();
    fifth.send_request("GET / HTTP/1.1");
    drop((second, third));
    gateway.wait_metric("gateway_connections", 1.0);
    assert!(fifth.stays_silent(std::time::Duration::from_millis(200)), "the fourth is the one that may be");
    drop(fourth);
    assert_eq!(fifth.answer_to("GET").unwrap().status(), 200);
}

#[test]
fn editors_may_write_as_they_like() {
    let upstream = Upstream::ok();
    let toml = |route: &str| {
        format!(
            "server.listen = '127.0.0.1:0'\nadmin.listen = '127.0.0.1:0'\nserver.workers = 1\n{}",
            service("app", &[&upstream], &format!("routes = ['{route}']"))
        )
    };
    let gateway = Gateway::start(&service("app", &[&upstream], "routes = ['/first']"));
    let file = gateway.file();
    let beside = file.with_file_name("beside.toml");
    let serves = |route: &str| {
        eventually(route, || (gateway.get(route).status() == 200).then_some(()));
    };
    // A new file in its place.
    fs::write(&beside, toml("/renamed")).unwrap();
    fs::rename(&beside, &file).unwrap();
    serves("/renamed");
    // Away first, then a new one.
    fs::rename(&file, &beside).unwrap();
    fs::write(&file, toml("/moved")).unwrap();
    serves("/moved");
    // A link whose folder is swapped as a whole, as Kubernetes does with a ConfigMap.
    let folder = file.parent().unwrap();
    for version in ["v1", "v2"] {
        fs::create_dir(folder.join(version)).unwrap();
        fs::write(folder.join(version).join("gateway.toml"), toml(&format!("/{version}"))).unwrap();
    }
    std::os::unix::fs::symlink("v1", folder.join("data")).unwrap();
    std::os::unix::fs::symlink("data/gateway.toml", folder.join("link.toml")).unwrap();
    fs::rename(folder.join("link.toml"), &file).unwrap();
    serves("/v1");
    std::os::unix::fs::symlink("v2", folder.join("next")).unwrap();
    fs::rename(folder.join("next"), folder.join("data")).unwrap();
    serves("/v2");
    // Two in quick succession: the last one counts.
    fs::write(folder.join("v2/gateway.toml"), toml("/quick")).unwrap();
    fs::write(folder.join("v2/gateway.toml"), toml("/last")).unwrap();
    serves("/last");
    assert_eq!(gateway.get("/quick").status(), 404);
    assert_eq!(gateway.metric("gateway_reloads_total{result=\"rejected\"}"), Some(0.0));
}

#[test]
fn a_file_that_the_file_names_is_watched_too() {
    let upstream = Upstream::ok();
    let (folder, _) = e2e::write_file("");
    let schema = folder.path().join("schema.json");
    fs::write(&schema, "{ \"required\": [\"a\"] }").unwrap();
    let keys = format!("routes = [{{ match = '/', schema = '{}' }}]", schema.display());
    let gateway = Gateway::start(&service("app", &[&upstream], &keys));
    let status = |body: &str| {
        let mut client = gateway.connect();
        let head = "POST / HTTP/1.1\r\nhost: a\r\ncontent-type: application/json";
        client.send(format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()));
        client.answer_to("POST").unwrap().status()
    };
    assert_eq!((status("{\"a\":1}"), status("{\"b\":1}")), (200, 422));
    fs::write(&schema, "{ \"required\": [\"b\"] }").unwrap();
    gateway.wait_metric("gateway_reloads_total{result=\"applied\"}", 1.0);
    assert_eq!((status("{\"a\":1}"), status("{\"b\":1}")), (422, 200));
    fs::write(&schema, "{").unwrap();
    gateway.wait_metric("gateway_reloads_total{result=\"rejected\"}", 1.0);
    assert_eq!(status("{\"b\":1}"), 200);
}

#[test]
fn a_mounted_service_stays_where_it_is() {
    let toml = |route: &str| format!("[services.app]\nupstreams = ['http://127.0.0.1:1']\nroutes = ['/', '{route}']\n");
    let gateway = Gateway::mounted(&toml("/a"), &[]);
    assert_eq!(gateway.get("/").status(), 200);
    gateway.reload(&toml("/b"), "applied");
    assert_eq!(gateway.get("/").status(), 200);
    assert_eq!(gateway.admin("/services").json()["app"]["upstreams"][0]["url"], "mounted:app");
}

#[test]
fn probes_of_an_upstream_that_is_gone_end() {
    let (old, new) = (Upstream::ok(), Upstream::ok());
    let keys = "health = { path = '/health', interval = '20ms' }";
    let gateway = Gateway::start(&service("app", &[&old], keys));
    eventually("it is probed", || (old.requests().len() > 3).then_some(()));
    gateway.reload(&service("app", &[&new], keys), "applied");
    let seen = old.requests().len();
    eventually("the new one is probed", || (new.requests().len() > 10).then_some(()));
    assert!(old.requests().len() <= seen + 1, "one may have been under way");
    assert_eq!(
        gateway.metric(&format!("gateway_upstream_healthy{{service=\"app\",upstream=\"{}\"}}", old.url())),
        None
    );
}

/// The rules of a token change, and the keys that it is checked with are still those that the issuer gave.
#[test]
fn keys_are_kept_though_their_issuer_is_away() {
    let (upstream, own) = (Upstream::ok(), Signer::ed("1"));
    let jwks = Jwks::of(&[&own]);
    let toml = |leeway: &str, routes: &str| {
        let block = jwks.block(&format!("leeway = '{leeway}'"));
        format!("{block}{}", service("app", &[&upstream], &format!("routes = [{routes}]")))
    };
    let gateway = Gateway::start(&toml("1s", "'/'")).with_keys();
    let [good, late] = [60.0, -60.0].map(|offset| own.token(&json!({ "exp": from_now(offset) })));
    let ask = |token: &str| gateway.ask(&format!("GET / HTTP/1.1\r\nauthorization: Bearer {token}")).status();
    assert_eq!((ask(&good), ask(&late)), (200, 401));
    gateway.reload(&toml("1s", "'/', '/new'"), "applied");
    assert_eq!(jwks.asked(), 1, "another route is no reason to ask again");
    jwks.answer(&with_body("500 x", b""));
    gateway.reload(&toml("2m", "'/', '/new'"), "applied");
    assert_eq!((ask(&good), ask(&late)), (200, 200));
    gateway.reload(&toml("1s", "'/'"), "applied");
    assert_eq!((ask(&good), ask(&late)), (200, 401), "nothing is remembered under other rules");
}

/// An idle connection is not told, and one that is closed by its own time-out is no victim of a reload.
#[test]
fn an_idle_connection_stays_open() {
    let upstream = Upstream::ok();
    let gateway = Gateway::before(&upstream);
    let mut idle = gateway.connect();
    assert_eq!(idle.get("/").status(), 200);
    for n in 0..3 {
        gateway.reload(&service("app", &[&upstream], &format!("routes = ['/', '/{n}']")), "applied");
    }
    assert!(idle.stays_silent(std::time::Duration::from_millis(100)));
    assert_eq!(idle.get("/").status(), 200);
    idle.finish();
    assert_eq!(idle.to_end().1, End::Closed);
}
