//! A request's place among the streams of a connection.
use std::rc::Rc;

use ::h2::client::ResponseFuture;
use bytes::Bytes;
use http::Request;

use super::{Pool, connection::Connection, loss::Loss, watch::Watch};

/// Held from the pick of a connection to the end of the answer; what ends with it is the connection, if nobody else
/// holds it, or the wait of somebody for a place.
#[derive(Debug)]
pub(crate) struct Place {
    connection: Rc<Connection>,
    pool: Rc<Pool>,
    was_used: bool,
}

impl Place {
    pub(super) fn new(connection: Rc<Connection>, pool: Rc<Pool>) -> Self {
        let was_used = connection.enter();
        Self { connection, pool, was_used }
    }

    /// Whether the connection had carried a request before: then its end says nothing about the upstream.
    pub(crate) fn was_used(&self) -> bool {
        self.was_used
    }

    pub(super) fn watch(&self) -> &Watch {
        self.connection.watch()
    }

    /// The end of the connection, if that is what failed, and not this stream alone.
    pub(super) fn loss(&self, error: &::h2::Error) -> Option<Loss> {
        (!error.is_reset()).then(|| self.connection.loss().clone())
    }

    /// Sends a head; `is_end` says that no body follows.
    pub(super) fn send(
        &self,
        request: Request<()>,
        is_end: bool,
    ) -> Result<(ResponseFuture, ::h2::SendStream<Bytes>), ::h2::Error> {
        self.connection.send(request, is_end)
    }

    /// The connection has let a request wait in vain, and said nothing meanwhile: others go elsewhere.
    pub(super) fn doubt(&self) {
        self.connection.retire();
        self.pool.changed();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connection.leave();
        self.pool.one_left();
    }
}
