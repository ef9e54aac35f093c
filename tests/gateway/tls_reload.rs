//! Certificates and HTTPS listeners change while the gateway serves, and no connection notices.
use std::{
    fs,
    net::{SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use e2e::{Authority, Client, Gateway, Shown, Upstream, client, eventually, service};
use nix::sys::signal::Signal::SIGUSR2;
use rustls::HandshakeKind;

use crate::handover::Next;

/// An address that nobody has at this moment.
fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn file(shown: &Shown, keys: &str, upstream: &Upstream) -> String {
    let tls = format!("server.tls.certificates = [{}]\n", shown.toml());
    let listen = if keys.contains("server.tls.listen") { "" } else { "server.tls.listen = '127.0.0.1:0'\n" };
    format!("{listen}{tls}{keys}\n{}", service("app", &[upstream], ""))
}

/// Puts this certificate into the files of `old`.
fn renew(old: &Shown, new: &Shown) {
    fs::copy(&new.cert, &old.cert).unwrap();
    fs::copy(&new.key, &old.key).unwrap();
}

fn applied(gateway: &Gateway, times: f64) {
    gateway.wait_metric("gateway_reloads_total{result=\"applied\"}", times);
}

#[test]
fn a_renewed_certificate_is_shown_and_no_connection_is_dropped() {
    let (authority, upstream) = (Authority::new(), Upstream::ok());
    let (shown, next) = (authority.issue(&["a.test"]), authority.issue(&["a.test", "b.test"]));
    let gateway = Gateway::start(&file(&shown, "server.workers = 2", &upstream));
    let (tls, https) = (client(&authority, None, &[]), gateway.https.unwrap());
    let mut kept = Client::tls(https, &tls, "a.test").unwrap();
    assert_eq!(kept.get("/").status(), 200);
    assert!(Client::tls(https, &tls, "b.test").is_err());
    renew(&shown, &next);
    applied(&gateway, 1.0);
    let mut new = Client::tls(https, &client(&authority, None, &[]), "b.test").unwrap();
    assert!(next.is(new.session()));
    assert_eq!((kept.get("/").status(), new.get("/").status()), (200, 200));
    assert!(shown.is(kept.session()), "the same connection, with what it began with");
    let told = |line: &str| line.contains("server.tls.certificates changed").then_some(());
    gateway.stderr.find("what has changed", told);
}

#[test]
fn sessions_are_resumed_over_a_reload() {
    let (authority, upstream) = (Authority::new(), Upstream::ok());
    let shown = authority.issue(&["a.test"]);
    let gateway = Gateway::start(&file(&shown, "", &upstream));
    let (tls, https) = (client(&authority, None, &[]), gateway.https.unwrap());
    Client::tls(https, &tls, "a.test").unwrap().get("/");
    gateway.reload(&file(&shown, "server.limits.uri = '4KiB'", &upstream), "applied");
    let again = Client::tls(https, &tls, "a.test").unwrap();
    assert_eq!(again.session().handshake_kind(), Some(HandshakeKind::Resumed));
    let samples = ["full", "resumed"].map(|result| format!("gateway_tls_handshakes_total{{result=\"{result}\"}}"));
    for sample in &samples {
        gateway.wait_metric(sample, 1.0);
    }
}

/// A session of a client whose authority is not trusted any more must not let it in.
#[test]
fn other_clients_are_trusted_at_once() {
    let (authority, clients, others, upstream) = (Authority::new(), Authority::new(), Authority::new(), Upstream::ok());
    let shown = authority.issue(&["a.test"]);
    let keys = format!("server.tls.client_ca = '{}'", clients.file().display());
    let gateway = Gateway::start(&file(&shown, &keys, &upstream));
    let https = gateway.https.unwrap();
    let ask = |tls: &Arc<rustls::ClientConfig>| {
        let mut client = Client::tls(https, tls, "a.test").ok()?;
        Some(client.try_ask("GET / HTTP/1.1\r\nhost: a.test").ok()?.status())
    };
    let known = client(&authority, Some(&clients.issue(&["client"])), &[]);
    let other = client(&authority, Some(&others.issue(&["client"])), &[]);
    assert_eq!((ask(&known), ask(&known), ask(&other)), (Some(200), Some(200), None));
    fs::copy(others.file(), clients.file()).unwrap();
    applied(&gateway, 1.0);
    assert_eq!((ask(&known), ask(&other)), (None, Some(200)));
}

/// CASES 43.
#[test]
fn a_bad_certificate_changes_nothing_and_is_told() {
    let (authority, upstream) = (Authority::new(), Upstream::ok());
    let (shown, other) = (authority.issue(&["a.test"]), authority.issue(&["b.test"]));
    let gateway = Gateway::start(&file(&shown, "", &upstream));
    let (tls, https) = (client(&authority, None, &[]), gateway.https.unwrap());
    let before = fs::read(&shown.cert).unwrap();
    fs::copy(&other.cert, &shown.cert).unwrap();
    gateway.wait_metric("gateway_reloads_total{result=\"rejected\"}", 1.0);
    assert_eq!(Client::tls(https, &tls, "a.test").unwrap().get("/").status(), 200);
    let reload = &gateway.admin("/config").json()["reload"];
    assert_eq!((&reload["result"], &reload["faults"][0]["code"]), (&"rejected".into(), &"bad_certificate".into()));
    assert!(reload["faults"][0]["line"].is_number(), "{reload}");
    gateway.stderr.find("the reason", |line| line.contains("is not the key of").then_some(()));
    fs::remove_file(&shown.key).unwrap();
    gateway.wait_metric("gateway_reloads_total{result=\"rejected\"}", 2.0);
    assert_eq!(Client::tls(https, &tls, "a.test").unwrap().get("/").status(), 200);
    fs::write(&shown.cert, before).unwrap();
    fs::copy(&other.key, &shown.key).unwrap();
    fs::copy(&other.cert, &shown.cert).unwrap();
    applied(&gateway, 1.0);
    assert_eq!(Client::tls(https, &tls, "b.test").unwrap().get("/").status(), 200);
}

#[test]
fn https_listeners_come_and_go() {
    let (authority, upstream) = (Authority::new(), Upstream::ok());
    let (shown, [first, second]) = (authority.issue(&["a.test"]), [free(), free()]);
    let tls = client(&authority, None, &[]);
    let plain = service("app", &[&upstream], "");
    let at = |address: SocketAddr| {
        file(&shown, &format!("server.tls.listen = '{address}'\nserver.tls.redirect_http = true"), &upstream)
    };
    let gateway = Gateway::start(&plain);
    assert_eq!((gateway.https, gateway.get("/").status()), (None, 200));
    let mut kept: Option<Client> = None;
    for address in [first, second] {
        gateway.reload(&at(address), "applied");
        let mut client = Client::tls(address, &tls, "a.test").unwrap();
        assert_eq!(client.get("/").status(), 200);
        assert!(kept.is_none_or(|mut kept| kept.get("/").status() == 200), "it outlives its listener");
        kept = Some(client);
        let answer = gateway.get("/x");
        assert_eq!(answer.field("location"), Some(format!("https://test:{}/x", address.port()).as_str()));
    }
    eventually("the first is closed", || Client::try_connect(first).is_none().then_some(()));
    gateway.reload(&plain, "applied");
    eventually("the second is closed", || Client::try_connect(second).is_none().then_some(()));
    assert_eq!((kept.unwrap().get("/").status(), gateway.get("/").status()), (200, 200));
}

/// One address, and another protocol.
#[test]
fn a_cleartext_address_becomes_https_and_back() {
    let (authority, upstream) = (Authority::new(), Upstream::ok());
    let (shown, [first, second]) = (authority.issue(&["a.test"]), [free(), free()]);
    let tls = client(&authority, None, &[]);
    let toml = |plain: SocketAddr, https: SocketAddr| {
        file(&shown, &format!("server.listen = '{plain}'\nserver.tls.listen = '{https}'"), &upstream)
    };
    let gateway = Gateway::start(&toml(first, second));
    for (plain, https) in [(first, second), (second, first), (first, second)] {
        gateway.write(&toml(plain, https));
        eventually("each speaks what it is to", || {
            let mut secure = Client::tls(https, &tls, "a.test").ok()?;
            (secure.get("/").status() == 200 && Client::try_connect(plain)?.get("/").status() == 200).then_some(())
        });
    }
}

#[test]
fn a_hand_over_refuses_no_client_of_https() {
    let (authority, upstream) = (Authority::new(), Upstream::ok());
    let shown = authority.issue(&["a.test"]);
    let mut gateway = Gateway::start(&file(&shown, "server.workers = 2", &upstream));
    let https = gateway.https.unwrap();
    let (served, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let clients: Vec<_> = (0..3)
        .map(|_| {
            let (served, over) = (Arc::clone(&served), Arc::clone(&over));
            let tls = client(&authority, None, &[]);
            thread::spawn(move || {
                while !over.load(Ordering::SeqCst) {
                    assert_eq!(Client::tls(https, &tls, "a.test").unwrap().get("/").status(), 200);
                    served.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    eventually("the load runs", || (served.load(Ordering::SeqCst) > 20).then_some(()));
    gateway.signal(SIGUSR2);
    let next = Next::of(&gateway);
    assert_eq!(gateway.wait().code(), Some(0));
    let before = served.load(Ordering::SeqCst);
    eventually("the new one serves alone", || (served.load(Ordering::SeqCst) > before + 20).then_some(()));
    over.store(true, Ordering::SeqCst);
    for client in clients {
        client.join().unwrap();
    }
    assert_eq!(Client::connect(gateway.address).get("/").status(), 200, "the cleartext one as well");
    next.ends();
    assert!(Client::try_connect(https).is_none());
}
