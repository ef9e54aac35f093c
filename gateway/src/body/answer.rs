//! The body of an upstream's answer, whichever way it was reached.
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::Frame;

use crate::{
    h1::{self, framing::Length, wire::Wire},
    h2, mounts,
    rejection::Rejection,
};

/// Read as it is asked for.
#[derive(Debug)]
pub(crate) enum AnswerBody {
    /// From a connection.
    Remote(h1::client::ResponseBody),
    /// From a stream of a connection of HTTP/2.
    Http2(Box<h2::client::ResponseBody>),
    /// From a service in this process.
    Mounted(Box<mounts::ResponseBody>),
}

impl AnswerBody {
    /// The next piece; an error is final.
    #[inline]
    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Rejection>>> {
        match self {
            Self::Remote(body) => body.poll_frame(cx),
            Self::Http2(body) => body.poll_frame(cx),
            Self::Mounted(body) => body.poll_frame(cx),
        }
    }

    /// How it is delimited.
    #[inline]
    pub(super) fn length(&self) -> Length {
        match self {
            Self::Remote(body) => body.length(),
            Self::Http2(body) => body.length(),
            Self::Mounted(body) => body.length(),
        }
    }

    /// Whether nothing more will come.
    #[inline]
    pub(crate) fn is_end(&self) -> bool {
        match self {
            Self::Remote(body) => body.is_end(),
            Self::Http2(body) => body.is_end(),
            Self::Mounted(body) => body.is_end(),
        }
    }

    /// Whether its failure is counted already, as another request's that was on the same connection.
    pub(super) fn is_counted(&self) -> bool {
        matches!(self, Self::Http2(body) if body.is_counted())
    }

    /// Whether it still sends the request's body.
    #[inline]
    pub(super) fn drives_upload(&self) -> bool {
        match self {
            Self::Remote(body) => body.drives_upload(),
            Self::Http2(body) => body.drives_upload(),
            Self::Mounted(body) => body.drives_upload(),
        }
    }

    /// The upstream's connection, if it has switched protocols; a service in this process has none.
    pub(super) fn take_switched(&mut self) -> Option<Box<Wire>> {
        if let Self::Remote(body) = self { body.take_switched() } else { None }
    }

    /// Does without the rest.
    pub(super) fn skip(&mut self) {
        match self {
            Self::Remote(body) => body.skip(),
            Self::Http2(body) => body.skip(),
            Self::Mounted(body) => body.skip(),
        }
    }
}
