//! A socket with its unread bytes, its unwritten bytes and its timer: what both sides of a request stand on.
use std::{
    cell::RefCell,
    future::Future,
    io::{self, IoSlice},
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf, Bytes, BytesMut};
use smallvec::SmallVec;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep},
};

use crate::transport::Transport;

/// Bytes that one read of a head, or of a small body, takes at most.
const SCRATCH: usize = 16 * 1024;
/// Bytes that one read of a large body takes at most.
const LARGE_READ: usize = 64 * 1024;
/// A piece up to this size is copied behind what is written already: one more slice costs more than the copy.
const COPY_LIMIT: usize = 2 * 1024;
/// Vectors that a worker keeps for its next heads, and the capacity of the largest that is kept.
const KEPT: usize = 64;
const MAX_KEPT: usize = 16 * 1024;
/// Slices that one write hands to the kernel.
const MAX_SLICES: usize = 16;

thread_local! {
    /// Where a worker reads to: always the same, hot memory, so that an idle connection owns no buffer.
    static SCRATCH_BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; SCRATCH].into_boxed_slice());
    /// Where a worker encodes heads to; a vector returns here once it is written.
    static VECTORS: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Lets `read` use the worker's scratch buffer: nothing of it may be kept.
pub(crate) fn with_scratch<T>(read: impl FnOnce(&mut [u8]) -> T) -> T {
    SCRATCH_BUFFER.with_borrow_mut(|scratch| read(scratch))
}

/// One connection, seen by the one task that drives it.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: Transport,
    /// What was read and belongs to nobody yet.
    pub(crate) unread: BytesMut,
    /// What is to be written.
    pub(crate) out: Outgoing,
    pub(crate) timer: Timer,
}

impl Wire {
    pub(crate) fn new(stream: impl Into<Transport>) -> Self {
        let stream = stream.into();
        Self { stream, unread: BytesMut::new(), out: Outgoing::default(), timer: Timer::default() }
    }

    /// The connection and what was read of it, for another protocol.
    pub(crate) fn into_parts(self) -> (Transport, BytesMut) {
        (self.stream, self.unread)
    }

