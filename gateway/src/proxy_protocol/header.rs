//! One header, read out of bytes. Pure: the same bytes always mean the same, however they came in.
#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The longest header that is taken, in bytes. Version 2 could say 65,551; what is behind its addresses are notes that
/// nobody here reads.
pub(super) const MAX_LENGTH: usize = 4096;

/// How a header of version 1 begins.
const V1: &[u8] = b"PROXY ";
/// The longest header of version 1, its CR LF included (§2.1).
const V1_MAX_LENGTH: usize = 107;
/// How a header of version 2 begins (§2.2).
const V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// That, the version with the command, the family with the transport, and the length of the rest.
const V2_FIXED: usize = 16;

/// Who a header says is at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// This client.
    Client(SocketAddr),
    /// Who sent the header: a balancer that asks for itself, or that knows no address which means anything here.
    Peer,
}

/// The bytes are no header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// The length of the header that `bytes` begin with, and what it says; none while more bytes could make it whole.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<(usize, Source)>, Malformed> {
    let begins = |magic: &[u8]| bytes.iter().zip(magic).all(|(byte, expected)| byte == expected);
    if begins(V1) {
        v1(bytes)
    } else if begins(V2) {
        v2(bytes)
    } else {
        Err(Malformed)
    }
}

/// `PROXY TCP4 192.0.2.1 198.51.100.1 56324 443` and CR LF.
fn v1(bytes: &[u8]) -> Result<Option<(usize, Source)>, Malformed> {
    let Some(end) = bytes.iter().take(V1_MAX_LENGTH).position(|&byte| byte == b'\n') else {
        // The first byte that can't be part of it is as good as the whole.
        let line = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        return if text(line).is_some() && bytes.len() < V1_MAX_LENGTH { Ok(None) } else { Err(Malformed) };
    };
    let line = bytes[..end].strip_suffix(b"\r").and_then(text).ok_or(Malformed)?;
    let mut words = line.split(' ').skip(1);
    let source = match words.next() {
        // What follows it is to be passed over.
        Some("UNKNOWN") => Source::Peer,
        Some(family @ ("TCP4" | "TCP6")) => {
            let mut address = || {
                let word = words.next()?;
                let address = if family == "TCP4" {
                    word.parse::<Ipv4Addr>().ok()?.into()
                } else {
                    word.parse::<Ipv6Addr>().ok()?.into()
                };
                Some::<IpAddr>(address)
            };
            let (source, _) = (address().ok_or(Malformed)?, address().ok_or(Malformed)?);
            let mut port = || words.next().and_then(port);
            let (port, _) = (port().ok_or(Malformed)?, port().ok_or(Malformed)?);
            if words.next().is_some() {
                return Err(Malformed);
            }
            Source::Client((source, port).into())
        }
        _ => return Err(Malformed),
    };
    Ok(Some((end + 1, source)))
}

/// Printable ASCII.
fn text(bytes: &[u8]) -> Option<&str> {
    str::from_utf8(bytes).ok().filter(|text| text.bytes().all(|byte| matches!(byte, b' '..=b'~')))
}

/// A port without a sign and without leading zeros.
fn port(word: &str) -> Option<u16> {
    let is_plain = word == "0" || word.bytes().all(|byte| byte.is_ascii_digit()) && !word.starts_with('0');
    word.parse().ok().filter(|_| is_plain)
}

/// Twelve fixed bytes, then `21 11` for TCP over IPv4, the length of the rest, addresses, ports, and notes (TLVs).
fn v2(bytes: &[u8]) -> Result<Option<(usize, Source)>, Malformed> {
    let Some((fixed, rest)) = bytes.split_at_checked(V2_FIXED) else { return Ok(None) };
    let length = usize::from(u16::from_be_bytes([fixed[14], fixed[15]]));
    let (command, kind) = (fixed[12], fixed[13]);
    let addresses = match (command, kind) {
        // LOCAL, and PROXY for a family that is not told: all behind it is passed over.
        (0x20, _) | (0x21, 0x00) => None,
        // A Unix socket, which has no address.
        (0x21, 0x31) => Some(216),
        (0x21, 0x11) => Some(12),
        (0x21, 0x21) => Some(36),
        // Another version or command, a datagram, which this is none of, or nothing that there is.
        _ => return Err(Malformed),
    };
    if length > MAX_LENGTH - V2_FIXED || addresses.is_some_and(|needed| length < needed) {
        return Err(Malformed);
    }
    let Some(rest) = rest.get(..length) else { return Ok(None) };
    if let Some(needed) = addresses {
        are_notes(&rest[needed..])?;
    }
    let source = match (command, kind) {
        (0x21, 0x11) => {
            let (ip, _) = rest.split_first_chunk::<4>().ok_or(Malformed)?;
            Source::Client((Ipv4Addr::from(*ip), u16::from_be_bytes([rest[8], rest[9]])).into())
        }
        (0x21, 0x21) => {
            let (ip, _) = rest.split_first_chunk::<16>().ok_or(Malformed)?;
            Source::Client((Ipv6Addr::from(*ip), u16::from_be_bytes([rest[32], rest[33]])).into())
        }
        _ => Source::Peer,
    };
    Ok(Some((V2_FIXED + length, source)))
}

/// Whether notes (a byte of type, two of length, the value) fill these bytes exactly.
fn are_notes(mut bytes: &[u8]) -> Result<(), Malformed> {
    while let Some((head, rest)) = bytes.split_first_chunk::<3>() {
        bytes = rest.get(usize::from(u16::from_be_bytes([head[1], head[2]]))..).ok_or(Malformed)?;
    }
    if bytes.is_empty() { Ok(()) } else { Err(Malformed) }
}
