//! A proxy from its first forwarded answer to its end.

use std::{
    io,
    net::SocketAddr,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use xtask::{child::Child, http, interrupt::Interrupt};

use super::PeerError;
use crate::pin;

/// A proxy has this long to forward its first request.
pub(super) const DEADLINE: Duration = Duration::from_secs(20);

/// Between two attempts at the first request: short against any start that is worth measuring.
const RETRY: Duration = Duration::from_micros(200);

/// What a proxy gets to end by itself. An instrumented one writes its profile then.
const GRACE: Duration = Duration::from_secs(15);

/// A proxy that forwards.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where it listens for TLS, if it does.
    pub tls: Option<SocketAddr>,
    /// From before its process was started to its first forwarded answer.
    pub start: Duration,
    child: Child,
}

impl Running {
    /// `fields` are those of the request that must be forwarded, each ended by CR LF.
    pub(crate) fn start(
        name: &str,
        command: &mut Command,
        core: usize,
        address: SocketAddr,
        fields: &str,
        interrupt: &Interrupt,
    ) -> Result<Self, PeerError> {
        let begun = Instant::now();
        let mut child = pin::spawn(core, name, command)?;
        child.follow(|_| ());
        await_answer(&mut child, address, fields, begun, interrupt)?;
        Ok(Self { address, tls: None, start: begun.elapsed(), child })
    }

    pub(super) fn with_tls(self, tls: Option<SocketAddr>) -> Self {
        Self { tls, ..self }
    }

    /// The process whose tree is measured.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it, and waits for that.
    pub fn stop(mut self) -> io::Result<()> {
        self.child.stop(GRACE, || false).map(drop)
    }
}

fn await_answer(
    child: &mut Child,
    listen: SocketAddr,
    fields: &str,
    begun: Instant,
    interrupt: &Interrupt,
) -> Result<(), PeerError> {
    let name = child.name().to_owned();
    loop {
        let last = match http::get_with(listen, "/small", fields, DEADLINE) {
            Ok(answer) if answer.status == 200 => return Ok(()),
            Ok(answer) => format!("it answers {}", answer.status),
            Err(error) => error.to_string(),
        };
        if interrupt.raised() {
            return Err(PeerError::Interrupted);
        }
        match child.exited() {
            Ok(Some(status)) => {
                return Err(PeerError::Ended { name, status, tail: child.last_words() });
            }
            Ok(None) if begun.elapsed() > DEADLINE => {
                return Err(PeerError::Silent { name, last, tail: child.tail() });
            }
            Ok(None) => thread::sleep(RETRY),
            Err(source) => return Err(PeerError::Io { name, source }),
        }
    }
}
