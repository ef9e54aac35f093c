//! An answer's body, compressed as it passes.
use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;

use super::encoder::Encoder;
use crate::{body::Body, rejection::Rejection};

/// Bytes that are compressed in one go, some hundred microseconds of work: then others have their turn.
const PIECE: usize = 32 * 1024;
/// Bytes that go out together, while more is there to be compressed.
const ENOUGH: usize = 8 * 1024;

/// Compresses what its body gives. When that has nothing more for the moment, all that came is let out: so no event of a
/// stream waits for the next one.
pub(crate) struct Coded {
    inner: Body,
    /// Until the body has ended.
    encoder: Option<Encoder>,
    /// Of a piece that was longer than is compressed in one go.
    rest: Bytes,
    /// Whether anything was compressed since the last flush.
    is_dirty: bool,
    trailers: Option<HeaderMap>,
}

impl Coded {
    pub(super) fn new(inner: Body, encoder: Encoder) -> Self {
        Self { inner, encoder: Some(encoder), rest: Bytes::new(), is_dirty: false, trailers: None }
    }

    /// The next piece; an error is final.
    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Rejection>>> {
        let Some(encoder) = &mut self.encoder else {
            return Poll::Ready(self.trailers.take().map(|trailers| Ok(Frame::trailers(trailers))));
        };
        let mut left = PIECE;
        loop {
            if self.rest.is_empty() {
                match http_body::Body::poll_frame(Pin::new(&mut self.inner), cx) {
                    Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                        Ok(data) => self.rest = data,
                        Err(frame) => {
                            self.trailers = frame.into_trailers().ok();
                            return self.finish();
                        }
                    },
                    Poll::Ready(Some(Err(rejection))) => {
                        self.encoder = None;
                        return Poll::Ready(Some(Err(rejection)));
                    }
                    Poll::Ready(None) => return self.finish(),
                    Poll::Pending => {
                        if std::mem::take(&mut self.is_dirty)
                            && let Err(error) = encoder.flush()
                        {
                            return self.break_off(&error);
                        }
                        let out = std::mem::take(encoder.out());
                        return if out.is_empty() { Poll::Pending } else { data(out) };
                    }
                }
            }
            let piece = self.rest.split_to(self.rest.len().min(left));
            left -= piece.len();
            self.is_dirty |= !piece.is_empty();
            if let Err(error) = encoder.write(&piece) {
                return self.break_off(&error);
            }
            if encoder.out().len() >= ENOUGH {
                return data(std::mem::take(encoder.out()));
            }
            if left == 0 {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
    }

    fn finish(&mut self) -> Poll<Option<Result<Frame<Bytes>, Rejection>>> {
        match self.encoder.take().map(Encoder::finish) {
            Some(Ok(out)) => data(out),
            Some(Err(error)) => self.break_off(&error),
            None => Poll::Ready(None),
        }
    }

    /// A compressor that writes into memory fails for want of memory alone.
    fn break_off(&mut self, error: &io::Error) -> Poll<Option<Result<Frame<Bytes>, Rejection>>> {
        tracing::error!(%error, "an answer could not be compressed");
        self.encoder = None;
        Poll::Ready(Some(Err(Rejection::Overloaded)))
    }

    /// Whether nothing more will come.
    pub(crate) fn is_end(&self) -> bool {
        self.encoder.is_none() && self.trailers.is_none()
    }

    /// What it compresses.
    pub(crate) fn inner(&self) -> &Body {
        &self.inner
    }

    /// Does without the rest.
    pub(crate) fn skip(&mut self) {
        self.encoder = None;
        self.inner.skip();
    }
}

fn data(out: Vec<u8>) -> Poll<Option<Result<Frame<Bytes>, Rejection>>> {
    Poll::Ready(Some(Ok(Frame::data(out.into()))))
}
