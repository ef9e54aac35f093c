//! A look at the frames that an upstream sends, for what `h2` does not tell: that its settings are here, and which
//! streams its GOAWAY says that it has not seen.
use std::{
    cell::{Cell, RefCell},
    io::{self, IoSlice},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::{h1::client::is_alert, transport::Transport};

/// Bytes of a frame's head (RFC 9113 §4.1), and of a GOAWAY's last stream.
const HEAD: usize = 9;
const LAST_STREAM: usize = 4;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const ACK: u8 = 1;

/// An upstream's connection, as `h2` reads and writes it.
pub(super) struct Io {
    stream: Transport,
    watch: Rc<Watch>,
}

/// What is seen of it.
#[derive(Debug, Default)]
pub(super) struct Watch {
    frames: RefCell<Frames>,
    heard: Cell<bool>,
    /// How many times anything has come.
    times: Cell<u64>,
    news: Cell<bool>,
    settled: Cell<bool>,
    last_stream: Cell<Option<u32>>,
    is_refused_by_tls: Cell<bool>,
}

impl Io {
    pub(super) fn new(stream: Transport) -> (Self, Rc<Watch>) {
        let watch = Rc::<Watch>::default();
        (Self { stream, watch: Rc::clone(&watch) }, watch)
    }
}

impl Watch {
    /// Whether the upstream has said what it allows: only then is it known to speak HTTP/2 at all.
    pub(super) fn is_settled(&self) -> bool {
        self.settled.get()
    }

    /// The last stream that the upstream has seen, or may have, once it takes no other (RFC 9113 §6.8).
    pub(super) fn last_stream(&self) -> Option<u32> {
        self.last_stream.get()
    }

    /// Whether it has broken off in the words of TLS: under TLS 1.3 it refuses the gateway's certificate only then.
    pub(super) fn is_refused_by_tls(&self) -> bool {
        self.is_refused_by_tls.get()
    }

    /// Whether anything has come since it was last asked.
    pub(super) fn take_heard(&self) -> bool {
        self.heard.take()
    }

    /// How many times anything has come: where the number is the same, nothing has meanwhile.
    pub(super) fn times_heard(&self) -> u64 {
        self.times.get()
    }

    /// Whether settings or a GOAWAY have come since it was last asked.
    pub(super) fn take_news(&self) -> bool {
        self.news.take()
    }

    fn read(&self, bytes: &[u8]) {
        self.heard.set(true);
        self.times.set(self.times.get() + 1);
        self.frames.borrow_mut().read(bytes, |event| {
            self.news.set(true);
            match event {
                Event::Settings => self.settled.set(true),
                // A second one may say less, never more.
                Event::GoAway(last) => {
                    self.last_stream.set(Some(self.last_stream.get().map_or(last, |before| before.min(last))));
                }
            }
        });
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Event {
    Settings,
    GoAway(u32),
}

/// How far the frames have come.
#[derive(Debug, Default)]
struct Frames {
    /// A head, and of a GOAWAY the last stream too.
    kept: [u8; HEAD + LAST_STREAM],
    filled: usize,
    to_skip: usize,
}

impl Frames {
    fn read(&mut self, mut bytes: &[u8], mut tell: impl FnMut(Event)) {
        while !bytes.is_empty() {
            if self.to_skip > 0 {
                let skipped = self.to_skip.min(bytes.len());
                (self.to_skip, bytes) = (self.to_skip - skipped, &bytes[skipped..]);
                continue;
            }
            let wanted = if self.filled < HEAD { HEAD } else { HEAD + LAST_STREAM };
            let taken = (wanted - self.filled).min(bytes.len());
            self.kept[self.filled..self.filled + taken].copy_from_slice(&bytes[..taken]);
            (self.filled, bytes) = (self.filled + taken, &bytes[taken..]);
            let [a, b, c, kind, flags, _, _, _, _, last @ ..] = self.kept;
            let length = u32::from_be_bytes([0, a, b, c]) as usize;
            if self.filled == HEAD {
                if kind == GOAWAY && length >= LAST_STREAM {
                    continue;
                }
                if kind == SETTINGS && flags & ACK == 0 {
                    tell(Event::Settings);
                }
                (self.filled, self.to_skip) = (0, length);
            } else if self.filled == HEAD + LAST_STREAM {
                tell(Event::GoAway(u32::from_be_bytes(last) & 0x7fff_ffff));
                (self.filled, self.to_skip) = (0, length - LAST_STREAM);
            }
        }
    }
}

impl AsyncRead for Io {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, buffer));
        match &read {
            Ok(()) => self.watch.read(&buffer.filled()[before..]),
            Err(error) => self.watch.is_refused_by_tls.set(is_alert(error)),
        }
        Poll::Ready(read)
    }
}

impl AsyncWrite for Io {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [&[length[1], length[2], length[3], kind, flags, 0, 0, 0, 0][..], payload].concat()
    }

    #[test]
    fn settings_and_the_last_stream_are_found_however_frames_are_cut() {
        let whole = [
            frame(SETTINGS, 0, &[0; 12]),
            frame(SETTINGS, ACK, &[]),
            frame(0, 0, &[GOAWAY; 300]),
            frame(GOAWAY, 0, &[0x80, 0, 1, 7, 0, 0, 0, 0, 9, 9]),
            frame(6, ACK, &[4; 8]),
            frame(GOAWAY, 0, &[0, 0, 0, 3, 0, 0, 0, 0]),
        ]
        .concat();
        for step in [1, 2, 8, 9, 10, 13, 100, 5000] {
            let (mut frames, mut events) = (Frames::default(), Vec::new());
            whole.chunks(step).for_each(|piece| frames.read(piece, |event| events.push(event)));
            assert_eq!(events, [Event::Settings, Event::GoAway(263), Event::GoAway(3)], "{step}");
        }
        let watch = Watch::default();
        watch.read(&whole);
        assert_eq!((watch.is_settled(), watch.last_stream()), (true, Some(3)));
    }
}
