//! One handshake, and how handshakes end.
use std::{
    io,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use rustls::HandshakeKind;
use tokio::net::TcpStream;

use super::{Acceptor, Chosen};
use crate::transport::Transport;

/// The first byte of every TLS connection: a record with a handshake (RFC 8446 §5.1).
const HANDSHAKE: u8 = 22;

/// How a handshake ends, as the metric names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Full,
    Resumed,
    /// It was not done in time.
    Timeout,
    /// The client left.
    Closed,
    /// What came first was no TLS.
    NotTls,
    /// Neither a version nor a cipher in common.
    Incompatible,
    /// The client showed no certificate, and had to.
    NoCertificate,
    /// It showed one that is not good.
    BadCertificate,
    /// The client gave up, with an alert: most often it does not trust the gateway's certificate.
    Refused,
    /// The client broke the protocol.
    Failed,
}

/// The metric's label for each, in the order of [`Outcome`].
pub(crate) const OUTCOMES: [&str; 10] = [
    "full",
    "resumed",
    "timeout",
    "closed",
    "not_tls",
    "incompatible",
    "no_certificate",
    "bad_certificate",
    "refused",
    "failed",
];

/// How all handshakes of the process ended: beside what one costs, an addition that workers share costs nothing.
#[derive(Debug, Default)]
pub(crate) struct Handshakes([AtomicU64; OUTCOMES.len()]);

impl Handshakes {
    /// Counts one.
    pub(crate) fn count(&self, outcome: Outcome) {
        self.0[outcome as usize].fetch_add(1, Relaxed);
    }

    /// How many ended so, in the order of [`OUTCOMES`].
    pub(crate) fn counts(&self) -> impl Iterator<Item = u64> {
        self.0.iter().map(|counter| counter.load(Relaxed))
    }
}

/// A handshake that came to nothing.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The client speaks something else, of which nothing is read yet.
    NotTls(TcpStream),
    /// The handshake's own.
    Broken(Outcome, io::Error),
}

impl Acceptor {
    /// The server's side of a handshake; what it makes, how it came about, and what the connection is bound to.
    pub(crate) async fn accept(&self, stream: TcpStream) -> Result<(Transport, Outcome, Option<Chosen>), Failure> {
        let broken = |error| Failure::Broken(of_error(&error), error);
        let mut first = [0];
        // rustls would answer with an alert, which somebody who speaks HTTP cannot read.
        if stream.peek(&mut first).await.map_err(broken)? == 1 && first[0] != HANDSHAKE {
            return Err(Failure::NotTls(stream));
        }
        let stream = self.rustls.accept(stream).await.map_err(broken)?;
        let session = stream.get_ref().1;
        let is_resumed = session.handshake_kind() == Some(HandshakeKind::Resumed);
        let bound = self.bound(session.server_name());
        Ok((Transport::tls(stream), if is_resumed { Outcome::Resumed } else { Outcome::Full }, bound))
    }
}

fn of_error(error: &io::Error) -> Outcome {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        None => Outcome::Closed,
        Some(rustls::Error::NoCertificatesPresented) => Outcome::NoCertificate,
        Some(rustls::Error::InvalidCertificate(_)) => Outcome::BadCertificate,
        Some(rustls::Error::PeerIncompatible(_)) => Outcome::Incompatible,
        Some(rustls::Error::AlertReceived(_)) => Outcome::Refused,
        Some(_) => Outcome::Failed,
    }
}
