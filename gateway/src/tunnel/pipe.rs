//! One direction of a tunnel.
use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::frames::Frames;
use crate::h1::wire;

/// What a gateway is to the one whom it tells to close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Its frames are masked (RFC 6455 §5.3).
    Client,
    Server,
}

/// From a source to a sink. An idle one owns no buffer.
#[derive(Debug)]
pub(super) struct Pipe {
    frames: Frames,
    /// What the sink has not taken yet: at most one read, and what was there at the start.
    held: BytesMut,
    stage: Stage,
    role: Role,
    /// Whether the sink may hold back what it has taken.
    is_unflushed: bool,
    moved: bool,
    /// Bytes of the source that went on.
    pub(super) bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Open,
    /// The source has ended, and the sink is to be told.
    Ended,
    /// The sink was told to close: what comes is looked through for the source's own Close, and goes nowhere.
    Told,
    Done,
}

impl Pipe {
    /// One that begins with `first`.
    pub(super) fn new(first: BytesMut, role: Role) -> Self {
        let mut frames = Frames::default();
        frames.follow(&first, false);
        let bytes = first.len() as u64;
        Self { frames, held: first, stage: Stage::Open, role, is_unflushed: false, moved: false, bytes }
    }

    /// Whether the sink knows that nothing more will come.
    pub(super) fn is_told(&self) -> bool {
        matches!(self.stage, Stage::Told | Stage::Done) && self.held.is_empty()
    }

    /// Whether anything went on since this was asked last.
    pub(super) fn take_moved(&mut self) -> bool {
        std::mem::take(&mut self.moved)
    }

    /// Moves what can be moved; ready once nothing more will be. An error is the source's: a sink that takes no more shows
    /// it as the source of the other direction.
    pub(super) fn poll<S, D>(
        &mut self,
        cx: &mut Context<'_>,
        source: &mut S,
        sink: &mut D,
        is_closing: bool,
    ) -> Poll<io::Result<()>>
    where
        S: AsyncRead + Unpin,
        D: AsyncWrite + Unpin,
    {
        loop {
            if ready!(self.poll_held(cx, sink)).is_err() {
                self.stop();
            }
            match self.stage {
                Stage::Done => return Poll::Ready(Ok(())),
                Stage::Ended => {
                    // Whoever can't be told has gone.
                    let _ = ready!(Pin::new(&mut *sink).poll_shutdown(cx));
                    self.stop();
                }
                Stage::Told if self.frames.saw_close() => return Poll::Ready(Ok(())),
                Stage::Open if is_closing && self.frames.is_lost() => self.stage = Stage::Ended,
                Stage::Open if is_closing && self.frames.is_between() => self.tell(),
                Stage::Open | Stage::Told => ready!(self.poll_read(cx, source, sink, is_closing))?,
            }
        }
    }

    /// Reads once, and writes as much of that as the sink takes at once.
    fn poll_read<S, D>(
        &mut self,
        cx: &mut Context<'_>,
        source: &mut S,
        sink: &mut D,
        is_closing: bool,
    ) -> Poll<io::Result<()>>
    where
        S: AsyncRead + Unpin,
        D: AsyncWrite + Unpin,
    {
        wire::with_scratch(|scratch| {
            let mut buffer = ReadBuf::new(scratch);
            match ready!(Pin::new(source).poll_read(cx, &mut buffer)) {
                // Behind its Close many a client just drops the connection: that is an end, and breaks nothing.
                Err(error) if !self.frames.saw_close() => return Poll::Ready(Err(error)),
                Err(_) | Ok(()) => {}
            }
            let read = buffer.filled();
            if read.is_empty() {
                self.stage = if self.stage == Stage::Told { Stage::Done } else { Stage::Ended };
                return Poll::Ready(Ok(()));
            }
            if self.stage == Stage::Told {
                self.frames.follow(read, false);
                return Poll::Ready(Ok(()));
            }
            // A tunnel that is to end ends with the frame that is under way.
            let (now, rest) = read.split_at(self.frames.follow(read, is_closing));
            self.bytes += now.len() as u64;
            self.moved = true;
            match Pin::new(sink).poll_write(cx, now) {
                Poll::Ready(Ok(written)) => {
                    self.is_unflushed = true;
                    self.held.extend_from_slice(&now[written..]);
                }
                Poll::Ready(Err(_)) => self.stop(),
                Poll::Pending => self.held.extend_from_slice(now),
            }
            if !rest.is_empty() && self.stage == Stage::Open {
                self.tell();
                self.frames.follow(rest, false);
            }
            Poll::Ready(Ok(()))
        })
    }

    /// Ready once the sink has everything.
    fn poll_held<D: AsyncWrite + Unpin>(&mut self, cx: &mut Context<'_>, sink: &mut D) -> Poll<io::Result<()>> {
        while !self.held.is_empty() {
            let written = ready!(Pin::new(&mut *sink).poll_write(cx, &self.held))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.held.advance(written);
            (self.is_unflushed, self.moved) = (true, true);
            if self.held.is_empty() {
                self.held = BytesMut::new();
            }
        }
        if self.is_unflushed {
            ready!(Pin::new(sink).poll_flush(cx))?;
            self.is_unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Says 1001, "going away" (RFC 6455 §7.4.1), unless the source has closed by itself.
    fn tell(&mut self) {
        self.stage = Stage::Told;
        if self.frames.saw_close() {
            return;
        }
        let [high, low] = 1001_u16.to_be_bytes();
        match self.role {
            Role::Server => self.held.extend_from_slice(&[0x88, 2, high, low]),
            Role::Client => {
                let [a, b, c, d] = fastrand::u32(..).to_ne_bytes();
                self.held.extend_from_slice(&[0x88, 0x82, a, b, c, d, high ^ a, low ^ b]);
            }
        }
    }

    /// Nothing goes this way any more.
    fn stop(&mut self) {
        self.stage = Stage::Done;
        self.held = BytesMut::new();
        self.is_unflushed = false;
    }
}
