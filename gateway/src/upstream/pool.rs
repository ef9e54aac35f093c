//! One worker's connections to one upstream, of the version of HTTP that it speaks: decided when the configuration is
//! built.
use std::{
    rc::Rc,
    time::{Duration, Instant},
};

use super::Upstream;
use crate::{h1, h2};

/// The connections.
#[derive(Debug, Clone)]
pub(crate) enum Pool {
    /// One request at a time on each.
    Http1(Rc<h1::pool::Pool>),
    /// Many.
    Http2(Rc<h2::client::Pool>),
}

impl Pool {
    /// No connection yet; one that is idle for `timeout` is not used again.
    pub(crate) fn new(upstream: &Upstream, timeout: Duration) -> Self {
        if upstream.protocol().is_http2() {
            Self::Http2(Rc::new(h2::client::Pool::new(timeout)))
        } else {
            Self::Http1(Rc::new(h1::pool::Pool::new(timeout)))
        }
    }

    /// Whether both are the same connections.
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Http1(ours), Self::Http1(theirs)) => Rc::ptr_eq(ours, theirs),
            (Self::Http2(ours), Self::Http2(theirs)) => Rc::ptr_eq(ours, theirs),
            _ => false,
        }
    }

    /// Closes all of them once they are idle: nobody will ask for one any more.
    pub(crate) fn close(&self) {
        match self {
            Self::Http1(pool) => pool.close(),
            Self::Http2(pool) => pool.close(),
        }
    }

    /// Closes the connections whose time is over.
    pub(crate) fn sweep(&self, now: Instant) {
        match self {
            Self::Http1(pool) => pool.sweep(now),
            Self::Http2(pool) => pool.sweep(now),
        }
    }
}
