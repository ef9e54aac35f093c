//! Heads of HTTP/1.1 messages (RFC 9112 §2–5): found, checked and taken apart without copying a field.
//!
//! Two steps. [`Scan`] looks at each byte that arrives once: it finds the empty line that ends the head, and refuses a
//! line that ends without CR, which httparse would take. Then httparse splits the whole head, and what it lets through
//! but a strict reader must not is refused here: in `fields` and `host`, and in `target` for a request's.
mod fields;
mod host;
mod names;
mod request;
mod response;
mod scan;
mod target;
#[cfg(test)]
mod tests;

use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, Version};

use super::framing::Length;
use crate::rejection::Rejection;

pub(crate) use fields::{Seen, keeps_alive, parse_fields};
pub(crate) use host::{host_name, host_value, is_host};
pub(crate) use request::{parse_request, take_request};
pub(crate) use response::{NotHttp, parse_response};
pub(crate) use scan::{Scan, has_bare_line_feed};
pub(crate) use target::{RawQuery, query, raw_query};

/// Fields parsed on the stack; more go to the heap.
pub(crate) const FIELDS_ON_STACK: usize = 128;

/// What a request's head says of the message itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Framing {
    pub(crate) length: Length,
    /// Whether the client means to send another request on this connection.
    pub(crate) keep_alive: bool,
    /// Whether it waits for a 100 before it sends its body.
    pub(crate) expects_continue: bool,
}

/// A request head that is refused, with what could still be read of it for the log.
#[derive(Debug)]
pub(crate) struct BadHead {
    pub(crate) rejection: Rejection,
    pub(crate) method: Option<Method>,
    pub(crate) uri: Option<Uri>,
    pub(crate) version: Version,
    /// The page that it comes from, so that it can read why.
    pub(crate) origin: Option<HeaderValue>,
}

impl From<Rejection> for Box<BadHead> {
    fn from(rejection: Rejection) -> Self {
        Self::new(BadHead { rejection, method: None, uri: None, version: Version::HTTP_11, origin: None })
    }
}

/// An answer's head, taken apart.
#[derive(Debug, Default)]
pub(crate) struct ResponseHead {
    pub(crate) status: StatusCode,
    pub(crate) version: Version,
    pub(crate) fields: HeaderMap,
    pub(crate) seen: Seen,
}