    /// Reads once and adds to `unread`; 0 is the peer's end.
    pub(crate) fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        SCRATCH_BUFFER.with_borrow_mut(|scratch| {
            let mut buffer = ReadBuf::new(scratch);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
            let read = buffer.filled();
            if self.unread.is_empty() {
                // Exactly as large as what came: the head's fields will be slices of it.
                self.unread = BytesMut::from(read);
            } else {
                self.unread.extend_from_slice(read);
            }
            Poll::Ready(Ok(read.len()))
        })
    }

    /// Up to `max` bytes of a body: what is unread, else one read straight into their own memory. Empty is the peer's
    /// end.
    pub(crate) fn poll_data(&mut self, cx: &mut Context<'_>, max: u64) -> Poll<io::Result<Bytes>> {
        let max = usize::try_from(max).unwrap_or(usize::MAX);
        if self.unread.is_empty() {
            if max > SCRATCH {
                // TLS gives one record at a time, of 16 KiB at most (RFC 8446 §5.1).
                let most = if self.stream.is_tls() { SCRATCH } else { LARGE_READ };
                let mut data = BytesMut::with_capacity(max.min(most));
                ready!(self.poll_read_into(cx, &mut data))?;
                return Poll::Ready(Ok(data.freeze()));
            }
            if ready!(self.poll_fill(cx))? == 0 {
                return Poll::Ready(Ok(Bytes::new()));
            }
        }
        if self.unread.len() <= max {
            return Poll::Ready(Ok(mem::take(&mut self.unread).freeze()));
        }
        Poll::Ready(Ok(self.unread.split_to(max).freeze()))
    }

    fn poll_read_into(&mut self, cx: &mut Context<'_>, data: &mut BytesMut) -> Poll<io::Result<usize>> {
        // tokio's poll_read_buf reads into the spare capacity without initialising it.
        let reading = std::pin::pin!(tokio::io::AsyncReadExt::read_buf(&mut self.stream, data));
        reading.poll(cx)
    }

    /// Writes all of `out`, and what TLS has made of it.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.out.is_empty() {
            let mut slices = [IoSlice::new(&[]); MAX_SLICES];
            let count = self.out.slices(&mut slices);
            let stream = Pin::new(&mut self.stream);
            let written = if count == 1 {
                ready!(stream.poll_write(cx, &slices[0]))?
            } else {
                ready!(stream.poll_write_vectored(cx, &slices[..count]))?
            };
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.out.advance(written);
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// Ends our side; what was written still arrives.
    pub(crate) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    /// Tells a peer of TLS that nothing follows, if the socket takes it: whoever closes in order does so just before.
    pub(crate) fn say_end(&mut self) {
        if self.stream.is_tls() {
            let mut cx = Context::from_waker(std::task::Waker::noop());
            // One that does not read any more need not be told.
            let _ = self.poll_shutdown(&mut cx);
        }
    }

    /// Makes the close that follows a reset, so that the peer can't take a cut message for a whole one.
    pub(crate) fn reset_on_close(&self) {
        // A socket that is gone already needs no reset.
        let _ = socket2::SockRef::from(self.stream.tcp()).set_linger(Some(Duration::ZERO));
    }

    /// The connection, for bytes that are no HTTP any more.
    pub(crate) fn stream(&mut self) -> &mut Transport {
        &mut self.stream
    }

    /// Whether nothing has come from the peer: no data, no end, no error. Costs no system call while that is so.
    pub(crate) fn is_quiet(&mut self) -> bool {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        self.unread.is_empty() && self.poll_fill(&mut cx).is_pending()
    }
}

/// Bytes on their way out: short pieces copied one behind the other, long ones kept as they are.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    inline: Vec<u8>,
    pieces: SmallVec<[Piece; 4]>,
    /// How much of `inline` `pieces` account for; the rest is the last, open piece.
    closed: usize,
    /// Bytes of the first piece that are written.
    written: usize,
    len: usize,
}

#[derive(Debug)]
enum Piece {
    Inline { start: usize, end: usize },
    Shared(Bytes),
}

impl Outgoing {
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes not yet written.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Lets `encode` append.
    pub(crate) fn encode(&mut self, encode: impl FnOnce(&mut Vec<u8>)) {
        if self.inline.capacity() == 0 {
            self.inline = vector();
        }
        let before = self.inline.len();
        encode(&mut self.inline);
        self.len += self.inline.len() - before;
    }

    /// Appends a piece of a body.
    pub(crate) fn push(&mut self, data: Bytes) {
        if data.len() <= COPY_LIMIT {
            return self.encode(|out| out.extend_from_slice(&data));
        }
        self.close_inline();
        self.len += data.len();
        self.pieces.push(Piece::Shared(data));
    }

    fn close_inline(&mut self) {
        if self.inline.len() > self.closed {
            self.pieces.push(Piece::Inline { start: self.closed, end: self.inline.len() });
            self.closed = self.inline.len();
        }
    }

    fn slices<'a>(&'a mut self, slices: &mut [IoSlice<'a>; MAX_SLICES]) -> usize {
        self.close_inline();
        let mut skip = self.written;
        let count = self.pieces.len().min(MAX_SLICES);
        for (slice, piece) in slices.iter_mut().zip(&self.pieces) {
            let bytes = match piece {
                Piece::Inline { start, end } => &self.inline[*start..*end],
                Piece::Shared(bytes) => &bytes[..],
            };
            *slice = IoSlice::new(&bytes[skip..]);
            skip = 0;
        }
        count
    }

