//! The embedded broker: one that speaks Kafka's protocol and needs nothing installed.
//!
//! It is the Kafka library's own, made for tests, and **for development alone**:
//!
//! - Messages and committed offsets are in memory. When it ends all of it is gone: what services had
//!   published and others had not yet consumed is lost, where a real broker would have kept it. What
//!   still waits in an outbox is not.
//! - A partition holds the last 5 MiB or 100,000 batches. A consumer that was away for longer than that
//!   lasts goes on with the oldest that is left, unasked.
//! - A topic is made when it is first asked for, with four partitions.
//! - The first consumer of a group waits 3 s for others to come, and is forgotten when its session is
//!   shorter. Every later change of a group, as when a topic comes to be, takes as long as its session
//!   but for a second: `KAFKA_SESSION_TIMEOUT=6s` is a good choice, and 4 s the least.
//! - Its address is on loopback; its port is the system's choice, which the library lets nobody take
//!   part in. So it is printed, and whoever starts the broker hands it on.

use std::io::{self, Write as _};

use rdkafka::mocking::MockCluster;
use tokio::signal::unix::{SignalKind, signal};

/// Brokers until SIGTERM or SIGINT.
pub(crate) async fn run() -> Result<(), String> {
    // Caught before the line is printed: whoever reads it may end us at once.
    let failed = |error: io::Error| format!("cannot catch signals: {error}");
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let cluster = MockCluster::new(1).map_err(|error| format!("cannot listen: {error}"))?;
    // A closed stdout is no reason not to serve.
    let _ = writeln!(io::stdout(), "broker listening on {}", cluster.bootstrap_servers());
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
