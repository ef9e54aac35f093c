//! The chunked coding of RFC 9112 §7.1, read for its length only.

use super::{Fed, Malformed};

/// Where in a chunked body the next byte is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chunked {
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// In a chunk's size, of which so much has been read, by so many digits.
    Size { size: u64, digits: u8 },
    /// In a chunk extension: up to the line's end.
    Extension { size: u64 },
    /// In a chunk's content.
    Content { left: u64 },
    /// In the line end after a chunk's content.
    ContentEnd,
    /// In the trailers, in a line that is empty so far, or not.
    Trailer { empty: bool },
    /// After the last line.
    Done,
}

impl Default for State {
    fn default() -> Self {
        Self::Size { size: 0, digits: 0 }
    }
}

/// Sixteen hexadecimal digits fill 64 bits.
const MAX_DIGITS: u8 = 16;

impl Chunked {
    /// Whether the last chunk and its trailers have come.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Takes the bytes up to the end of the body, or all.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Fed, Malformed> {
        let mut fed = Fed { used: 0, content: 0 };
        while self.state != State::Done && fed.used < bytes.len() {
            let rest = &bytes[fed.used..];
            if let State::Content { left } = self.state {
                let used = rest.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                let left = left - used as u64;
                self.state = if left == 0 { State::ContentEnd } else { State::Content { left } };
                fed.used += used;
                fed.content += used as u64;
            } else {
                self.state = self.state.next(rest[0])?;
                fed.used += 1;
            }
        }
        Ok(fed)
    }
}

impl State {
    fn next(self, byte: u8) -> Result<Self, Malformed> {
        Ok(match (self, byte) {
            (Self::Size { size, digits }, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') if digits < MAX_DIGITS => {
                let digit = char::from(byte).to_digit(16).ok_or(Malformed::Chunk)?;
                Self::Size { size: size << 4 | u64::from(digit), digits: digits + 1 }
            }
            (Self::Size { digits: 0, .. }, _) => return Err(Malformed::Chunk),
            (Self::Extension { size: 0 }, b'\n') => Self::Trailer { empty: true },
            (Self::Extension { size }, b'\n') => Self::Content { left: size },
            (Self::Size { size, .. }, b'\r' | b';') | (Self::Extension { size }, _) => Self::Extension { size },
            (Self::ContentEnd, b'\r') => Self::ContentEnd,
            (Self::ContentEnd, b'\n') => Self::default(),
            (Self::Trailer { empty: true }, b'\n') => Self::Done,
            (Self::Trailer { .. }, b'\n') => Self::Trailer { empty: true },
            (Self::Trailer { empty }, b'\r') => Self::Trailer { empty },
            (Self::Trailer { .. }, _) => Self::Trailer { empty: false },
            _ => return Err(Malformed::Chunk),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO_CHUNKS: &[u8] = b"5\r\nhello\r\nB;a=b\r\n and world!\r\n0\r\nX-Sum: 1\r\n\r\nHTTP";

    #[test]
    fn content_is_counted_and_the_next_message_left() {
        let mut chunked = Chunked::default();
        let fed = chunked.feed(TWO_CHUNKS).unwrap();
        assert_eq!(fed, Fed { used: TWO_CHUNKS.len() - 4, content: 16 });
        assert!(chunked.is_done());
    }

    #[test]
    fn any_split_gives_the_same() {
        for size in 1..TWO_CHUNKS.len() {
            let (mut chunked, mut used, mut content) = (Chunked::default(), 0, 0);
            for part in TWO_CHUNKS.chunks(size) {
                let fed = chunked.feed(part).unwrap();
                used += fed.used;
                content += fed.content;
            }
            assert_eq!((used, content), (TWO_CHUNKS.len() - 4, 16), "parts of {size}");
        }
    }

    #[test]
    fn what_is_refused() {
        for bytes in [&b"\r\n"[..], b"x\r\n", b"1\r\nab\r\n", b"11112222333344445\r\n"] {
            assert_eq!(Chunked::default().feed(bytes), Err(Malformed::Chunk), "{bytes:?}");
        }
    }
}
