//! The PROXY protocol: who really connected, told by a load balancer that passes TCP on without reading HTTP
//! (<https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt>, versions 1 and 2).
//!
//! A peer in `server.proxy_protocol` sends such a header before anything else, TLS included; all others never do, and what
//! they say of themselves in one is no request. So nobody can choose who they are.
mod header;

use std::{
    io,
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use ipnet::IpNet;
use tokio::{
    io::AsyncReadExt,
    net::TcpStream,
    time::{Instant, timeout_at},
};

use header::{MAX_LENGTH, Source, parse};

/// Why a connection came to nothing that had to begin with a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    /// What came first is none, or a broken one.
    Malformed,
    /// It was not whole in time.
    Timeout,
    /// The peer left, or was cut off, before it was whole: load balancers look so whether a port is open.
    Closed,
}

/// The metric's label for each, in the order of [`Failure`].
pub(crate) const FAILURES: [&str; 3] = ["malformed", "timeout", "closed"];

/// How often each happened, in the whole process.
#[derive(Debug, Default)]
pub(crate) struct Failures([AtomicU64; FAILURES.len()]);

impl Failures {
    /// Counts one, and tells of the first, the second, the fourth … of them.
    fn count(&self, failure: Failure, peer: SocketAddr) {
        let count = self.0[failure as usize].fetch_add(1, Relaxed) + 1;
        if failure != Failure::Closed && count.is_power_of_two() {
            let reason = FAILURES[failure as usize];
            tracing::warn!(%peer, reason, count, "no PROXY header from a peer that server.proxy_protocol names: closed");
        }
    }

    /// In the order of [`FAILURES`].
    pub(crate) fn counts(&self) -> impl Iterator<Item = u64> {
        self.0.iter().map(|counter| counter.load(Relaxed))
    }
}

/// Whether a peer's connections begin with a header.
pub(crate) fn is_spoken_by(peer: SocketAddr, balancers: &[IpNet]) -> bool {
    // Nearly nobody names any.
    !balancers.is_empty() && balancers.iter().any(|net| net.contains(&peer.ip().to_canonical()))
}

/// Takes the header off the beginning of `stream`, and not a byte more, until `deadline`. Gives the address of who it says
/// has connected, or `peer` where it says that this is the balancer itself; none where the connection must not be served,
/// which is counted.
pub(crate) async fn client(
    stream: &mut TcpStream,
    peer: SocketAddr,
    deadline: Instant,
    failures: &Failures,
) -> Option<SocketAddr> {
    let failure = match timeout_at(deadline, take(stream)).await {
        Ok(Ok(Source::Client(client))) => return Some(client),
        Ok(Ok(Source::Peer)) => return Some(peer),
        Ok(Err(error)) if error.kind() == io::ErrorKind::InvalidData => Failure::Malformed,
        Ok(Err(_)) => Failure::Closed,
        Err(_) => Failure::Timeout,
    };
    failures.count(failure, peer);
    None
}

async fn take(stream: &mut TcpStream) -> io::Result<Source> {
    let mut bytes = vec![0; MAX_LENGTH];
    let mut taken = 0;
    loop {
        // What comes behind the header is the client's, and stays where it is.
        let seen = stream.peek(&mut bytes[taken..]).await?;
        if seen == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let whole = parse(&bytes[..taken + seen]).map_err(|_| io::ErrorKind::InvalidData)?;
        let length = whole.map_or(taken + seen, |(length, _)| length);
        stream.read_exact(&mut bytes[taken..length]).await?;
        if let Some((_, source)) = whole {
            return Ok(source);
        }
        taken = length;
    }
}
