//! The idle connections of one worker to one upstream.
use std::{
    cell::{Cell, RefCell},
    time::{Duration, Instant},
};

use super::wire::Wire;

/// Last in, first out: the connection used last is the least likely to have been closed, and those that a burst opened
/// grow old together. Belongs to one worker, so it needs no lock.
#[derive(Debug)]
pub(crate) struct Pool {
    idle: RefCell<Vec<Idle>>,
    timeout: Duration,
    is_closed: Cell<bool>,
}

#[derive(Debug)]
struct Idle {
    wire: Box<Wire>,
    since: Instant,
}

impl Pool {
    /// An empty pool; a connection idle for `timeout` is not used again.
    pub(crate) fn new(timeout: Duration) -> Self {
        Self { idle: RefCell::default(), timeout, is_closed: Cell::new(false) }
    }

    /// The connection used last, if it still lives.
    pub(crate) fn take(&self, now: Instant) -> Option<Box<Wire>> {
        loop {
            let mut idle = self.idle.borrow_mut().pop()?;
            if now.duration_since(idle.since) < self.timeout && idle.wire.is_quiet() {
                return Some(idle.wire);
            }
        }
    }

    /// Keeps a connection on which an exchange has ended cleanly.
    pub(crate) fn put(&self, wire: Box<Wire>, now: Instant) {
        debug_assert!(wire.unread.is_empty() && wire.out.is_empty(), "an exchange ended with bytes left");
        if !self.is_closed.get() {
            self.idle.borrow_mut().push(Idle { wire, since: now });
        }
    }

    /// Closes all of them, and from now on each that comes back: nobody will ask for one any more.
    pub(crate) fn close(&self) {
        self.is_closed.set(true);
        self.idle.borrow_mut().clear();
    }

    /// Closes the connections whose time is over.
    pub(crate) fn sweep(&self, now: Instant) {
        self.idle.borrow_mut().retain(|idle| now.duration_since(idle.since) < self.timeout);
    }
}
