use http::HeaderValue;

use super::*;

/// Whether the answer to the first, with this `Vary`, is one for the second.
#[track_caller]
fn check(vary: &'static str, first: &[u8], second: &[u8], expected: bool) {
    let answer = HeaderMap::from_iter([(header::VARY, HeaderValue::from_static(vary))]);
    for is_told in [true, false] {
        let (first, second) = (Seen::new(first, is_told), Seen::new(second, is_told));
        assert_eq!(first.selection(&answer).chooses(&second), expected, "{vary} {is_told}");
    }
}

#[test]
fn what_the_service_sees_chooses() {
    check("X-User-Id", b"x-user-id: 7\r\n", b"X-User-Id: 7\r\n", true);
    check("X-User-Id", b"x-user-id: 7\r\n", b"x-user-id: 8\r\n", false);
    check("X-User-Id", b"x-user-id: 7\r\n", b"", false);
    check("", b"x-user-id: 7\r\n", b"x-user-id: 8\r\n", true);
    check("a, b", b"a: 1\r\na: 2\r\nb: 3\r\n", b"b:3\r\na: 1, 2\r\n", true);
    check("a, b", b"a: 1\r\na: 2\r\nb: 3\r\n", b"b: 3\r\na: 2, 1\r\n", false);
}

#[test]
fn what_a_trusted_proxy_told_of_the_place_chooses() {
    let check = |first: &[u8], second: &[u8], expected: bool| {
        let chosen = Seen::new(first, true).selection(&HeaderMap::new());
        assert_eq!(chosen.chooses(&Seen::new(second, true)), expected, "{first:?} {second:?}");
    };
    check(b"x-forwarded-for: 1\r\nforwarded: for=1;proto=http\r\n", b"forwarded: for=2, proto=HTTP\r\n", true);
    check(b"forwarded: for=1;proto=http\r\n", b"forwarded: for=1;proto=https\r\n", false);
    check(b"forwarded: host=\"a,b\"\r\n", b"forwarded: host=\"a\"\r\n", false);
    check(b"x-forwarded-prefix: /a\r\n", b"", false);
}
