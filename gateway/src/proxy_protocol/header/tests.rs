use proptest::prelude::*;

use super::*;

fn client(address: &str) -> Source {
    Source::Client(address.parse().unwrap())
}

/// A header of version 2.
fn binary(command: u8, kind: u8, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
    [V2, &[command, kind], &length, rest].concat()
}

const FOUR: [u8; 12] = [192, 0, 2, 1, 198, 51, 100, 1, 0xdc, 4, 1, 187];

#[track_caller]
fn check(bytes: &[u8], expected: Result<Source, Malformed>) {
    let shown = bytes.escape_ascii();
    assert_eq!(parse(bytes), expected.map(|source| Some((bytes.len(), source))), "{shown}");
    let Ok(source) = expected else { return };
    // What follows is not its own, and no part of it is whole.
    assert_eq!(parse(&[bytes, b"GET / HTTP/1.1\r\n"].concat()), Ok(Some((bytes.len(), source))), "{shown}");
    for length in 0..bytes.len() {
        assert_eq!(parse(&bytes[..length]), Ok(None), "{length} bytes of {shown}");
    }
}

#[test]
fn lines_of_text_are_read_as_strictly_as_they_are_specified() {
    for (line, expected) in [
        ("PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n", Some(client("192.0.2.1:56324"))),
        ("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", Some(client("255.255.255.255:65535"))),
        ("PROXY TCP4 192.0.2.1 198.51.100.1 0 0\r\n", Some(client("192.0.2.1:0"))),
        ("PROXY TCP6 2001:db8::1 ::1 56324 443\r\n", Some(client("[2001:db8::1]:56324"))),
        ("PROXY UNKNOWN\r\n", Some(Source::Peer)),
        ("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n", Some(Source::Peer)),
        ("PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\n", None),
        ("PROXY TCP4 192.0.2.1 198.51.100.1 56324 443 \r\n", None),
        ("PROXY TCP4  192.0.2.1 198.51.100.1 56324 443\r\n", None),
        ("PROXY TCP4 192.0.2.1\t198.51.100.1 56324 443\r\n", None),
        ("PROXY TCP4 192.0.2.1 198.51.100.1 56324\r\n", None),
        ("PROXY TCP4 192.0.2.1 198.51.100.1 56324 443 1\r\n", None),
        ("PROXY TCP4 192.0.2.1 198.51.100.1 65536 443\r\n", None),
        ("PROXY TCP4 192.0.2.1 198.51.100.1 +1 443\r\n", None),
        ("PROXY TCP4 192.0.2.1 198.51.100.1 01 443\r\n", None),
        ("PROXY TCP4 192.0.2.1 198.51.100.1 56324 -443\r\n", None),
        ("PROXY TCP4 192.0.2.01 198.51.100.1 56324 443\r\n", None),
        ("PROXY TCP4 192.0.2.256 198.51.100.1 56324 443\r\n", None),
        ("PROXY TCP4 2001:db8::1 ::1 56324 443\r\n", None),
        ("PROXY TCP6 192.0.2.1 198.51.100.1 56324 443\r\n", None),
        ("PROXY TCP6 fe80::1%eth0 ::1 56324 443\r\n", None),
        ("PROXY TCP4 192.0.2.1 a 56324 443\r\n", None),
        ("PROXY UDP4 192.0.2.1 198.51.100.1 56324 443\r\n", None),
        ("PROXY UNKNOWN \u{7f}\r\n", None),
        ("PROXY UNKNOWN a\rb\r\n", None),
        ("PROXY unknown\r\n", None),
        ("PROXY UNKNOWNS\r\n", None),
        ("PROXY \r\n", None),
        ("PROXY  UNKNOWN\r\n", None),
        ("PROXY\r\n", None),
        ("proxy UNKNOWN\r\n", None),
        (" PROXY UNKNOWN\r\n", None),
        ("GET / HTTP/1.1\r\n", None),
    ] {
        check(line.as_bytes(), expected.ok_or(Malformed));
    }
}

#[test]
fn a_line_has_an_end() {
    let line = |length: usize| format!("PROXY UNKNOWN {}\r\n", "a".repeat(length - 16));
    check(line(107).as_bytes(), Ok(Source::Peer));
    check(line(108).as_bytes(), Err(Malformed));
    assert_eq!(parse(&line(200).as_bytes()[..106]), Ok(None));
    assert_eq!(parse(&line(200).as_bytes()[..107]), Err(Malformed));
    assert_eq!(parse(b"PROXY TCP4 \x16\x03"), Err(Malformed), "nobody has to wait for the end of that");
}

