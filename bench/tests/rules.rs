//! A proxy is measured with rules only after it has shown that it keeps them.
#![expect(clippy::unwrap_used, reason = "a helper of tests, like a test, says what it means by panicking")]

use std::thread;

use bench::{
    origin,
    peer::{self, Peer, Place},
    pin,
    rules::{Algorithm, Keys, NO_LIMIT, Rules, prove},
};
use xtask::interrupt::Interrupt;

/// Calls `with` with a place that has these rules, before an origin.
fn at_a_place(keys: &Keys, algorithm: Algorithm, with: impl FnOnce(&Place<'_>)) {
    let directory = tempfile::tempdir().unwrap();
    let listener = origin::listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let upstream = listener.local_addr().unwrap();
    // Serves until the test's process ends.
    thread::spawn(move || origin::serve(listener));
    let core = (0..64).find(|&core| thread::spawn(move || pin::here(core).is_ok()).join().unwrap()).unwrap();
    let rules = Some(Rules { keys, algorithm, limit: NO_LIMIT });
    with(&Place { directory: directory.path(), upstream, core, files: 4096, rules, certificate: None });
}

#[test]
fn a_proxy_that_lets_everything_pass_is_found_out() {
    let keys = Keys::generate().unwrap();
    at_a_place(&keys, Algorithm::Hs256, |place| {
        let open = format!("open={} origin --listen {{listen}}", env!("CARGO_BIN_EXE_bench"));
        let error = prove(&Peer::parse(&open).unwrap(), place, &Interrupt::default()).unwrap_err().to_string();
        assert_eq!(error, "a request without a token was answered 200, expected 401 or 403");
    });
}

#[test]
fn a_plain_forward_has_nothing_to_prove() {
    let keys = Keys::generate().unwrap();
    at_a_place(&keys, Algorithm::Hs256, |place| {
        let plain = Place { rules: None, ..*place };
        prove(&Peer::parse("never=started").unwrap(), &plain, &Interrupt::default()).unwrap();
    });
}

/// Where HAProxy is installed: the proof itself then shows what it refuses.
#[test]
fn haproxy_keeps_the_rules() {
    let Some(program) = peer::find("haproxy") else {
        eprintln!("not tried: HAProxy is not installed");
        return;
    };
    let keys = Keys::generate().unwrap();
    for algorithm in [Algorithm::Hs256, Algorithm::Rs256] {
        at_a_place(&keys, algorithm, |place| {
            prove(&Peer::HAProxy(program.clone()), place, &Interrupt::default()).unwrap();
        });
    }
}
