//! Sessions of TLS over a hand-over: whoever comes back to the new process resumes what the old one has begun.
use std::{fs, net::SocketAddr, sync::Arc};

use e2e::{Authority, Client, Gateway, Shown, Upstream, client, service};
use nix::sys::signal::Signal::SIGUSR2;
use rustls::{
    HandshakeKind,
    version::{TLS12, TLS13},
};

use crate::handover::Next;

fn file(shown: &Shown, keys: &str, upstream: &Upstream) -> String {
    let tls = format!("server.tls.listen = '127.0.0.1:0'\nserver.tls.certificates = [{}]", shown.toml());
    format!("{tls}\n{keys}\n{}", service("app", &[upstream], ""))
}

/// How the handshake of one more connection goes.
fn kind(https: SocketAddr, tls: &Arc<rustls::ClientConfig>) -> HandshakeKind {
    let mut client = Client::tls(https, tls, "a.test").unwrap();
    // Tickets come with what follows the handshake.
    assert_eq!(client.ask("GET / HTTP/1.1\r\nhost: a.test").status(), 200);
    client.session().handshake_kind().unwrap()
}

#[test]
fn a_session_of_the_old_process_is_resumed_by_the_new() {
    let (authority, upstream) = (Authority::new(), Upstream::ok());
    let shown = authority.issue(&["a.test"]);
    let mut gateway = Gateway::start(&file(&shown, "server.workers = 2", &upstream));
    let https = gateway.https.unwrap();
    let clients = [&TLS12, &TLS13].map(|version| client(&authority, None, &[version]));
    for tls in &clients {
        assert_eq!(kind(https, tls), HandshakeKind::Full);
    }
    gateway.signal(SIGUSR2);
    let next = Next::of(&gateway);
    assert_eq!(gateway.wait().code(), Some(0));
    for tls in &clients {
        for _ in 0..4 {
            assert_eq!(kind(https, tls), HandshakeKind::Resumed, "whichever worker it comes to");
        }
        assert_eq!(kind(https, &client(&authority, None, &[])), HandshakeKind::Full, "of another client");
    }
    // Where a process's secrets could be read by others, there is none.
    let environment = fs::read_to_string(format!("/proc/{}/environ", next.id())).unwrap();
    assert_eq!(environment.trim_end_matches('\0'), "GATEWAY_HANDOVER=stdin");
    let arguments = fs::read_to_string(format!("/proc/{}/cmdline", next.id())).unwrap();
    assert!(arguments.ends_with("gateway\0run\0"), "{arguments:?}");
    next.ends();
}

/// A resumed session shows no certificate again: who was trusted before need not be now.
#[test]
fn a_session_that_began_under_another_client_ca_is_not_resumed() {
    let (authority, upstream) = (Authority::new(), Upstream::ok());
    let (clients, others) = (Authority::new(), Authority::new());
    let (shown, own) = (authority.issue(&["a.test"]), clients.issue(&["client"]));
    let trusting = |trusted: &Authority| format!("server.tls.client_ca = '{}'", trusted.file().display());
    let mut gateway = Gateway::start(&file(&shown, &trusting(&clients), &upstream));
    let https = gateway.https.unwrap();
    let tls = client(&authority, Some(&own), &[&TLS12]);
    assert_eq!([(); 2].map(|()| kind(https, &tls)), [HandshakeKind::Full, HandshakeKind::Resumed]);
    // More quickly than the file is looked at.
    gateway.write(&file(&shown, &trusting(&others), &upstream));
    gateway.signal(SIGUSR2);
    let next = Next::of(&gateway);
    assert_eq!(gateway.wait().code(), Some(0));
    assert!(Client::tls(https, &tls, "a.test").is_err());
    next.ends();
}
