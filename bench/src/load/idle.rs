//! Connections that do nothing: what each costs a proxy in memory.

use std::{
    collections::HashMap,
    io,
    time::{Duration, Instant},
};

use mio::{Events, Poll, Token};
use serde::Serialize;
use xtask::interrupt::Interrupt;

use super::{
    BUFFER, EVENTS, LOOK, LoadError, Plan,
    connection::{Connection, Step},
};
use crate::usage::Tree;

/// How many connections are being opened at once: a proxy that opens an upstream connection for each request under
/// way needs no more than this many.
const OPENING: usize = 64;

/// What passes between the last answer and the reading: buffers may be given back a little later.
const SETTLE: Duration = Duration::from_secs(2);

/// For the opening as a whole.
const DEADLINE: Duration = Duration::from_mins(1);

/// What idle connections cost.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct IdleReport {
    /// How many were open at the second reading.
    pub connections: usize,
    /// How many the proxy closed meanwhile.
    pub closed: usize,
    /// Resident memory before them, in bytes.
    pub before: u64,
    /// Resident memory with them, in bytes.
    pub after: u64,
}

impl IdleReport {
    /// Bytes of growth for each connection.
    #[expect(clippy::cast_precision_loss, reason = "memory of a process is far below 2^52 bytes")]
    pub fn each(&self) -> f64 {
        (self.after as f64 - self.before as f64) / self.connections.max(1) as f64
    }
}

/// Opens the plan's number of connections to the watched process `watch`, sends one request on each, leaves them all
/// alone, and reads what the process has grown by.
pub fn hold_idle(plan: &Plan, watch: u32, interrupt: &Interrupt) -> Result<IdleReport, LoadError> {
    let tree = Tree::of(watch)?;
    let mut idle = Idle { plan, poll: Poll::new()?, connections: HashMap::new(), opened: 0, closed: 0 };
    let before = tree.read()?.resident();
    let mut answered = 0;
    let deadline = Instant::now() + DEADLINE;
    while answered < plan.connections {
        while idle.opened < plan.connections && idle.opened - answered < OPENING {
            idle.open()?;
        }
        answered += idle.turn(interrupt)?;
        if Instant::now() > deadline {
            let first = format!("only {answered} of {} connections were answered in {DEADLINE:?}", plan.connections);
            return Err(LoadError::Failing { count: (plan.connections - answered) as u64, first });
        }
    }
    let settled = Instant::now() + SETTLE;
    while Instant::now() < settled {
        idle.turn(interrupt)?;
    }
    let after = tree.read()?.resident();
    Ok(IdleReport { connections: idle.connections.len(), closed: idle.closed, before, after })
}

struct Client<'a> {
    connection: Connection<'a>,
    answered: bool,
}

struct Idle<'a> {
    plan: &'a Plan,
    poll: Poll,
    connections: HashMap<Token, Client<'a>>,
    opened: usize,
    closed: usize,
}

impl Idle<'_> {
    fn open(&mut self) -> Result<(), LoadError> {
        let token = Token(self.opened);
        let connection = Connection::open(self.plan, None, self.poll.registry(), token)?;
        self.connections.insert(token, Client { connection, answered: false });
        self.opened += 1;
        Ok(())
    }

    /// Waits for events and handles them; gives how many answers came.
    fn turn(&mut self, interrupt: &Interrupt) -> Result<usize, LoadError> {
        if interrupt.raised() {
            return Err(LoadError::Interrupted);
        }
        let mut events = Events::with_capacity(EVENTS);
        match self.poll.poll(&mut events, Some(LOOK)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(0),
            polled => polled?,
        }
        let mut buffer = vec![0; BUFFER];
        let mut answered = 0;
        for event in &events {
            let Some(client) = self.connections.get_mut(&event.token()) else {
                continue;
            };
            match client.connection.advance(event.is_read_closed(), &mut buffer) {
                Ok(Step::Wait) => {}
                Ok(Step::Answered { reopen: false, .. }) => {
                    client.answered = true;
                    answered += 1;
                }
                Ok(Step::Answered { reopen: true, .. }) => {
                    return Err(LoadError::Failing { count: 1, first: "the proxy keeps no connection".into() });
                }
                // An idle connection that the proxy ends is worth a word in the table, not the end of the run.
                Err(_) if client.answered => {
                    self.closed += 1;
                    self.connections.remove(&event.token());
                }
                Err(fault) => {
                    return Err(LoadError::Failing { count: 1, first: fault.to_string() });
                }
            }
        }
        Ok(answered)
    }
}
