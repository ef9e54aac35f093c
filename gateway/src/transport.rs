//! What a connection's bytes go through: TCP as it is, or TLS over it.
//!
//! TLS is tokio-rustls. rustls' unbuffered interface, driven from here, would spare a copy of what comes in; but the
//! order of records, alerts and tickets would then be ours to get right, on the one place where a mistake is a hole.
//! What the wire has gathered goes to it in one vectored write, and so into as few records as hold it.
use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::TlsStream;

use crate::tls::Reasons;

/// One end of a connection.
#[derive(Debug)]
pub(crate) enum Transport {
    /// TCP.
    Tcp(TcpStream),
    /// TLS, after its handshake. Boxed: its state is large, and most connections have none.
    Tls(Box<Tls>),
}

/// TLS over TCP.
#[derive(Debug)]
pub(crate) struct Tls {
    stream: TlsStream<TcpStream>,
    /// Who is told why the other side breaks it off.
    reasons: Option<Arc<Reasons>>,
}

impl Transport {
    /// What a handshake has made, on either side.
    pub(crate) fn tls(stream: impl Into<TlsStream<TcpStream>>) -> Self {
        Self::Tls(Box::new(Tls { stream: stream.into(), reasons: None }))
    }

    /// The same, to an upstream: these are told if it breaks off in the words of TLS.
    pub(crate) fn telling(mut self, to: &Arc<Reasons>) -> Self {
        if let Self::Tls(tls) = &mut self {
            tls.reasons = Some(Arc::clone(to));
        }
        self
    }

    /// The socket, for its options.
    pub(crate) fn tcp(&self) -> &TcpStream {
        match self {
            Self::Tcp(stream) => stream,
            Self::Tls(tls) => tls.stream.get_ref().0,
        }
    }

    /// What the handshake agreed on to be spoken, by ALPN (RFC 7301).
    pub(crate) fn agreed(&self) -> Option<&[u8]> {
        match self {
            Self::Tcp(_) => None,
            Self::Tls(tls) => tls.stream.get_ref().1.alpn_protocol(),
        }
    }

    pub(crate) fn is_tls(&self) -> bool {
        matches!(self, Self::Tls(_))
    }
}

impl From<TcpStream> for Transport {
    fn from(stream: TcpStream) -> Self {
        Self::Tcp(stream)
    }
}

impl AsyncRead for Transport {
    #[inline]
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(tls) => read_tls(tls, cx, buffer),
        }
    }
}

impl AsyncWrite for Transport {
    #[inline]
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(tls) => write_tls(&mut tls.stream, cx, &[IoSlice::new(bytes)]),
        }
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Self::Tls(tls) => write_tls(&mut tls.stream, cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// TLS may hold records that the socket did not take; TCP holds nothing.
    #[inline]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(_) => Poll::Ready(Ok(())),
            Self::Tls(tls) => flush_tls(&mut tls.stream, cx),
        }
    }

    /// Ends our side: of TLS with `close_notify` (RFC 8446 §6.1), without which what was sent could be a part.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(tls) => Pin::new(&mut tls.stream).poll_shutdown(cx),
        }
    }
}

// Functions of their own, so that what plain TCP takes is small enough to become part of whoever calls it.

#[inline(never)]
fn read_tls(tls: &mut Tls, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
    let read = ready!(Pin::new(&mut tls.stream).poll_read(cx, buffer));
    if let (Err(error), Some(reasons)) = (&read, &tls.reasons) {
        reasons.tell_alert(error);
    }
    Poll::Ready(read)
}

#[inline(never)]
fn write_tls(
    stream: &mut TlsStream<TcpStream>,
    cx: &mut Context<'_>,
    slices: &[IoSlice<'_>],
) -> Poll<io::Result<usize>> {
    Pin::new(stream).poll_write_vectored(cx, slices)
}

#[inline(never)]
fn flush_tls(stream: &mut TlsStream<TcpStream>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
    Pin::new(stream).poll_flush(cx)
}
