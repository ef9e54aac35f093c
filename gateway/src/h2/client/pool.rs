//! The connections of one worker to one upstream.
use std::{
    cell::{Cell, RefCell},
    pin::pin,
    rc::Rc,
    time::{Duration, Instant},
};

use tokio::{sync::Notify, time::timeout_at};

use super::{
    MAX_CONNECTIONS, Place,
    connection::{Connection, open},
};
use crate::{rejection::Rejection, transport::Transport};

/// A stream goes to the connection that has the fewest. A connection more is opened when all are full, one at a time; and
/// when there are as many as there may be, requests wait. Belongs to one worker, so it needs no lock.
#[derive(Debug)]
pub(crate) struct Pool {
    open: RefCell<Vec<Rc<Connection>>>,
    is_opening: Cell<bool>,
    waiting: Cell<usize>,
    freed: Notify,
    timeout: Duration,
    is_closed: Cell<bool>,
}

impl Pool {
    /// An empty pool; a connection without a stream for `timeout` is closed.
    pub(crate) fn new(timeout: Duration) -> Self {
        Self {
            open: RefCell::default(),
            is_opening: Cell::new(false),
            waiting: Cell::new(0),
            freed: Notify::new(),
            timeout,
            is_closed: Cell::new(false),
        }
    }

    /// A place for a stream, within `timeout`; `connect` makes a connection where that needs one.
    pub(crate) async fn place(
        self: &Rc<Self>,
        timeout: Duration,
        connect: impl AsyncFn() -> Result<Transport, Rejection>,
    ) -> Result<Place, Rejection> {
        // Who waits already goes first.
        if self.waiting.get() == 0
            && let Some(place) = self.take()
        {
            return Ok(place);
        }
        let _waiting = Held::by(&self.waiting);
        let deadline = tokio::time::Instant::now() + timeout;
        loop {
            let mut freed = pin!(self.freed.notified());
            freed.as_mut().enable();
            if let Some(place) = self.take() {
                return Ok(place);
            }
            if self.may_open() {
                let _opening = Opening::begin(self);
                let opening = async { open(connect().await?).await };
                let opened = timeout_at(deadline, opening).await;
                let connection = opened.map_err(|_| Rejection::UpstreamConnectTimeout)??.start(self);
                if connection.is_over() {
                    return Err(Rejection::UpstreamReset);
                }
                if !self.is_closed.get() {
                    self.open.borrow_mut().push(Rc::clone(&connection));
                }
                if connection.load().1 > 0 {
                    return Ok(Place::new(connection, Rc::clone(self)));
                }
                continue;
            }
            if timeout_at(deadline, freed).await.is_err() {
                let is_late = self.is_opening.get();
                return Err(if is_late { Rejection::UpstreamConnectTimeout } else { Rejection::Overloaded });
            }
        }
    }

    /// A place on the connection with the fewest streams, if any has room.
    fn take(self: &Rc<Self>) -> Option<Place> {
        let open = self.open.borrow();
        let with_room = open.iter().filter(|connection| !connection.is_over()).filter_map(|connection| {
            let (streams, most) = connection.load();
            (streams < most).then_some((streams, connection))
        });
        let (_, connection) = with_room.min_by_key(|(streams, _)| *streams)?;
        Some(Place::new(Rc::clone(connection), Rc::clone(self)))
    }

    /// Whether another connection would help: one that takes no stream at all is not bettered by a second.
    fn may_open(&self) -> bool {
        let open = self.open.borrow();
        let takes_none = |connection: &Rc<Connection>| !connection.is_over() && connection.load().1 == 0;
        !self.is_opening.get() && open.len() < MAX_CONNECTIONS && !open.iter().any(takes_none)
    }

    /// A stream has ended.
    pub(super) fn one_left(&self) {
        if self.waiting.get() > 0 {
            self.freed.notify_one();
        }
    }

    /// A connection takes more streams than before, or none any more.
    pub(super) fn changed(&self) {
        let gone: Vec<_> = self.open.borrow_mut().extract_if(.., |connection| connection.is_over()).collect();
        drop(gone);
        self.freed.notify_waiters();
    }

    /// Closes all of them once their streams have ended, and from now on each that is opened: nobody will ask for one any
    /// more.
    pub(crate) fn close(&self) {
        self.is_closed.set(true);
        let open = std::mem::take(&mut *self.open.borrow_mut());
        drop(open);
    }

    /// Closes the connections whose time is over.
    pub(crate) fn sweep(&self, now: Instant) {
        let is_old = |connection: &mut Rc<Connection>| {
            connection.idle_since().is_some_and(|since| now.duration_since(since) >= self.timeout)
        };
        let old: Vec<_> = self.open.borrow_mut().extract_if(.., is_old).collect();
        drop(old);
    }
}

/// One more, until it is dropped.
struct Held<'c>(&'c Cell<usize>);

impl<'c> Held<'c> {
    fn by(count: &'c Cell<usize>) -> Self {
        count.set(count.get() + 1);
        Self(count)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// Somebody opens a connection: what comes of it is everybody's who waits. A client that leaves meanwhile lets another one
/// try.
struct Opening<'p>(&'p Pool);

impl<'p> Opening<'p> {
    fn begin(pool: &'p Pool) -> Self {
        pool.is_opening.set(true);
        Self(pool)
    }
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        self.0.is_opening.set(false);
        self.0.freed.notify_waiters();
    }
}
