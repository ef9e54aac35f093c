//! Whether a proxy keeps the rules that it is measured with.

use std::{io, net::SocketAddr, time::Duration};

use xtask::{http, interrupt::Interrupt};

use super::{Forgery, KeyError, Limit, Rules};
use crate::peer::{Peer, PeerError, Place};

/// For one answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where it is the limit that is tried. The proxy's start takes one of them.
const LOW: Limit = Limit { requests: 5, seconds: 60 };

/// How a proxy failed its proof: it is not measured then.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// It does not even start with these rules.
    #[error(transparent)]
    Start(#[from] PeerError),
    /// It could not be asked.
    #[error("it does not answer: {0}")]
    Io(#[from] io::Error),
    /// The bench could not make the tokens.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A request that had to be refused, or one that had to pass.
    #[error("{what} was answered {status}, expected {expected}")]
    Answer {
        /// What was sent.
        what: &'static str,
        /// What came.
        status: u16,
        /// What should have come.
        expected: &'static str,
    },
}

/// Starts `peer` with the rules of `place` twice, the second time under a low limit, and sends what it must refuse.
///
/// 1. A good token passes. 2. A missing one, and each forged one, is answered 401 or 403. 3. More requests than the
///    limit are answered 429. Without rules there is nothing to prove.
pub fn prove(peer: &Peer, place: &Place<'_>, interrupt: &Interrupt) -> Result<(), Broken> {
    let Some(rules) = place.rules else {
        return Ok(());
    };
    let running = peer.start(place, interrupt)?;
    let good = Rules::field(&rules.token(0)?);
    // 1.
    expect(running.address, "a good token", &good, &[200], "200")?;
    // 2.
    expect(running.address, "a request without a token", "", &[401, 403], "401 or 403")?;
    for forgery in Forgery::ALL {
        let field = Rules::field(&forgery.token(&rules)?);
        expect(running.address, forgery.name(), &field, &[401, 403], "401 or 403")?;
    }
    running.stop()?;
    // 3.
    let low = Place { rules: Some(Rules { limit: LOW, ..rules }), ..*place };
    let running = peer.start(&low, interrupt)?;
    for _ in 0..LOW.requests {
        ask(running.address, &good)?;
    }
    expect(running.address, "a request over the limit", &good, &[429], "429")?;
    Ok(running.stop()?)
}

fn expect(
    address: SocketAddr,
    what: &'static str,
    field: &str,
    allowed: &[u16],
    expected: &'static str,
) -> Result<(), Broken> {
    let status = ask(address, field)?;
    if allowed.contains(&status) { Ok(()) } else { Err(Broken::Answer { what, status, expected }) }
}

fn ask(address: SocketAddr, field: &str) -> io::Result<u16> {
    http::get_with(address, "/small", field, PATIENCE).map(|answer| answer.status)
}
