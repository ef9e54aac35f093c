//! As much of HTTP/2 as the load needs: requests that are written as a common client writes them, and where answers end.

use super::Malformed;

/// A frame's head (RFC 9113 §4.1).
pub const FRAME_HEAD: usize = 9;

/// What a client sends first: the preface, its settings (no push, streams of 1 MiB), and a window of 1 GiB for the
/// connection, so that no answer waits for one.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\
    \x00\x00\x0c\x04\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x04\x00\x10\x00\x00\
    \x00\x00\x04\x08\x00\x00\x00\x00\x00\x40\x00\x00\x00";

/// The answer to settings.
pub const SETTINGS_ACK: &[u8] = b"\x00\x00\x00\x04\x01\x00\x00\x00\x00";

/// What a frame says, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// An answer's head.
    Head {
        /// Its status is 200.
        is_ok: bool,
    },
    /// A piece of an answer, of so many bytes.
    Data(u64),
    /// The server's settings, which want an answer.
    Settings,
    /// A question that wants its eight bytes back.
    Ping([u8; 8]),
    /// Streams that end, or the connection.
    Refused,
    /// Anything else.
    Other,
}

/// One frame of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// Bytes with its head.
    pub length: usize,
    /// 0 for the connection.
    pub stream: u32,
    /// Whether the stream's answer ends with it.
    pub is_last: bool,
    /// What it says.
    pub frame: Frame,
}

/// The frame at the start of `bytes`, or `None` while it is incomplete.
pub fn frame(bytes: &[u8]) -> Result<Option<Received>, Malformed> {
    let Some(head) = bytes.first_chunk::<FRAME_HEAD>() else { return Ok(None) };
    let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
    let (kind, flags) = (head[3], head[4]);
    let stream = u32::from_be_bytes([head[5] & 0x7f, head[6], head[7], head[8]]);
    let Some(payload) = bytes[FRAME_HEAD..].get(..length) else { return Ok(None) };
    let frame = match kind {
        0 => Frame::Data(length as u64),
        1 => Frame::Head { is_ok: status_is_ok(payload)? },
        3 | 7 => Frame::Refused,
        4 if flags & 1 == 0 => Frame::Settings,
        6 if flags & 1 == 0 => Frame::Ping(payload.try_into().map_err(|_| Malformed::Frame)?),
        _ => Frame::Other,
    };
    let is_last = kind <= 1 && flags & 1 == 1;
    Ok(Some(Received { length: FRAME_HEAD + length, stream, is_last, frame }))
}

/// Whether a block of fields begins with `:status: 200`, which has a number of its own (RFC 7541, appendix A: 8); an
/// encoder may say before it how large its table is.
fn status_is_ok(block: &[u8]) -> Result<bool, Malformed> {
    let mut rest = block;
    while let [first, tail @ ..] = rest {
        match first {
            // The size has further bytes.
            0x3f => {
                let end = tail.iter().position(|byte| byte & 0x80 == 0).ok_or(Malformed::Frame)?;
                rest = &tail[end + 1..];
            }
            0x20..=0x3e => rest = tail,
            _ => return Ok(*first == 0x88),
        }
    }
    Err(Malformed::Frame)
}

/// GET requests of one connection: the first one's fields enter the server's table, the others name them by number.
#[derive(Clone, Copy, Debug, Default)]
pub struct Requests {
    sent: u32,
}

impl Requests {
    /// Appends a GET of `path` at `authority`, and gives its stream.
    pub fn write(&mut self, path: &str, authority: &str, out: &mut Vec<u8>) -> u32 {
        let stream = 2 * self.sent + 1;
        let mut block = vec![0x82, 0x87]; // :method GET, :scheme https
        if self.sent == 0 {
            // :path, :authority, user-agent, accept: entered in this order.
            for (name, value) in [(0x44, path), (0x41, authority), (0x7a, "bench"), (0x53, "*/*")] {
                block.extend([name, u8::try_from(value.len()).expect("the bench's own fields are short")]);
                block.extend_from_slice(value.as_bytes());
            }
        } else {
            block.extend([0xc1, 0xc0, 0xbf, 0xbe]);
        }
        self.sent += 1;
        let length = u8::try_from(block.len()).expect("the bench's own fields are short");
        out.extend([0, 0, length, 1, 0x05]); // END_STREAM, END_HEADERS
        out.extend(stream.to_be_bytes());
        out.extend(block);
        stream
    }
}

/// Appends the answer to a PING.
pub fn pong(bytes: [u8; 8], out: &mut Vec<u8>) {
    out.extend([0, 0, 8, 6, 1, 0, 0, 0, 0]);
    out.extend(bytes);
}

/// Appends so much more window for the connection.
pub fn window(more: u32, out: &mut Vec<u8>) {
    out.extend([0, 0, 4, 8, 0, 0, 0, 0, 0]);
    out.extend(more.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames() {
        let check = |bytes: &[u8], expected: Option<(u32, bool, Frame)>| {
            let found = frame(bytes).unwrap();
            assert_eq!(found.map(|found| (found.stream, found.is_last, found.frame)), expected, "{bytes:?}");
            assert!(found.is_none_or(|found| found.length == bytes.len()));
        };
        check(b"\0\0\x01\x01\x04\0\0\0\x03\x88", Some((3, false, Frame::Head { is_ok: true })));
        check(b"\0\0\x02\x01\x05\0\0\0\x03\x20\x8d", Some((3, true, Frame::Head { is_ok: false })));
        check(b"\0\0\x04\x01\x05\0\0\0\x03\x3f\xe1\x1f\x88", Some((3, true, Frame::Head { is_ok: true })));
        check(b"\0\0\x02\0\x01\0\0\0\x05ab", Some((5, true, Frame::Data(2))));
        check(b"\0\0\0\x04\0\0\0\0\0", Some((0, false, Frame::Settings)));
        check(SETTINGS_ACK, Some((0, false, Frame::Other)));
        check(b"\0\0\x08\x06\0\0\0\0\0abcdefgh", Some((0, false, Frame::Ping(*b"abcdefgh"))));
        check(b"\0\0\x04\x03\0\0\0\0\x07\0\0\0\x01", Some((7, false, Frame::Refused)));
        check(b"\0\0\x02\0\x01\0\0\0\x05a", None);
        check(b"\0\0\x02", None);
        assert_eq!(frame(b"\0\0\x01\x06\0\0\0\0\0a"), Err(Malformed::Frame));
    }

    #[test]
    fn a_second_request_names_the_fields_of_the_first() {
        let (mut requests, mut out) = (Requests::default(), Vec::new());
        assert_eq!(requests.write("/small", "a", &mut out), 1);
        let first = out.len();
        assert_eq!(requests.write("/small", "a", &mut out), 3);
        assert_eq!(out[first..], *b"\0\0\x06\x01\x05\0\0\0\x03\x82\x87\xc1\xc0\xbf\xbe");
    }
}
