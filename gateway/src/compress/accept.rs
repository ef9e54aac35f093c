//! `Accept-Encoding` (RFC 9110 §12.5.3).
use http::{HeaderMap, header};

use crate::config::Coding;

/// The coding that the client likes best; among equals the first of `codings`. None where it names none of them, or
/// likes its answers better as they are.
pub(super) fn choose(fields: &HeaderMap, codings: &[Coding]) -> Option<Coding> {
    let (mut any, mut identity) = (None, None);
    let mut named: [Option<u16>; Coding::ALL.len()] = [None; Coding::ALL.len()];
    for value in fields.get_all(header::ACCEPT_ENCODING) {
        for item in value.as_bytes().split(|&byte| byte == b',') {
            let (name, weight) = parse(item);
            if name == b"*" {
                any = Some(weight);
            } else if name.eq_ignore_ascii_case(b"identity") {
                identity = Some(weight);
            } else if let Some(at) = Coding::ALL.iter().position(|coding| is(*coding, name)) {
                named[at] = Some(weight);
            }
        }
    }
    let weight = |coding: Coding| named[coding as usize].or(any).unwrap_or(0);
    let best =
        codings.iter().copied().max_by_key(|coding| (weight(*coding), std::cmp::Reverse(rank(*coding, codings))));
    // Whoever names it likes it as much as it says; else what is sent as it is, is what nobody asked for.
    best.filter(|best| weight(*best) > 0 && weight(*best) >= identity.unwrap_or(0))
}

fn rank(coding: Coding, codings: &[Coding]) -> usize {
    codings.iter().position(|other| *other == coding).unwrap_or(codings.len())
}

fn is(coding: Coding, name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(coding.name().as_bytes())
        || (coding == Coding::Gzip && name.eq_ignore_ascii_case(b"x-gzip"))
}

/// A name and its weight in thousandths: 1000 unless it says another, 0 for one that is none.
fn parse(item: &[u8]) -> (&[u8], u16) {
    let mut parts = item.split(|&byte| byte == b';').map(<[u8]>::trim_ascii);
    let name = parts.next().unwrap_or_default();
    let weight = parts.find_map(|part| part.strip_prefix(b"q=").or_else(|| part.strip_prefix(b"Q=")));
    (name, weight.map_or(1000, thousandths))
}

/// `qvalue` (RFC 9110 §12.4.2).
fn thousandths(text: &[u8]) -> u16 {
    let (whole, fraction) = match text {
        [whole] | [whole, b'.'] => (*whole, &[][..]),
        [whole, b'.', fraction @ ..] if fraction.len() <= 3 => (*whole, fraction),
        _ => return 0,
    };
    if !fraction.iter().all(u8::is_ascii_digit) {
        return 0;
    }
    let digit = |at: usize| fraction.get(at).map_or(0, |digit| u16::from(digit - b'0'));
    let fraction = digit(0) * 100 + digit(1) * 10 + digit(2);
    match whole {
        b'0' => fraction,
        b'1' if fraction == 0 => 1000,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(accept: &[&'static str], expected: Option<&str>) {
        let fields = accept.iter().map(|value| (header::ACCEPT_ENCODING, value.parse().unwrap())).collect();
        let codings = [Coding::Zstd, Coding::Brotli, Coding::Gzip];
        assert_eq!(choose(&fields, &codings).map(Coding::name), expected, "{accept:?}");
    }

    #[test]
    fn the_clients_weights_decide_and_then_the_order_of_the_file() {
        check(&[], None);
        check(&[""], None);
        check(&["gzip"], Some("gzip"));
        check(&["x-gzip"], Some("gzip"));
        check(&["GZip, deflate"], Some("gzip"));
        check(&["gzip, br, zstd"], Some("zstd"));
        check(&["gzip", "br"], Some("br"));
        check(&["gzip;q=0.8, br;q=0.9, zstd;q=0.899"], Some("br"));
        check(&["gzip ; q=0.5, br; Q=0.25"], Some("gzip"));
        check(&["deflate, compress"], None);
    }

    #[test]
    fn what_is_refused_is_not_used() {
        check(&["gzip;q=0"], None);
        check(&["gzip;q=0.000, br"], Some("br"));
        check(&["*"], Some("zstd"));
        check(&["*;q=0"], None);
        check(&["zstd;q=0, *"], Some("br"));
        check(&["*;q=0, gzip"], Some("gzip"));
        check(&["identity;q=0"], None);
        check(&["identity;q=0, gzip;q=0.1"], Some("gzip"));
        check(&["identity, gzip;q=0.5"], None);
        check(&["identity;q=0.5, gzip"], Some("gzip"));
        check(&["identity, gzip"], Some("gzip"));
        check(&["gzip;q=2"], None);
        check(&["gzip;q=0.1234"], None);
        check(&["gzip;q=x"], None);
    }
}
