//! An answer's head.
use std::mem::MaybeUninit;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, Version};

use super::{FIELDS_ON_STACK, ResponseHead, Scan, fields::fill};

/// What an upstream sent is no head of an HTTP/1 answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotHttp;

/// Takes an answer's head from the front of `buffer` once it is whole, into `head`: in place, like a request's. Whether it is
/// there.
pub(crate) fn parse_response(
    buffer: &mut BytesMut,
    scan: &mut Scan,
    max: usize,
    head: &mut ResponseHead,
) -> Result<bool, NotHttp> {
    // What can't become HTTP/1 is not waited for.
    if !buffer.iter().zip(b"HTTP/1.").all(|(sent, expected)| sent == expected) {
        return Err(NotHttp);
    }
    let Some(end) = scan.find_end(buffer, max, max).map_err(|_| NotHttp)? else { return Ok(false) };
    let lines = std::mem::take(scan).lines;
    let bytes = buffer.split_to(end).freeze();
    let taken = if lines <= FIELDS_ON_STACK {
        split_response(&bytes, &mut [const { MaybeUninit::uninit() }; FIELDS_ON_STACK], head)
    } else {
        split_response(&bytes, &mut vec![MaybeUninit::uninit(); lines], head)
    };
    taken.map(|()| true).ok_or(NotHttp)
}

fn split_response<'b>(
    bytes: &'b Bytes,
    slots: &mut [MaybeUninit<httparse::Header<'b>>],
    head: &mut ResponseHead,
) -> Option<()> {
    let mut parsed = httparse::Response::new(&mut []);
    let status = httparse::ParserConfig::default().parse_response_with_uninit_headers(&mut parsed, bytes, slots);
    if status != Ok(httparse::Status::Complete(bytes.len())) {
        return None;
    }
    head.status = StatusCode::from_u16(parsed.code?).ok()?;
    head.version = if parsed.version == Some(1) { Version::HTTP_11 } else { Version::HTTP_10 };
    head.fields = HeaderMap::with_capacity(parsed.headers.len() + 1);
    head.seen = fill(&mut head.fields, bytes, parsed.headers)?;
    Some(())
}
