//! A closed loop of clients: each sends its next request when the answer to the last one has come and was right.
//!
//! One thread, one epoll loop. A run has a warm-up, whose requests do not count, and a measured time, at whose two
//! ends the proxy's CPU clocks are read, so that requests and CPU belong to the same stretch.

mod connection;
mod idle;
mod plan;
mod report;

use std::{
    io,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use mio::{Events, Poll, Token};
use xtask::interrupt::Interrupt;

use crate::usage::{Reading, Tree};
use connection::{Connection, Step};

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

    fn error(&mut self, what: String) {
        self.errors += 1;
        self.first_error.get_or_insert(what);
    }
}

struct Run<'a> {
    plan: &'a Plan,
    poll: Poll,
    connections: Vec<Connection<'a>>,
    counts: Counts,
    tree: Option<Tree>,
    buffer: Vec<u8>,
}

impl<'a> Run<'a> {
    fn new(plan: &'a Plan) -> Result<Self, LoadError> {
        Ok(Self {
            plan,
            poll: Poll::new()?,
            connections: Vec::with_capacity(plan.connections),
            counts: Counts::new()?,
            tree: plan.watch.map(Tree::of).transpose()?,
            buffer: vec![0; BUFFER],
        })
    }

    fn connect_all(&mut self) -> Result<(), LoadError> {
        for place in 0..self.plan.connections {
            let connection = Connection::open(self.plan, self.poll.registry(), Token(place))?;
            self.connections.push(connection);
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
            match self.poll.poll(&mut events, Some(LOOK.min(end - now))) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                polled => polled?,
            }
            for event in &events {
                self.advance(event.token(), event.is_read_closed())?;
            }
        }
    }

    /// Drives one connection as far as it goes: an answer is followed by the next request at once.
    fn advance(&mut self, token: Token, peer_closed: bool) -> Result<(), LoadError> {
        loop {
            let connection = &mut self.connections[token.0];
            let mut reopen = match connection.advance(peer_closed, &mut self.buffer) {
                Ok(Step::Wait) => return Ok(()),
                Ok(Step::Answered { latency, reopen }) => {
                    self.counts.requests += 1;
                    self.counts.latencies.saturating_record(latency);
                    self.counts.reconnects += u64::from(reopen && !self.plan.work.closes);
                    reopen
                }
                Err(fault) => {
                    self.counts.error(fault.to_string());
                    true
                }
            };
            if !reopen && let Err(fault) = connection.ask_again() {
                self.counts.error(fault.to_string());
                reopen = true;
            }
            if reopen {
                // Closes the old connection; an event for it that is still in the batch then meets the new one,
                // which takes it for a spurious one.
                *connection = Connection::open(self.plan, self.poll.registry(), token)?;
                return Ok(());
            }
            // The socket is empty: the next answer is a new event, and a read now would be a wasted call. Only an end
            // of the stream that came with the answer is none.
            if !peer_closed {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests;