#[test]
fn binary_headers_are_read_as_strictly_as_they_are_specified() {
    let six = [&[0x20, 1, 0xd, 0xb8][..], &[0; 11], &[7], &[0; 16], &[0, 80, 1, 187]].concat();
    let with = |more: &[u8]| [&FOUR[..], more].concat();
    for (command, kind, rest, expected) in [
        (0x21, 0x11, FOUR.to_vec(), Some(client("192.0.2.1:56324"))),
        (0x21, 0x21, six.clone(), Some(client("[2001:db8::7]:80"))),
        // Notes are passed over: none, an empty one, several.
        (0x21, 0x11, with(&[4, 0, 0]), Some(client("192.0.2.1:56324"))),
        (0x21, 0x11, with(&[1, 0, 2, b'h', b'2', 0xee, 0, 1, 9]), Some(client("192.0.2.1:56324"))),
        (0x21, 0x11, with(&[4; 1]), None),
        (0x21, 0x11, with(&[4, 0]), None),
        (0x21, 0x11, with(&[4, 0, 1]), None),
        (0x21, 0x11, with(&[4, 0, 1, 0, 0]), None),
        (0x21, 0x31, vec![0; 216], Some(Source::Peer)),
        (0x21, 0x31, vec![0; 215], None),
        (0x21, 0x00, Vec::new(), Some(Source::Peer)),
        (0x21, 0x00, vec![9; 5], Some(Source::Peer)),
        (0x20, 0x00, Vec::new(), Some(Source::Peer)),
        (0x20, 0x11, FOUR.to_vec(), Some(Source::Peer)),
        (0x20, 0x77, vec![1; 3], Some(Source::Peer)),
        (0x21, 0x11, FOUR[..11].to_vec(), None),
        (0x21, 0x21, six[..35].to_vec(), None),
        (0x21, 0x12, FOUR.to_vec(), None),
        (0x21, 0x22, six.clone(), None),
        (0x21, 0x32, vec![0; 216], None),
        (0x21, 0x10, FOUR.to_vec(), None),
        (0x21, 0x41, six, None),
        (0x22, 0x11, FOUR.to_vec(), None),
        (0x11, 0x11, FOUR.to_vec(), None),
        (0x31, 0x11, FOUR.to_vec(), None),
    ] {
        check(&binary(command, kind, &rest), expected.ok_or(Malformed));
    }
    let fits = [&FOUR[..], &[4, 0x0f, 0xe1], &[0; 4065]].concat();
    assert_eq!(fits.len() + V2_FIXED, MAX_LENGTH);
    check(&binary(0x21, 0x11, &fits), Ok(client("192.0.2.1:56324")));
    check(&binary(0x20, 0x00, &[0; 4081]), Err(Malformed));
    assert_eq!(parse(&binary(0x20, 0x00, &vec![0; 65535])[..16]), Err(Malformed), "before any of it has come");
    let mut other = binary(0x20, 0x00, &[]);
    other[11] = b'\r';
    check(&other, Err(Malformed));
}

proptest! {
    #[test]
    fn a_header_is_what_it_was_written_from(source: SocketAddr, other: SocketAddr, notes: Vec<u8>) {
        prop_assume!(source.is_ipv4() == other.is_ipv4() && notes.len() < 1000);
        let source = SocketAddr::new(source.ip(), source.port());
        let family = if source.is_ipv4() { "TCP4" } else { "TCP6" };
        let line = format!("PROXY {family} {} {} {} {}\r\n", source.ip(), other.ip(), source.port(), other.port());
        check(line.as_bytes(), Ok(Source::Client(source)));
        let bytes = |address: SocketAddr| match address.ip() {
            IpAddr::V4(ip) => ip.octets().to_vec(),
            IpAddr::V6(ip) => ip.octets().to_vec(),
        };
        let length = u16::try_from(notes.len()).unwrap().to_be_bytes();
        let ports = [source.port().to_be_bytes(), other.port().to_be_bytes()].concat();
        let rest = [&bytes(source)[..], &bytes(other), &ports, &[0xe0], &length, &notes].concat();
        let kind = if source.is_ipv4() { 0x11 } else { 0x21 };
        check(&binary(0x21, kind, &rest), Ok(Source::Client(source)));
    }

    #[test]
    fn no_bytes_are_taken_twice_or_from_beyond(beginning in 0..4_usize, bytes: Vec<u8>) {
        let beginnings = [&b""[..], b"PROXY TCP4 ", b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0", b"\r\n\r\n\0\r\nQUIT\n\x21\x21\0"];
        let bytes = [beginnings[beginning], &bytes[..]].concat();
        let mut whole = None;
        for length in 0..=bytes.len() {
            match (parse(&bytes[..length]), whole) {
                (Ok(None), None) => {}
                (Ok(Some((taken, source))), None) => {
                    prop_assert!(taken == length, "it was whole before");
                    whole = Some((taken, source));
                }
                (Ok(same), Some(_)) => prop_assert_eq!(same, whole),
                (Err(Malformed), None) => break,
                (Err(Malformed), Some(_)) => prop_assert!(false, "more bytes made it worse"),
            }
        }
    }
}
