//! Fields, as they are taken out of a head or a trailer section, and what they say of the message itself.
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Version, header};

use super::{FIELDS_ON_STACK, Scan, is_host, names};
use crate::h1::framing;

/// What the fields say of the message itself, noted while they are read: so none of them is looked up again.
#[derive(Debug, Default, Clone, Copy)]
#[allow(clippy::struct_excessive_bools, reason = "facts that do not depend on one another")]
pub(crate) struct Seen {
    pub(crate) hosts: u32,
    /// Whether the last Host names a host.
    pub(crate) is_host_sound: bool,
    pub(crate) lengths: u32,
    /// The last Content-Length, if it is a number.
    pub(crate) length: Option<u64>,
    pub(crate) codings: u32,
    /// Whether the last Transfer-Encoding is `chunked`.
    pub(crate) is_chunked: bool,
    pub(crate) connection: bool,
    pub(crate) expect: bool,
}

impl Seen {
    #[inline]
    pub(crate) fn note(&mut self, name: &HeaderName, value: &[u8]) {
        match *name {
            header::HOST => (self.hosts, self.is_host_sound) = (self.hosts + 1, is_host(value)),
            header::CONTENT_LENGTH => (self.lengths, self.length) = (self.lengths + 1, framing::decimal(value)),
            header::TRANSFER_ENCODING => {
                (self.codings, self.is_chunked) = (self.codings + 1, value.eq_ignore_ascii_case(b"chunked"));
            }
            header::CONNECTION => self.connection = true,
            header::EXPECT => self.expect = true,
            _ => {}
        }
    }
}

/// Puts what httparse found into `fields`, each value a slice of `bytes`; `None` for a field that must not be.
pub(super) fn fill(fields: &mut HeaderMap, bytes: &Bytes, parsed: &[httparse::Header<'_>]) -> Option<Seen> {
    let mut seen = Seen::default();
    for field in parsed {
        // A lax reader behind us could take them for the fields that frame a message.
        if ["transfer_encoding", "content_length"].iter().any(|lookalike| field.name.eq_ignore_ascii_case(lookalike)) {
            return None;
        }
        let name = names::name(field.name.as_bytes())?;
        seen.note(&name, field.value);
        fields.try_append(name, value(bytes.slice_ref(field.value))).ok()?;
    }
    Some(seen)
}

/// A value that httparse has let through.
#[expect(
    unsafe_code,
    reason = "a second look at each byte of a value is two in a hundred of what a small request costs"
)]
fn value(checked: Bytes) -> HeaderValue {
    // SAFETY: a value must hold no byte that `HeaderValue::from_bytes` refuses: none below 0x20 but the tab, and no
    // 0x7F. httparse ends or refuses a value at each of these bytes, which the test
    // `httparse_lets_no_byte_into_a_value_that_a_value_must_not_hold` tries byte by byte, at every place of the blocks
    // that it reads. A debug build checks it here too.
    unsafe { HeaderValue::from_maybe_shared_unchecked(checked) }
}

/// A trailer section (RFC 9112 §7.1.2), its empty line included; `None` when it is malformed.
pub(crate) fn parse_fields(bytes: &Bytes) -> Option<HeaderMap> {
    Scan::of_fields().find_end(bytes, bytes.len(), FIELDS_ON_STACK).ok()??;
    let mut slots = [httparse::EMPTY_HEADER; FIELDS_ON_STACK];
    let httparse::Status::Complete((length, parsed)) = httparse::parse_headers(bytes, &mut slots).ok()? else {
        return None;
    };
    let mut fields = HeaderMap::with_capacity(parsed.len());
    let sound = length == bytes.len() && fill(&mut fields, bytes, parsed).is_some();
    sound.then_some(fields)
}

/// Whether the connection outlives this message (RFC 9112 §9.3).
pub(crate) fn keeps_alive(version: Version, fields: &HeaderMap, seen: &Seen) -> bool {
    let has = |token: &str| {
        fields.get_all(header::CONNECTION).iter().any(|value| {
            let value = value.as_bytes();
            value.eq_ignore_ascii_case(token.as_bytes())
                || value.split(|&b| b == b',').any(|item| item.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
        })
    };
    match version {
        _ if !seen.connection => version == Version::HTTP_11,
        Version::HTTP_11 => !has("close"),
        _ => has("keep-alive") && !has("close"),
    }
}
