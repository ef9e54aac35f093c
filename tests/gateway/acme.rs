//! Certificates that an authority issues by itself: the gateway asks, proves, keeps, renews, and never stops for it.
use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use e2e::{AcmeServer, Client, Gateway, Upstream, client, eventually, service};

fn start(acme: &AcmeServer, cache: &Path, keys: &str, upstream: &Upstream) -> Gateway {
    let keys = format!("server.tls.listen = '127.0.0.1:0'\n{}{keys}", acme.toml(&["a.test", "b.test"], cache));
    let gateway = Gateway::start(&format!("{keys}\n{}", service("app", &[upstream], "")));
    acme.resolve(gateway.address);
    gateway
}

/// A connection to one that shows what the authority has issued.
fn trusted(acme: &AcmeServer, gateway: &Gateway, name: &'static str) -> Option<Client> {
    Client::tls(gateway.https.unwrap(), &client(&acme.authority, None, &[]), name).ok()
}

fn orders(result: &str) -> String {
    format!("gateway_acme_orders_total{{result=\"{result}\"}}")
}

#[test]
fn a_certificate_is_issued_shown_kept_and_not_asked_for_again() {
    let (acme, upstream, folder) = (AcmeServer::new(), Upstream::ok(), tempfile::tempdir().unwrap());
    let cache = folder.path().join("deep/acme");
    let gateway = start(&acme, &cache, "server.tls.redirect_http = true", &upstream);
    for name in ["a.test", "b.test"] {
        let mut client = eventually("it is shown", || trusted(&acme, &gateway, name));
        assert_eq!(client.get("/").status(), 200);
    }
    gateway.wait_metric(&orders("issued"), 1.0);
    assert_eq!(gateway.metric(&orders("failed")), Some(0.0));
    assert_eq!(acme.counts(), (1, 1));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&cache), 0o700);
    let mut files: Vec<_> = fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert_eq!(files, [cache.join("a.test.pem"), cache.join("account.json")]);
    assert!(files.iter().all(|file| mode(file) == 0o600));
    let shown = gateway.admin("/config").text();
    assert!(shown.contains("a.test.pem") && !shown.contains("PRIVATE"), "{shown}");
    // What was looked for once is nothing more, and only an authority is told.
    assert_eq!(gateway.get("/.well-known/acme-challenge/token_0-0").status(), 308);
    drop(gateway);
    // Another process goes on with it, even while the authority is away.
    acme.set_down(true);
    let again = start(&acme, &cache, "", &upstream);
    assert_eq!(trusted(&acme, &again, "a.test").unwrap().get("/").status(), 200);
    assert_eq!(again.metric(&orders("failed")), Some(0.0));
    assert_eq!(again.get("/.well-known/acme-challenge/mine").text(), "ok", "a service may have its own");
}

#[test]
fn a_certificate_is_renewed_at_two_thirds_of_its_life_and_no_connection_is_dropped() {
    let (acme, upstream, folder) = (AcmeServer::new(), Upstream::ok(), tempfile::tempdir().unwrap());
    // Two thirds of it are over after 3 s.
    acme.set_life(7, 15);
    let gateway = start(&acme, folder.path(), "", &upstream);
    let mut first = eventually("the first", || trusted(&acme, &gateway, "a.test"));
    let shown = |client: &Client| client.session().peer_certificates().unwrap()[0].clone().into_owned();
    acme.set_life(0, 86400);
    gateway.wait_metric(&orders("issued"), 2.0);
    let mut second =
        eventually("the second", || trusted(&acme, &gateway, "a.test").filter(|client| shown(client) != shown(&first)));
    assert_eq!((first.get("/").status(), second.get("/").status()), (200, 200));
    assert_eq!(acme.counts(), (1, 2), "the same account");
    assert_eq!(gateway.metric(&orders("failed")), Some(0.0));
    gateway.stderr.find("it is told", |line| line.contains("server.tls.certificates changed").then_some(()));
}

#[test]
fn a_failure_is_told_and_stops_nothing() {
    let (acme, upstream, folder) = (AcmeServer::new(), Upstream::ok(), tempfile::tempdir().unwrap());
    acme.set_down(true);
    let gateway = start(&acme, folder.path(), "", &upstream);
    eventually("it fails", || (gateway.metric(&orders("failed"))? >= 1.0).then_some(()));
    gateway.stderr.find("why", |line| line.contains("no certificate is issued").then_some(()));
    assert_eq!(gateway.get("/").status(), 200);
    assert!(trusted(&acme, &gateway, "a.test").is_none(), "what the gateway signs itself nobody trusts");
    gateway.wait_metric("gateway_tls_handshakes_total{result=\"refused\"}", 1.0);
    // It is there again, but the names lead to another server.
    acme.resolve(upstream.address);
    acme.set_down(false);
    gateway.stderr.find("the authority's reason", |line| line.contains("that is not the proof").then_some(()));
    acme.resolve(gateway.address);
    let mut client = eventually("it is issued", || trusted(&acme, &gateway, "a.test"));
    assert_eq!(client.get("/").status(), 200);
    assert_eq!(acme.counts().0, 1);
}

#[test]
fn an_authority_that_is_not_trusted_is_not_asked() {
    let (acme, other, upstream) = (AcmeServer::new(), AcmeServer::new(), Upstream::ok());
    let folder = tempfile::tempdir().unwrap();
    // A broken file of an earlier time is no reason not to start.
    fs::write(folder.path().join("a.test.pem"), "broken").unwrap();
    let toml = acme.toml(&["a.test"], folder.path());
    let toml =
        toml.replace(&acme.authority.file().display().to_string(), &other.authority.file().display().to_string());
    let toml = format!("server.tls.listen = '127.0.0.1:0'\n{toml}{}", service("app", &[&upstream], ""));
    let gateway = Gateway::start(&toml);
    gateway.stderr.find("why", |line| line.contains("invalid peer certificate").then_some(()));
    assert_eq!((acme.counts(), gateway.get("/").status()), ((0, 0), 200));
    // A reload ends what was tried; the one that is named now is asked.
    other.resolve(gateway.address);
    let toml = format!(
        "server.tls.listen = '127.0.0.1:0'\n{}{}",
        other.toml(&["a.test"], folder.path()),
        service("app", &[&upstream], "")
    );
    gateway.write(&toml);
    eventually("it is shown", || trusted(&other, &gateway, "a.test"));
    assert_eq!((acme.counts(), other.counts()), ((0, 0), (1, 1)));
}
