//! The one form of a path: what is matched is what is forwarded.
//!
//! Proxies that match one reading of a path and forward another let `/pub/%2e%2e/admin` past a rule for `/admin`. So a
//! path is brought into one form as soon as it is known, and the raw one is forgotten.
use std::borrow::Cow;

#[cfg(test)]
mod tests;

/// Why a path is refused (400 `path_invalid`); places are bytes from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathFault {
    /// RFC 9112 §3.2.1: an origin-form target is an absolute path.
    #[error("the path does not begin with `/`")]
    NotAbsolute,
    /// A control character, a space, `#`, `?` or a byte outside ASCII, none of which RFC 3986 §3.3 allows.
    #[error("the path holds the byte 0x{byte:02X} at {at}, which must be percent-encoded")]
    Forbidden {
        /// The byte.
        byte: u8,
        /// Its place.
        at: usize,
    },
    /// RFC 3986 §2.1.
    #[error("the `%` at {at} is not followed by two hexadecimal digits")]
    Escape {
        /// The place of the `%`.
        at: usize,
    },
    /// `%2F`: upstreams disagree on whether it separates segments.
    #[error("the path holds an encoded slash at {at}")]
    EncodedSlash {
        /// The place of the `%`.
        at: usize,
    },
    /// `%00`: it ends a text for some upstreams.
    #[error("the path holds an encoded NUL at {at}")]
    EncodedNul {
        /// The place of the `%`.
        at: usize,
    },
    /// `\` or `%5C`: it separates segments for some upstreams.
    #[error("the path holds a backslash at {at}")]
    Backslash {
        /// The place of the `\` or of the `%`.
        at: usize,
    },
}

/// What a byte of a raw path needs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Stands for itself.
    Plain,
    /// `/`
    Slash,
    /// `%`
    Escape,
    /// Never part of a path.
    Refused,
}

const fn kind(byte: u8) -> Kind {
    match byte {
        b'/' => Kind::Slash,
        b'%' => Kind::Escape,
        b'#' | b'?' | b'\\' => Kind::Refused,
        0x21..=0x7E => Kind::Plain,
        _ => Kind::Refused,
    }
}

/// The next byte may make the path not normal.
const IS_SLASH: u8 = 1;
/// Behind a slash: a repeated one, or maybe a dot segment.
const BAD_AFTER_SLASH: u8 = IS_SLASH << 1;
/// Anywhere: an escape, or a fault.
const BAD: u8 = 1 << 2;

/// What a byte means to the first pass.
const FLAGS: [u8; 256] = {
    let mut flags = [BAD; 256];
    let mut byte = 0;
    while byte < 128 {
        flags[byte as usize] = match kind(byte) {
            Kind::Slash => IS_SLASH | BAD_AFTER_SLASH,
            Kind::Plain if byte == b'.' => BAD_AFTER_SLASH,
            Kind::Plain => 0,
            Kind::Escape | Kind::Refused => BAD,
        };
        byte += 1;
    }
    flags
};

/// The path of a request target, without its query, in the form that is matched and forwarded:
///
/// - unreserved characters (RFC 3986 §2.3) are decoded, once: `%61` becomes `a`, `%252e` stays; other escapes are kept
///   in upper case (§6.2.2.1);
/// - repeated slashes are one;
/// - dot segments, plain or encoded, are resolved as §5.2.4 has it, after that: none leads above the root. `..;` is no
///   dot segment.
///
/// Borrows a path that already has this form, after one pass over it.
pub fn normalise(path: &str) -> Result<Cow<'_, str>, PathFault> {
    if !path.starts_with('/') {
        return Err(PathFault::NotAbsolute);
    }
    if is_plainly_normal(path.as_bytes()) || is_normal(path.as_bytes())? {
        Ok(Cow::Borrowed(path))
    } else {
        rebuild(path).map(Cow::Owned)
    }
}

/// Whether nothing is to be done, told without a branch a byte: almost every path passes here. One that does not may be
/// normal all the same (`/.well-known`, `/a%20b`).
fn is_plainly_normal(path: &[u8]) -> bool {
    let (_, seen) = path.iter().fold((0, 0), |(before, seen), &byte| {
        let flags = FLAGS[usize::from(byte)];
        (flags, seen | flags & (BAD | (before & IS_SLASH) << 1))
    });
    seen == 0
}

