//! The connection below HTTP/2: what was read of it before, what comes, and a look at the frames that it comes in.
use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    io::{self, IoSlice},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf, BytesMut};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, timeout_at},
};

use super::frames::Frames;
use crate::{h1::wire::Wire, transport::Transport};

/// Bytes that a connection reads before its streams, and other connections, have a turn: so what they make of it, fields
/// unpacked and streams begun, is bounded too.
const TURN: usize = 64 * 1024;
/// How long, and how many bytes, a connection is read after its last frame, so that a reset does not eat that.
const LINGER: (Duration, usize) = (Duration::from_secs(2), 1024 * 1024);

/// A client's connection, as `h2` reads and writes it.
pub(super) struct Io {
    /// Given back when this is dropped.
    stream: Option<Transport>,
    /// What was read before it was known to be HTTP/2.
    unread: BytesMut,
    watch: Rc<Watch>,
}

/// What is seen of a connection from beside it.
#[derive(Debug, Default)]
pub(super) struct Watch {
    pub(super) frames: RefCell<Frames>,
    heard: Cell<bool>,
    left_to_read: Cell<usize>,
    given_back: RefCell<Option<Transport>>,
}

impl Io {
    pub(super) fn new(wire: Wire) -> (Self, Rc<Watch>) {
        let (stream, unread) = wire.into_parts();
        let watch = Rc::new(Watch::default());
        watch.begin_turn();
        (Self { stream: Some(stream), unread, watch: Rc::clone(&watch) }, watch)
    }

    fn stream(&mut self) -> Pin<&mut Transport> {
        Pin::new(self.stream.as_mut().expect("it is taken by the drop alone"))
    }
}

impl Watch {
    /// Lets the connection read again.
    pub(super) fn begin_turn(&self) {
        self.left_to_read.set(TURN);
    }

    /// Whether anything has come since it was last asked.
    pub(super) fn take_heard(&self) -> bool {
        self.heard.take()
    }

    /// Reads on for a while once the connection is over, so that the client can read why before the socket is gone.
    pub(super) async fn linger(&self) {
        let Some(mut stream) = self.given_back.take() else { return };
        let deadline = Instant::now() + LINGER.0;
        let drain = async {
            poll_fn(|cx| Pin::new(&mut stream).poll_shutdown(cx)).await?;
            let (mut seen, mut piece) = (0, [0; 4096]);
            while seen < LINGER.1 {
                let mut buffer = ReadBuf::new(&mut piece);
                poll_fn(|cx| Pin::new(&mut stream).poll_read(cx, &mut buffer)).await?;
                if buffer.filled().is_empty() {
                    break;
                }
                seen += buffer.filled().len();
            }
            io::Result::Ok(())
        };
        // Whoever is gone, or goes on, is cut.
        let _ = Box::pin(timeout_at(deadline, drain)).await;
    }
}

impl AsyncRead for Io {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.watch.frames.borrow().is_flood() {
            return Poll::Pending; // Whoever drives the connection ends it now.
        }
        let left = self.watch.left_to_read.get();
        if left == 0 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        if self.unread.is_empty() {
            ready!(self.stream().poll_read(cx, buffer))?;
        } else {
            let length = self.unread.len().min(buffer.remaining());
            buffer.put_slice(&self.unread[..length]);
            self.unread.advance(length);
        }
        let read = &buffer.filled()[before..];
        self.watch.left_to_read.set(left.saturating_sub(read.len()));
        self.watch.heard.set(true);
        self.watch.frames.borrow_mut().read(read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Io {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(self.stream().poll_write(cx, bytes))?;
        self.watch.frames.borrow_mut().wrote(written);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(self.stream().poll_write_vectored(cx, slices))?;
        self.watch.frames.borrow_mut().wrote(written);
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(cx)
    }
}

impl Drop for Io {
    fn drop(&mut self) {
        *self.watch.given_back.borrow_mut() = self.stream.take();
    }
}