    fn advance(&mut self, written: usize) {
        self.len -= written;
        if self.len == 0 {
            return self.clear();
        }
        self.written += written;
        let mut done = 0;
        for piece in &self.pieces {
            let length = match piece {
                Piece::Inline { start, end } => end - start,
                Piece::Shared(bytes) => bytes.remaining(),
            };
            if self.written < length {
                break;
            }
            self.written -= length;
            done += 1;
        }
        self.pieces.drain(..done);
    }

    /// Forgets what is not written, and gives the vector back to the worker.
    pub(crate) fn clear(&mut self) {
        self.pieces.clear();
        (self.closed, self.written, self.len) = (0, 0, 0);
        give_back(mem::take(&mut self.inline));
    }
}

/// An empty vector to encode to, one that was used lately if there is one.
pub(crate) fn vector() -> Vec<u8> {
    VECTORS.with_borrow_mut(Vec::pop).unwrap_or_else(|| Vec::with_capacity(1024))
}

/// Keeps a vector for the next [`vector`].
pub(crate) fn give_back(mut vector: Vec<u8>) {
    vector.clear();
    if (1..=MAX_KEPT).contains(&vector.capacity()) {
        VECTORS.with_borrow_mut(|vectors| {
            if vectors.len() < KEPT {
                vectors.push(vector);
            }
        });
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        self.clear();
    }
}

/// A deadline that moves later for free: the runtime's timer stays armed at an earlier moment, and is set anew only
/// when that moment comes. A connection that is busy touches the timer wheel once in many requests.
#[derive(Debug, Default)]
pub(crate) struct Timer {
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Timer {
    /// Ready once `deadline` has passed.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if sleep.deadline() > deadline {
            sleep.as_mut().reset(deadline);
        }
        while sleep.as_mut().poll(cx).is_ready() {
            if Instant::now() >= deadline {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(deadline);
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(out: &mut Outgoing, step: usize) -> Vec<u8> {
        let mut all = Vec::new();
        while !out.is_empty() {
            let mut slices = [IoSlice::new(&[]); MAX_SLICES];
            let count = out.slices(&mut slices);
            let bytes: Vec<u8> = slices[..count].iter().flat_map(|slice| slice.iter().copied()).take(step).collect();
            out.advance(bytes.len());
            all.extend(bytes);
        }
        all
    }

    #[test]
    fn what_goes_out_keeps_its_order_however_little_is_written_at_once() {
        for step in [1, 2, 7, 100, 3000, 1 << 20] {
            let mut out = Outgoing::default();
            let mut expected = Vec::new();
            for (index, size) in [10, 5000, 20, 30, 4000, 3000, 1].into_iter().enumerate() {
                let piece = vec![u8::try_from(index).unwrap(); size];
                expected.extend_from_slice(&piece);
                out.push(piece.into());
            }
            assert_eq!(out.len(), expected.len());
            assert_eq!(written(&mut out, step), expected, "{step}");
        }
    }

    #[test]
    fn more_slices_than_one_write_takes_are_not_lost() {
        let mut out = Outgoing::default();
        let expected: Vec<u8> = (0..100u8).flat_map(|n| vec![n; COPY_LIMIT + 1]).collect();
        for n in 0..100 {
            out.push(vec![n; COPY_LIMIT + 1].into());
        }
        assert_eq!(written(&mut out, usize::MAX), expected);
    }

    #[tokio::test(start_paused = true)]
    async fn a_timer_fires_at_its_latest_deadline() {
        let mut timer = Timer::default();
        let start = Instant::now();
        let (soon, later) = (start + Duration::from_secs(1), start + Duration::from_secs(5));
        let mut polls = 0;
        std::future::poll_fn(|cx| {
            polls += 1;
            timer.poll(cx, if polls == 1 { soon } else { later })
        })
        .await;
        assert_eq!(start.elapsed().as_secs(), 5);
        std::future::poll_fn(|cx| timer.poll(cx, soon)).await;
    }
}
