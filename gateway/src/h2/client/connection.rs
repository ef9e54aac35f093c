//! One connection to an upstream: who is on it, and the task that moves its frames.
use std::{
    cell::Cell,
    fmt,
    future::poll_fn,
    pin::Pin,
    rc::{Rc, Weak},
    task::{Poll, ready},
    time::Instant,
};

use ::h2::{
    PingPong, SendStream,
    client::{self, ResponseFuture, SendRequest},
};
use bytes::Bytes;
use http::Request;
use tokio::task::spawn_local;

use super::{
    MAX_STREAMS, Pool, builder,
    keeper::{Keeper, Then},
    loss::Loss,
    watch::{Io, Watch},
};
use crate::{rejection::Rejection, transport::Transport};

/// A connection; it ends, with a GOAWAY, when nobody holds it any more.
pub(super) struct Connection {
    sender: SendRequest<Bytes>,
    state: Rc<State>,
}

/// What the connection's task knows of it too.
struct State {
    watch: Rc<Watch>,
    streams: Cell<usize>,
    was_used: Cell<bool>,
    /// Whether nobody is to begin a stream any more.
    is_over: Cell<bool>,
    /// Since when there has been no stream.
    idle_since: Cell<Instant>,
    loss: Loss,
}

/// What has begun well, before its task.
pub(super) struct Opened {
    connection: client::Connection<Io, Bytes>,
    ping: PingPong,
    sender: SendRequest<Bytes>,
    watch: Rc<Watch>,
}

/// Begins a connection on `stream`, and waits for the upstream's settings: then it is known to speak HTTP/2, and how many
/// streams it takes. So no request is lost to one that does not. It has no time limit.
pub(super) async fn open(stream: Transport) -> Result<Opened, Rejection> {
    let (io, watch) = Io::new(stream);
    let begun = builder().handshake(io).await;
    let (sender, mut connection) = begun.map_err(|error| fault(&error, &watch))?;
    let ping = connection.ping_pong().expect("it is taken once");
    poll_fn(|cx| match Pin::new(&mut connection).poll(cx) {
        Poll::Ready(Ok(())) => Poll::Ready(Err(Rejection::UpstreamReset)),
        Poll::Ready(Err(error)) => Poll::Ready(Err(fault(&error, &watch))),
        Poll::Pending if watch.is_settled() => Poll::Ready(Ok(())),
        Poll::Pending => Poll::Pending,
    })
    .await?;
    Ok(Opened { connection, ping, sender, watch })
}

/// What an upstream has done to a connection, or to one stream of it.
pub(super) fn fault(error: &::h2::Error, watch: &Watch) -> Rejection {
    let is_refused = error.reason() == Some(::h2::Reason::HTTP_1_1_REQUIRED);
    match () {
        () if watch.is_refused_by_tls() => Rejection::UpstreamTls,
        // What `h2` resets by itself is what breaks the protocol.
        () if error.is_library() || is_refused => Rejection::UpstreamProtocol,
        () => Rejection::UpstreamReset,
    }
}

impl Opened {
    /// Lets a task of its own move the frames from now on, and tells `pool` what becomes of it.
    pub(super) fn start(self, pool: &Rc<Pool>) -> Rc<Connection> {
        let state = Rc::new(State {
            watch: self.watch,
            streams: Cell::new(0),
            was_used: Cell::new(false),
            is_over: Cell::new(false),
            idle_since: Cell::new(Instant::now()),
            loss: Loss::default(),
        });
        spawn_local(drive(self.connection, self.ping, Rc::clone(&state), Rc::downgrade(pool)));
        Rc::new(Connection { sender: self.sender, state })
    }
}

async fn drive(mut connection: client::Connection<Io, Bytes>, ping: PingPong, state: Rc<State>, pool: Weak<Pool>) {
    let mut keeper = Keeper::new(ping);
    let tell = || pool.upgrade().inspect(|pool| pool.changed());
    poll_fn(|cx| {
        loop {
            let is_over = Pin::new(&mut connection).poll(cx).is_ready();
            if is_over {
                return Poll::Ready(());
            }
            if state.watch.take_news() {
                tell();
            }
            match ready!(keeper.poll(cx, &state.watch, state.streams.get() > 0)) {
                Then::GoOn => {}
                Then::End => return Poll::Ready(()),
            }
        }
    })
    .await;
    state.is_over.set(true);
    // Its streams learn of it before anybody takes another connection.
    drop(connection);
    tell();
}

impl Connection {
    /// Whether it takes no stream any more.
    pub(super) fn is_over(&self) -> bool {
        self.state.is_over.get() || self.state.watch.last_stream().is_some()
    }

    /// Lets nobody begin a stream any more.
    pub(super) fn retire(&self) {
        self.state.is_over.set(true);
    }

    /// Streams that it has, and how many it may have.
    pub(super) fn load(&self) -> (usize, usize) {
        (self.state.streams.get(), self.sender.current_max_send_streams().min(MAX_STREAMS))
    }

    /// Since when nobody has had a stream on it; none while somebody has.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        (self.state.streams.get() == 0).then(|| self.state.idle_since.get())
    }

    /// What its streams know of its end.
    pub(super) fn loss(&self) -> &Loss {
        &self.state.loss
    }

    pub(super) fn watch(&self) -> &Watch {
        &self.state.watch
    }

    /// Counts one stream more; whether there had ever been one.
    pub(super) fn enter(&self) -> bool {
        self.state.streams.set(self.state.streams.get() + 1);
        self.state.was_used.replace(true)
    }

    pub(super) fn leave(&self) {
        let left = self.state.streams.get() - 1;
        self.state.streams.set(left);
        if left == 0 {
            self.state.idle_since.set(Instant::now());
        }
    }

    pub(super) fn send(
        &self,
        request: Request<()>,
        is_end: bool,
    ) -> Result<(ResponseFuture, SendStream<Bytes>), ::h2::Error> {
        self.sender.clone().send_request(request, is_end)
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("streams", &self.state.streams).finish_non_exhaustive()
    }
}
