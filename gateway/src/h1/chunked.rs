//! The chunked transfer coding (RFC 9112 §7.1), strict: CRLF only, at most 16 hexadecimal digits, no space around the
//! size, extensions short and skipped, trailers bounded.
use bytes::{Buf, Bytes, BytesMut};
use http::HeaderMap;

use super::{head, trailers};

/// Longest chunk extension, in bytes. Nobody sends any; a long one is an attack on the reader's CPU.
const MAX_EXTENSION: usize = 256;

/// Why a chunked body is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ChunkFault {
    #[error("a chunk size that is not 1 to 16 hexadecimal digits")]
    Size,
    #[error("a chunk extension with a control character or too long")]
    Extension,
    #[error("a line end that is not CRLF")]
    LineEnd,
    #[error("chunk data that is longer than its size")]
    Data,
    #[error("a malformed or too large trailer section")]
    Trailers,
}

/// What the decoder makes of the bytes at hand.
#[derive(Debug)]
pub(crate) enum Decoded {
    /// A piece of data, taken from the front of the buffer.
    Data(Bytes),
    /// Nothing until more bytes come.
    More,
    /// The body's end, with its trailers if any.
    End(Option<HeaderMap>),
}

/// Where in the coding a body stands.
#[derive(Debug)]
pub(crate) struct Decoder {
    state: State,
    max_trailers: usize,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Size { digits: u8, size: u64 },
    Extension { size: u64, seen: usize },
    SizeLf { size: u64 },
    Data { left: u64 },
    DataCr,
    DataLf,
    Trailers,
    Done,
}

impl Decoder {
    /// A decoder at a body's start; `max_trailers` bounds the trailer section, in bytes.
    pub(crate) fn new(max_trailers: usize) -> Self {
        Self { state: State::Size { digits: 0, size: 0 }, max_trailers }
    }

    /// Whether the last chunk and its trailers have been read.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Takes the next piece of the body from the front of `buffer`.
    pub(crate) fn decode(&mut self, buffer: &mut BytesMut) -> Result<Decoded, ChunkFault> {
        loop {
            match self.state {
                State::Data { left } => {
                    if buffer.is_empty() {
                        return Ok(Decoded::More);
                    }
                    let taken = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
                    let left = left - taken as u64;
                    self.state = if left == 0 { State::DataCr } else { State::Data { left } };
                    return Ok(Decoded::Data(buffer.split_to(taken).freeze()));
                }
                State::Trailers => return self.trailers(buffer),
                State::Done => return Ok(Decoded::End(None)),
                state => {
                    let Some(&byte) = buffer.first() else { return Ok(Decoded::More) };
                    buffer.advance(1);
                    self.state = step(state, byte)?;
                }
            }
        }
    }

    fn trailers(&mut self, buffer: &mut BytesMut) -> Result<Decoded, ChunkFault> {
        if buffer.starts_with(b"\r\n") {
            buffer.advance(2);
            self.state = State::Done;
            return Ok(Decoded::End(None));
        }
        match memchr::memmem::find(buffer, b"\r\n\r\n") {
            Some(end) if end + 4 <= self.max_trailers => {
                let bytes = buffer.split_to(end + 4).freeze();
                let mut fields = head::parse_fields(&bytes).ok_or(ChunkFault::Trailers)?;
                trailers::discard_refused(&mut fields);
                self.state = State::Done;
                Ok(Decoded::End(Some(fields)))
            }
            None if head::has_bare_line_feed(buffer) => Err(ChunkFault::LineEnd),
            None if buffer.len() <= self.max_trailers => Ok(Decoded::More),
            _ => Err(ChunkFault::Trailers),
        }
    }
}

