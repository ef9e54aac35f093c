//! From when until when a certificate is good (RFC 5280 §4.1.2.5): webpki checks that and does not tell it.
use jiff::{Timestamp, civil, tz::TimeZone};

/// The time of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Validity {
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
}

/// Tags of DER (X.690 §8): what is read here.
const INTEGER: u8 = 0x02;
const SEQUENCE: u8 = 0x30;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const VERSION: u8 = 0xa0;

impl Validity {
    /// That of a certificate in DER.
    pub(crate) fn of(certificate: &[u8]) -> Option<Self> {
        let mut rest = certificate;
        let mut whole = take(&mut rest, SEQUENCE)?;
        let mut signed = take(&mut whole, SEQUENCE)?;
        if signed.first() == Some(&VERSION) {
            take(&mut signed, VERSION)?;
        }
        take(&mut signed, INTEGER)?; // its number
        take(&mut signed, SEQUENCE)?; // the algorithm
        take(&mut signed, SEQUENCE)?; // the issuer
        let mut times = take(&mut signed, SEQUENCE)?;
        Some(Self { from: time(&mut times)?, until: time(&mut times)? })
    }
}

/// The content of the next element, which must have this tag.
fn take<'d>(bytes: &mut &'d [u8], tag: u8) -> Option<&'d [u8]> {
    let (&[found, first], rest) = bytes.split_first_chunk()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        // The length itself takes so many bytes.
        0x81..=0x84 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (length.iter().fold(0, |sum, &byte| sum << 8 | usize::from(byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    *bytes = rest;
    (found == tag).then_some(content)
}

/// `YYMMDDHHMMSSZ`, or with four digits for the year.
fn time(bytes: &mut &[u8]) -> Option<Timestamp> {
    let (tag, digits) = match bytes.first()? {
        &UTC_TIME => (UTC_TIME, 2),
        _ => (GENERALIZED_TIME, 4),
    };
    let text = str::from_utf8(take(bytes, tag)?).ok()?.strip_suffix('Z')?;
    if text.len() != digits + 10 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, length: usize| text[from..from + length].parse::<i16>().ok();
    let year = match (digits, number(0, digits)?) {
        (2, year @ 50..) => 1900 + year,
        (2, year) => 2000 + year,
        (_, year) => year,
    };
    let part = |index: usize| i8::try_from(number(digits + 2 * index, 2)?).ok();
    let moment = civil::DateTime::new(year, part(0)?, part(1)?, part(2)?, part(3)?, part(4)?, 0).ok()?;
    moment.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    #[test]
    fn both_forms_of_a_time_are_read() {
        let key = KeyPair::generate().unwrap();
        for (from, until, expected) in [
            ((2024, 2, 29), (2049, 12, 31), ("2024-02-29T00:00:00Z", "2049-12-31T00:00:00Z")),
            ((1975, 1, 1), (4096, 1, 1), ("1975-01-01T00:00:00Z", "4096-01-01T00:00:00Z")),
        ] {
            let mut params = CertificateParams::new(vec![String::from("a.test")]).unwrap();
            params.not_before = date_time_ymd(from.0, from.1, from.2);
            params.not_after = date_time_ymd(until.0, until.1, until.2);
            let certificate = params.self_signed(&key).unwrap();
            let read = Validity::of(certificate.der()).unwrap();
            assert_eq!((read.from.to_string(), read.until.to_string()), (expected.0.into(), expected.1.into()));
            for length in 0..150 {
                assert_eq!(Validity::of(&certificate.der()[..length]), None, "{length} bytes of it");
            }
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in ["991332000000Z", "9912310000Z", "991231000000", "99123100000aZ", "+91231000000Z"] {
            let bytes = [&[UTC_TIME, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
            assert_eq!(time(&mut &bytes[..]), None, "{text}");
        }
    }
}
