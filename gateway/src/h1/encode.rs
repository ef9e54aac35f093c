//! Heads and chunks as bytes (RFC 9112 §2.1, §7.1), appended to what is about to be written.
use http::{HeaderMap, Method, StatusCode, Uri, Version};

use super::head::RawQuery;

/// `GET /path?query HTTP/1.1`, with its line end.
pub(crate) fn request_line(out: &mut Vec<u8>, method: &Method, uri: &Uri, raw_query: Option<&RawQuery>) {
    out.extend_from_slice(method.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(uri.path_and_query().map_or("/", |target| target.as_str()).as_bytes());
    if let Some(RawQuery(query)) = raw_query {
        out.push(b'?');
        out.extend_from_slice(query);
    }
    out.extend_from_slice(b" HTTP/1.1\r\n");
}

/// `HTTP/1.1 200 OK`, with its line end. An answer's own version is ours, whatever the client's was (RFC 9110 §2.5).
pub(crate) fn status_line(out: &mut Vec<u8>, status: StatusCode) {
    if status == StatusCode::OK {
        out.extend_from_slice(b"HTTP/1.1 200 OK\r\n");
        return;
    }
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(status.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(status.canonical_reason().unwrap_or("").as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// One line for each field, without the empty line that ends them.
pub(crate) fn fields(out: &mut Vec<u8>, fields: &HeaderMap) {
    for (name, value) in fields {
        field(out, name.as_str(), value.as_bytes());
    }
}

/// One field; `value` holds no line end.
pub(crate) fn field(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.reserve(name.len() + value.len() + 4);
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// `content-length: N`.
pub(crate) fn content_length(out: &mut Vec<u8>, length: u64) {
    field(out, "content-length", itoa::Buffer::new().format(length).as_bytes());
}

/// The line before a chunk's data.
pub(crate) fn chunk_size(out: &mut Vec<u8>, size: usize) {
    let digits = (usize::BITS - size.leading_zeros()).div_ceil(4).max(1);
    for digit in (0..digits).rev() {
        out.push(b"0123456789abcdef"[size >> (digit * 4) & 15]);
    }
    out.extend_from_slice(b"\r\n");
}

/// The last chunk, the trailers and the empty line.
pub(crate) fn last_chunk(out: &mut Vec<u8>, trailers: Option<&HeaderMap>) {
    out.extend_from_slice(b"0\r\n");
    if let Some(trailers) = trailers {
        fields(out, trailers);
    }
    out.extend_from_slice(b"\r\n");
}

/// The whole head of an interim answer (RFC 9110 §15.2).
pub(crate) fn interim(out: &mut Vec<u8>, status: StatusCode, map: &HeaderMap) {
    status_line(out, status);
    fields(out, map);
    out.extend_from_slice(b"\r\n");
}

/// The two fields of a WebSocket's upgrade, as it is asked for and as it is granted (RFC 6455 §4).
pub(crate) fn websocket(out: &mut Vec<u8>) {
    out.extend_from_slice(b"connection: Upgrade\r\nupgrade: websocket\r\n");
}

/// Whether a body to a client of this version may be chunked.
pub(crate) fn takes_chunks(version: Version) -> bool {
    version != Version::HTTP_10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_size_is_hexadecimal_without_leading_zeros() {
        for size in [0usize, 1, 15, 16, 255, 256, 65535, 65536, usize::MAX] {
            let mut out = Vec::new();
            chunk_size(&mut out, size);
            assert_eq!(out, format!("{size:x}\r\n").into_bytes());
        }
    }

    #[test]
    fn a_status_without_a_name_keeps_its_space() {
        let mut out = Vec::new();
        status_line(&mut out, StatusCode::from_u16(299).unwrap());
        assert_eq!(out, b"HTTP/1.1 299 \r\n");
    }
}
