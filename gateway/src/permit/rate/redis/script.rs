//! The one script, and what is said on the wire: RESP, as every Redis since 1.2 speaks it
//! (<https://redis.io/docs/latest/develop/reference/protocol-spec/>). All answers that are awaited here are one line.
use std::{fmt::Write, sync::LazyLock};

use aws_lc_rs::digest;
use bytes::{Buf, BytesMut};
use memchr::memchr;

/// A line is a number or an error.
const LONGEST_LINE: usize = 4096;

const SCRIPT: &str = include_str!("gcra.lua");
/// What Redis knows the script by, once it has seen it.
static HASH: LazyLock<String> = LazyLock::new(|| {
    let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, SCRIPT.as_bytes());
    hash.as_ref().iter().fold(String::new(), |mut hex, byte| {
        // A String takes everything.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
});

/// What is asked of the script.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Check {
    pub(in super::super) key: Key,
    /// Between two requests that come back, in microseconds.
    pub(in super::super) interval: u64,
    /// What the whole burst takes to come back, in microseconds.
    pub(in super::super) whole: u64,
}

/// A caller under a limit: 128 bits of a SHA-256.
pub(in super::super) type Key = [u8; 16];

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    Number(i64),
    Done,
    /// The first word of an error, `NOSCRIPT`; the rest may repeat what was sent.
    Error(Box<str>),
}

/// What no Redis says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoReply;

impl Check {
    /// By the script's hash: Redis knows the script, unless it was told to forget it.
    pub(super) fn by_hash(&self, out: &mut BytesMut) {
        self.write(b"EVALSHA", HASH.as_bytes(), out);
    }

    /// With the whole script, which Redis remembers.
    pub(super) fn by_script(&self, out: &mut BytesMut) {
        self.write(b"EVAL", SCRIPT.as_bytes(), out);
    }

    fn write(&self, verb: &[u8], script: &[u8], out: &mut BytesMut) {
        let mut key = *b"gateway:limit:________________________________";
        for (pair, byte) in key[14..].chunks_exact_mut(2).zip(self.key) {
            pair.copy_from_slice(&[hex(byte >> 4), hex(byte & 15)]);
        }
        let (mut interval, mut whole) = (itoa::Buffer::new(), itoa::Buffer::new());
        let (interval, whole) = (interval.format(self.interval).as_bytes(), whole.format(self.whole).as_bytes());
        command(&[verb, script, b"1", &key, interval, whole], out);
    }
}

fn hex(digit: u8) -> u8 {
    b"0123456789abcdef"[usize::from(digit)]
}

/// A command as an array of strings.
pub(super) fn command(words: &[&[u8]], out: &mut BytesMut) {
    let mut number = itoa::Buffer::new();
    out.extend_from_slice(b"*");
    out.extend_from_slice(number.format(words.len()).as_bytes());
    for word in words {
        out.extend_from_slice(b"\r\n$");
        out.extend_from_slice(number.format(word.len()).as_bytes());
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(word);
    }
    out.extend_from_slice(b"\r\n");
}

/// The next line, taken out of `input`; none where it is not whole yet.
pub(super) fn reply(input: &mut BytesMut) -> Result<Option<Reply>, NoReply> {
    let Some(end) = memchr(b'\n', input) else {
        return if input.len() > LONGEST_LINE { Err(NoReply) } else { Ok(None) };
    };
    let reply = match input[..end].strip_suffix(b"\r").and_then(|line| line.split_first()) {
        Some((b'+', _)) => Ok(Reply::Done),
        Some((b':', number)) => {
            str::from_utf8(number).ok().and_then(|number| number.parse().ok()).map(Reply::Number).ok_or(NoReply)
        }
        Some((b'-', error)) => {
            let word: String =
                error.iter().take(24).map_while(|b| b.is_ascii_uppercase().then_some(*b as char)).collect();
            Ok(Reply::Error(word.into()))
        }
        _ => Err(NoReply),
    };
    input.advance(end + 1);
    reply.map(Some)
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::{Check, HASH, NoReply, Reply, reply};

    #[test]
    fn a_check_is_one_command() {
        let mut out = BytesMut::new();
        Check { key: [0xa5; 16], interval: 600_000, whole: 60_000_000 }.by_hash(&mut out);
        let key = "gateway:limit:a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5";
        let hash = &*HASH;
        let expected = format!(
            "*6\r\n$7\r\nEVALSHA\r\n$40\r\n{hash}\r\n$1\r\n1\r\n$46\r\n{key}\r\n$6\r\n600000\r\n$8\r\n60000000\r\n"
        );
        assert_eq!(str::from_utf8(&out).unwrap(), expected);
    }

    #[test]
    fn a_reply_is_one_line() {
        let check = |input: &str, expected: Result<Option<Reply>, NoReply>, left: &str| {
            let mut bytes = BytesMut::from(input);
            assert_eq!(reply(&mut bytes), expected, "{input:?}");
            assert_eq!(bytes, left, "{input:?}");
        };
        let error = |word: &str| Ok(Some(Reply::Error(word.into())));
        check(":12\r\n:3\r\n", Ok(Some(Reply::Number(12))), ":3\r\n");
        check(":-1\r\n", Ok(Some(Reply::Number(-1))), "");
        check("+OK\r\n", Ok(Some(Reply::Done)), "");
        check("-NOSCRIPT No matching script.\r\n", error("NOSCRIPT"), "");
        check("-ERR unknown command 'AUTH', with args beginning with: 'hunter2'\r\n", error("ERR"), "");
        check("-hunter2\r\n", error(""), "");
        for part in ["", ":", ":1", ":12\r"] {
            check(part, Ok(None), part);
        }
        check("HTTP/1.1 400 Bad Request\r\n", Err(NoReply), "");
        check(":1\n", Err(NoReply), "");
        check(":\r\n", Err(NoReply), "");
        check("$3\r\nabc\r\n", Err(NoReply), "abc\r\n");
        check("\r\n", Err(NoReply), "");
        check(&"x".repeat(5000), Err(NoReply), &"x".repeat(5000));
    }
}
