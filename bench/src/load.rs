//! A closed loop of clients: each sends its next request when the answer to the last one has come and was right. Where the
//! plan has a rate, an open one: see the module `pace`.
//!
//! One thread, one epoll loop. A run has a warm-up, whose requests do not count, and a measured time, at whose two
//! ends the proxy's CPU clocks are read, so that requests and CPU belong to the same stretch.

mod connection;
mod h2;
mod idle;
mod pace;
mod plan;
mod report;
mod slow;
mod stream;

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use mio::{Events, Poll, Registry, Token};
use rustls::ClientConfig;
use xtask::interrupt::Interrupt;

use crate::{
    tls,
    usage::{Reading, Tree},
};
use connection::{Connection, Fault, Step};
use h2::H2;
use pace::Pace;
use slow::Slow;

pub use h2::STREAMS;
pub use idle::{IdleReport, hold_idle};
pub use plan::{Plan, Work};
pub use report::Report;

const EVENTS: usize = 1024;

/// The largest answers of the benchmark fit, head and all.
const BUFFER: usize = 128 * 1024;

/// A run with more errors than this measures nothing: it ends early.
const MAX_ERRORS: u64 = 1000;

/// How long the loop sleeps at most before it looks at the clock and at Ctrl-C.
const LOOK: Duration = Duration::from_millis(20);

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The system refused something; mostly a limit on open files.
    #[error("the load cannot go on: {0} (see `ulimit -n`)")]
    Io(#[from] io::Error),
    /// The user asked for the end.
    #[error("interrupted")]
    Interrupted,
    /// Requests failed, and what they would have shown is worth nothing.
    #[error("{count} failed, the first because: {first}")]
    Failing {
        /// How many failed.
        count: u64,
        /// What went wrong with the first one.
        first: String,
    },
    /// Latencies outside of what the histogram was made for.
    #[error("cannot record a latency: {0}")]
    Histogram(#[from] hdrhistogram::CreationError),
}

/// Runs `plan` to its end.
pub fn run(plan: &Plan, interrupt: &Interrupt) -> Result<Report, LoadError> {
    let mut run = Run::new(plan)?;
    run.connect_all()?;
    let begun = Instant::now();
    run.until(begun + plan.warm_up, interrupt)?;

    let before = run.read_usage()?;
    let measured_from = Instant::now();
    run.counts = Counts::new()?;
    if let Some(pace) = &mut run.pace {
        pace.start(measured_from);
    }
    run.until(measured_from + plan.time, interrupt)?;
    let elapsed = measured_from.elapsed();
    let after = run.read_usage()?;

    let spent = before.zip(after).map(|(before, after)| after.since(&before));
    Ok(Report::new(&run.counts, elapsed, spent))
}

/// What a run has seen since its counting began.
struct Counts {
    requests: u64,
    errors: u64,
    reconnects: u64,
    first_error: Option<String>,
    latencies: Histogram<u64>,
}

impl Counts {
    fn new() -> Result<Self, LoadError> {
        // 1 µs to a minute, in nanoseconds, to three digits; what is longer saturates.
        let latencies = Histogram::new_with_bounds(1_000, 60_000_000_000, 3)?;
        Ok(Self { requests: 0, errors: 0, reconnects: 0, first_error: None, latencies })
    }

    fn answered(&mut self, latency: u64) {
        self.requests += 1;
        self.latencies.saturating_record(latency);
    }

    /// Counts an error, after which its connection is of no use: always true.
    fn error(&mut self, what: String) -> bool {
        self.errors += 1;
        self.first_error.get_or_insert(what);
        true
    }
}

struct Run<'a> {
    plan: &'a Plan,
    poll: Poll,
    clients: Vec<Client<'a>>,
    counts: Counts,
    tree: Option<Tree>,
    /// When requests are due, where they do not follow their answers.
    pace: Option<Pace>,
    slow: Slow,
    buffer: Vec<u8>,
    /// The latencies of answers that came at once.
    answered: Vec<u64>,
}

/// One client, and what it keeps from connection to connection.
struct Client<'a> {
    speaks: Speaks<'a>,
    tls: Option<Arc<ClientConfig>>,
    /// Whether its connection is not the first.
    came_before: bool,
}