/// Whether nothing is to be done. A path that is not normal may hold faults behind the first thing to do.
fn is_normal(path: &[u8]) -> Result<bool, PathFault> {
    let mut at = 0;
    while let Some(&byte) = path.get(at) {
        match kind(byte) {
            Kind::Plain => {}
            Kind::Slash => match path.get(at + 1) {
                Some(b'/') => return Ok(false),
                Some(b'.') if starts_with_dot_segment(&path[at + 1..]) => return Ok(false),
                _ => {}
            },
            Kind::Escape => {
                if !escape(path, at)?.is_normal {
                    return Ok(false);
                }
                at += 2;
            }
            Kind::Refused => return Err(refusal(byte, at)),
        }
        at += 1;
    }
    Ok(true)
}

fn starts_with_dot_segment(path: &[u8]) -> bool {
    matches!(path, [b'.'] | [b'.', b'/', ..] | [b'.', b'.'] | [b'.', b'.', b'/', ..])
}

/// An escape: the byte that it stands for, and whether it is kept as it is written.
struct Escape {
    byte: u8,
    is_normal: bool,
}

impl Escape {
    fn is_unreserved(&self) -> bool {
        self.byte.is_ascii_alphanumeric() || b"-._~".contains(&self.byte)
    }
}

fn escape(path: &[u8], at: usize) -> Result<Escape, PathFault> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (Some(high), Some(low)) = (path.get(at + 1), path.get(at + 2)) else {
        return Err(PathFault::Escape { at });
    };
    let (Some(high_digit), Some(low_digit)) = (digit(high), digit(low)) else {
        return Err(PathFault::Escape { at });
    };
    let is_upper = !high.is_ascii_lowercase() && !low.is_ascii_lowercase();
    let mut escape = Escape { byte: high_digit << 4 | low_digit, is_normal: false };
    match escape.byte {
        b'/' => return Err(PathFault::EncodedSlash { at }),
        b'\\' => return Err(PathFault::Backslash { at }),
        0 => return Err(PathFault::EncodedNul { at }),
        _ => escape.is_normal = is_upper && !escape.is_unreserved(),
    }
    Ok(escape)
}

fn refusal(byte: u8, at: usize) -> PathFault {
    match byte {
        b'\\' => PathFault::Backslash { at },
        _ => PathFault::Forbidden { byte, at },
    }
}

/// The path segment by segment: decoded first, then judged, since an encoded dot segment is one too.
fn rebuild(path: &str) -> Result<String, PathFault> {
    let raw = path.as_bytes();
    let mut out = String::with_capacity(raw.len());
    let mut start = 0;
    while start < raw.len() {
        // `raw[start]` is a slash; `segment` is where what it opens goes in `out`.
        let segment = out.len();
        out.push('/');
        let end = decode_segment(raw, start + 1, &mut out)?;
        let is_last = end == raw.len();
        match &out[segment + 1..] {
            "" if !is_last => out.truncate(segment),
            "." => out.truncate(segment),
            ".." => {
                out.truncate(segment);
                out.truncate(out.rfind('/').unwrap_or(0));
            }
            _ => {
                start = end;
                continue;
            }
        }
        if is_last {
            // RFC 3986 §5.2.4: `/a/.` and `/a/b/..` name what `/a/` names.
            out.push('/');
        }
        start = end;
    }
    Ok(out)
}

/// Adds the segment at `at` to `out`, decoded, and returns where it ends.
fn decode_segment(raw: &[u8], mut at: usize, out: &mut String) -> Result<usize, PathFault> {
    while let Some(&byte) = raw.get(at) {
        match kind(byte) {
            Kind::Plain => out.push(char::from(byte)),
            Kind::Slash => break,
            Kind::Escape => {
                let escape = escape(raw, at)?;
                if escape.is_unreserved() {
                    out.push(char::from(escape.byte));
                } else {
                    out.push('%');
                    out.extend(raw[at + 1..at + 3].iter().map(|digit| char::from(digit.to_ascii_uppercase())));
                }
                at += 2;
            }
            Kind::Refused => return Err(refusal(byte, at)),
        }
        at += 1;
    }
    Ok(at)
}
