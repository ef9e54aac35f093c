//! A client's body, whichever version of HTTP it comes over.
use std::{
    cell::Cell,
    rc::Rc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use http_body::Frame;

use crate::{
    h1::{self, framing::Length},
    h2,
    rejection::Rejection,
};

/// Read from its connection as it is asked for.
#[derive(Debug)]
pub(crate) enum ClientBody {
    /// HTTP/1.
    Http1(h1::server::RequestBody),
    /// HTTP/2.
    Http2(h2::server::RequestBody),
}

impl ClientBody {
    /// The next piece; an error is final.
    #[inline]
    pub(super) fn poll_frame(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Rejection>>> {
        match self {
            Self::Http1(body) => body.poll_frame(cx),
            Self::Http2(body) => body.poll_frame(cx),
        }
    }

    /// Whether nothing more will come.
    #[inline]
    pub(super) fn is_end(&self) -> bool {
        match self {
            Self::Http1(body) => body.is_end(),
            Self::Http2(body) => body.is_end(),
        }
    }

    /// Its length as the head declared it.
    #[inline]
    pub(super) fn length(&self) -> Length {
        match self {
            Self::Http1(body) => body.length(),
            Self::Http2(body) => body.length(),
        }
    }

    /// Whether the client waits for a 100 before it sends anything.
    #[inline]
    pub(super) fn awaits_continue(&self) -> bool {
        match self {
            Self::Http1(body) => body.awaits_continue(),
            Self::Http2(body) => body.awaits_continue(),
        }
    }

    /// Whether it comes without the 100 that was asked for; over HTTP/2 that is seen where its head is read, and no later.
    pub(super) fn poll_begun(&self, cx: &mut Context<'_>) -> bool {
        match self {
            Self::Http1(body) => body.poll_begun(cx),
            Self::Http2(body) => !body.awaits_continue(),
        }
    }

    /// Refuses more than `limit` bytes, at once when they are declared.
    pub(super) fn limit(&self, limit: u64) -> Result<(), Rejection> {
        match self {
            Self::Http1(body) => body.limit(limit),
            Self::Http2(body) => body.limit(limit),
        }
    }

    /// The same, unless a lower limit holds already.
    pub(super) fn lower_limit(&self, limit: u64) -> Result<(), Rejection> {
        match self {
            Self::Http1(body) => body.lower_limit(limit),
            Self::Http2(body) => body.lower_limit(limit),
        }
    }

    /// Counts its bytes as they come; none where it is known to have none.
    pub(super) fn meter(&self) -> Option<Rc<Cell<u64>>> {
        match self {
            Self::Http1(body) => Some(body.meter()),
            Self::Http2(body) => body.meter(),
        }
    }

    /// Passes an interim answer on.
    pub(super) fn send_interim(&self, cx: &mut Context<'_>, status: StatusCode, fields: &HeaderMap) {
        match self {
            Self::Http1(body) => body.send_interim(cx, status, fields),
            Self::Http2(body) => body.send_interim(cx, status, fields),
        }
    }
}

impl From<h1::server::RequestBody> for ClientBody {
    fn from(body: h1::server::RequestBody) -> Self {
        Self::Http1(body)
    }
}

impl From<h2::server::RequestBody> for ClientBody {
    fn from(body: h2::server::RequestBody) -> Self {
        Self::Http2(body)
    }
}