enum Speaks<'a> {
    Http1(Connection<'a>),
    Http2(H2<'a>),
}

impl<'a> Speaks<'a> {
    fn open(plan: &'a Plan, tls: Option<&Arc<ClientConfig>>, registry: &Registry, token: Token) -> io::Result<Self> {
        if plan.tls.as_ref().is_some_and(|tls| tls.is_h2) {
            return H2::open(plan, tls, registry, token).map(Self::Http2);
        }
        Connection::open(plan, tls, registry, token).map(Self::Http1)
    }
}

impl<'a> Run<'a> {
    fn new(plan: &'a Plan) -> Result<Self, LoadError> {
        Ok(Self {
            plan,
            poll: Poll::new()?,
            clients: Vec::with_capacity(plan.connections),
            counts: Counts::new()?,
            tree: plan.watch.map(Tree::of).transpose()?,
            pace: plan.rate.map(Pace::new),
            slow: Slow::connect(plan.address, plan.slow)?,
            buffer: vec![0; BUFFER],
            answered: Vec::new(),
        })
    }

    fn connect_all(&mut self) -> Result<(), LoadError> {
        for place in 0..self.plan.connections {
            let tls = self.plan.tls.as_ref().map(tls::Client::config);
            let speaks = Speaks::open(self.plan, tls.as_ref(), self.poll.registry(), Token(place))?;
            self.clients.push(Client { speaks, tls, came_before: false });
        }
        Ok(())
    }

    fn read_usage(&self) -> Result<Option<Reading>, LoadError> {
        Ok(self.tree.as_ref().map(Tree::read).transpose()?)
    }

    fn until(&mut self, end: Instant, interrupt: &Interrupt) -> Result<(), LoadError> {
        let mut events = Events::with_capacity(EVENTS);
        loop {
            let now = Instant::now();
            if now >= end || self.counts.requests >= self.plan.max_requests {
                return Ok(());
            }
            if interrupt.raised() {
                return Err(LoadError::Interrupted);
            }
            if self.counts.errors > MAX_ERRORS {
                let first = self.counts.first_error.take().unwrap_or_default();
                return Err(LoadError::Failing { count: self.counts.errors, first });
            }
            self.slow.advance(now)?;
            self.send_due(now);
            match self.poll.poll(&mut events, Some(self.rest(now).min(end - now))) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                polled => polled?,
            }
            for event in &events {
                self.advance(event.token(), event.is_read_closed())?;
            }
        }
    }

    /// How long nothing has to be done but what comes.
    fn rest(&self, now: Instant) -> Duration {
        match &self.pace {
            // Who has nobody to send by waits for an answer.
            Some(pace) if !pace.idle.is_empty() => pace.next().saturating_duration_since(now).min(LOOK),
            _ => LOOK,
        }
    }

    /// Lets clients that have nothing to do send what is due.
    fn send_due(&mut self, now: Instant) {
        let Some(pace) = &mut self.pace else { return };
        while let Some(&token) = pace.idle.front() {
            let Some(due) = pace.due(now) else { return };
            pace.idle.pop_front();
            if let Speaks::Http1(connection) = &mut self.clients[token.0].speaks
                && let Err(fault) = connection.ask_again(due)
            {
                // What is wrong with it shows once more when its event comes, which opens another.
                self.counts.error(fault.to_string());
            }
        }
    }

    /// Drives one connection as far as it goes: an answer is followed by the next request at once.
    fn advance(&mut self, token: Token, peer_closed: bool) -> Result<(), LoadError> {
        let client = &mut self.clients[token.0];
        let reopen = match &mut client.speaks {
            Speaks::Http1(connection) => {
                let resumes = self.plan.tls.as_ref().map(|tls| tls.resumes && client.came_before);
                let next = |now| match &mut self.pace {
                    None => Some(now),
                    Some(pace) => {
                        let due = pace.due(now);
                        pace.idle.extend(due.is_none().then_some(token));
                        due
                    }
                };
                advance(connection, resumes, peer_closed, &mut self.buffer, &mut self.counts, next)
            }
            Speaks::Http2(connection) => {
                let outcome = connection.advance(&mut self.buffer, &mut self.answered);
                self.answered.drain(..).for_each(|latency| self.counts.answered(latency));
                outcome.is_err_and(|fault| self.counts.error(fault.to_string()))
            }
        };
        if reopen {
            // Closes the old connection; an event for it that is still in the batch then meets the new one, which takes it
            // for a spurious one.
            client.speaks = Speaks::open(self.plan, client.tls.as_ref(), self.poll.registry(), token)?;
            client.came_before = true;
        }
        Ok(())
    }
}

/// Drives one connection of HTTP/1.1; whether another has to take its place. `resumes`: whether its handshake must have
/// been a resumed one, or a full one. `next` says from when on the next request's time counts, if there is one now.
fn advance(
    connection: &mut Connection<'_>,
    resumes: Option<bool>,
    peer_closed: bool,
    buffer: &mut [u8],
    counts: &mut Counts,
    mut next: impl FnMut(Instant) -> Option<Instant>,
) -> bool {
    loop {
        match connection.advance(peer_closed, buffer) {
            Ok(Step::Wait) => return false,
            Ok(Step::Answered { latency, reopen }) => {
                counts.answered(latency);
                counts.reconnects += u64::from(reopen && !connection.closes());
                if let Some(resumed) = connection.is_resumed().filter(|resumed| resumes != Some(*resumed)) {
                    return counts.error(Fault::Handshake { resumed }.to_string());
                }
                if reopen {
                    return true;
                }
            }
            Err(fault) => return counts.error(fault.to_string()),
        }
        let Some(asked) = next(Instant::now()) else { return false };
        if let Err(fault) = connection.ask_again(asked) {
            return counts.error(fault.to_string());
        }
        // The socket is empty: the next answer is a new event, and a read now would be a wasted call. Only an end of the
        // stream that came with the answer is none.
        if !peer_closed {
            return false;
        }
    }
}

#[cfg(test)]
mod tests;
