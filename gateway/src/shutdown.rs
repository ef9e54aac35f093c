//! The end of a worker's connections: told to stop, waited for.
use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    rc::Rc,
    task::{Poll, Waker},
};

use tokio::{sync::Notify, time::Instant};

/// One worker's connections, so that all of them can be told to end. A connection that serves costs it nothing.
#[derive(Debug, Default)]
pub(crate) struct Drain {
    draining: Cell<bool>,
    /// When connections that are tunnels are told to end.
    tunnels_end: Cell<Option<Instant>>,
    connections: RefCell<Connections>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Connections {
    wakers: Vec<Option<Waker>>,
    free: Vec<usize>,
}

impl Drain {
    pub(crate) fn new() -> Rc<Self> {
        Rc::default()
    }

    /// Whether connections are to end after what they are serving.
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.get()
    }

    /// When a tunnel is to end, which is at no end of its own.
    pub(crate) fn tunnels_end(&self) -> Option<Instant> {
        self.tunnels_end.get()
    }

    /// Tells every connection to end; those that are tunnels, at this moment.
    pub(crate) fn start(&self, tunnels_end: Instant) {
        self.draining.set(true);
        self.tunnels_end.set(Some(tunnels_end));
        for waker in self.connections.borrow().wakers.iter().flatten() {
            waker.wake_by_ref();
        }
    }

    /// Counts the calling task as a connection until the guard is dropped.
    pub(crate) async fn register(&self) -> Registered<'_> {
        let waker = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
        let mut connections = self.connections.borrow_mut();
        let place = connections.free.pop().unwrap_or_else(|| {
            connections.wakers.push(None);
            connections.wakers.len() - 1
        });
        connections.wakers[place] = Some(waker);
        Registered { drain: self, place }
    }

    /// Waits until no connection is left.
    pub(crate) async fn finished(&self) {
        while self.open() > 0 {
            self.changed.notified().await;
        }
    }

    /// Connections open now.
    pub(crate) fn open(&self) -> usize {
        let connections = self.connections.borrow();
        connections.wakers.len() - connections.free.len()
    }
}

/// A connection that is open.
#[derive(Debug)]
pub(crate) struct Registered<'a> {
    drain: &'a Drain,
    place: usize,
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        let mut connections = self.drain.connections.borrow_mut();
        connections.wakers[self.place] = None;
        connections.free.push(self.place);
        drop(connections);
        if self.drain.is_draining() || self.drain.open() == 0 {
            self.drain.changed.notify_one();
        }
    }
}