/// One byte of what stands between pieces of data.
fn step(state: State, byte: u8) -> Result<State, ChunkFault> {
    match (state, byte) {
        (State::Size { digits: 1.., size } | State::Extension { size, .. }, b'\r') => Ok(State::SizeLf { size }),
        (State::Size { digits: 1.., size }, b';') => Ok(State::Extension { size, seen: 0 }),
        (State::Size { digits: digits @ ..16, size }, _) => {
            let digit = char::from(byte).to_digit(16).ok_or(ChunkFault::Size)?;
            Ok(State::Size { digits: digits + 1, size: size << 4 | u64::from(digit) })
        }
        (State::Extension { size, seen: seen @ ..MAX_EXTENSION }, b'\t' | b' '..=b'~') => {
            Ok(State::Extension { size, seen: seen + 1 })
        }
        (State::Extension { .. }, _) => Err(ChunkFault::Extension),
        (State::SizeLf { size: 0 }, b'\n') => Ok(State::Trailers),
        (State::SizeLf { size }, b'\n') => Ok(State::Data { left: size }),
        (State::DataCr, b'\r') => Ok(State::DataLf),
        (State::DataCr, _) => Err(ChunkFault::Data),
        (State::DataLf, b'\n') => Ok(State::Size { digits: 0, size: 0 }),
        (State::SizeLf { .. } | State::DataLf, _) => Err(ChunkFault::LineEnd),
        _ => Err(ChunkFault::Size),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes `wire` fed `step` bytes at a time: the data, the trailers, and what is left after the end.
    #[allow(clippy::type_complexity, reason = "three things that each test looks at")]
    fn decode(wire: &[u8], step: usize) -> Result<(Vec<u8>, Option<HeaderMap>, Vec<u8>), ChunkFault> {
        let mut decoder = Decoder::new(1024);
        let (mut data, mut buffer, mut rest) = (Vec::new(), BytesMut::new(), wire.chunks(step));
        loop {
            match decoder.decode(&mut buffer)? {
                Decoded::Data(piece) => data.extend_from_slice(&piece),
                Decoded::More => buffer.extend_from_slice(rest.next().expect("the body ends within the wire")),
                Decoded::End(trailers) => {
                    let rest: Vec<u8> = buffer.iter().copied().chain(rest.flatten().copied()).collect();
                    return Ok((data, trailers, rest));
                }
            }
        }
    }

    #[test]
    fn a_body_is_the_same_however_its_bytes_arrive() {
        let wire = b"5\r\nhello\r\n00A;name=\"v\"\r\n, world!!!\r\n0\r\nX-Sum: 1\r\n\r\nGET /";
        for step in 1..wire.len() {
            let (data, trailers, rest) = decode(wire, step).unwrap();
            assert_eq!(data, b"hello, world!!!", "{step}");
            assert_eq!(trailers.unwrap()["x-sum"], "1");
            assert_eq!(rest, b"GET /");
        }
    }

    #[test]
    fn what_two_parsers_could_read_differently_is_refused() {
        use ChunkFault::*;
        let long = format!("5;{}\r\nhello\r\n0\r\n\r\n", "x".repeat(65536));
        let cases: &[(&[u8], ChunkFault)] = &[
            (b"0x5\r\nhello\r\n0\r\n\r\n", Size),
            (b"+5\r\nhello\r\n0\r\n\r\n", Size),
            (b"-5\r\nhello\r\n0\r\n\r\n", Size),
            (b"5 \r\nhello\r\n0\r\n\r\n", Size),
            (b" 5\r\nhello\r\n0\r\n\r\n", Size),
            (b"\r\nhello\r\n0\r\n\r\n", Size),
            (b";a\r\nhello\r\n0\r\n\r\n", Size),
            (b"00000000000000005\r\nhello\r\n0\r\n\r\n", Size),
            (b"5\nhello\r\n0\r\n\r\n", Size),
            (b"5\r\rhello\r\n0\r\n\r\n", LineEnd),
            (b"5;a\nb\r\nhello\r\n0\r\n\r\n", Extension),
            (b"5;a\0b\r\nhello\r\n0\r\n\r\n", Extension),
            (long.as_bytes(), Extension),
            (b"5\r\nhello!\r\n0\r\n\r\n", Data),
            (b"5\r\nhello\n0\r\n\r\n", Data),
            (b"5\r\nhello\r0\r\n\r\n", LineEnd),
            (b"0\r\n\n", LineEnd),
            (b"0\r\nA: b\n", LineEnd),
            (b"0\r\nA : b\r\n\r\n", Trailers),
            (b"0\r\nA: b\nC: d\r\n\r\n", Trailers),
            (b"0\r\n a: b\r\n\r\n", Trailers),
        ];
        for (wire, expected) in cases {
            assert_eq!(decode(wire, wire.len()).unwrap_err(), *expected, "{}", wire.escape_ascii());
        }
    }

    #[test]
    fn sixteen_digits_are_the_most() {
        let mut decoder = Decoder::new(64);
        let mut buffer = BytesMut::from(&b"ffffffffffffffff\r\nx"[..]);
        assert!(matches!(decoder.decode(&mut buffer), Ok(Decoded::Data(_))));
    }

    #[test]
    fn a_trailer_section_is_bounded() {
        let wire = format!("0\r\nX: {}\r\n\r\n", "y".repeat(2000));
        assert_eq!(decode(wire.as_bytes(), 100).unwrap_err(), ChunkFault::Trailers);
    }
}
