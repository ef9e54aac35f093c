use proptest::prelude::*;
use serde_json::json;

use super::*;

#[test]
fn json_is_read() {
    for text in ["null", " [1, -2, 3.5, \"a\", true]\n", "{\"a\": {\"a\": [{}, {}]}}", "\"\\u00e9\\ud83d\\ude00\""] {
        assert_eq!(parse(text.as_bytes()), Ok(serde_json::from_str(text).unwrap()), "{text}");
    }
    assert_eq!(parse(b"18446744073709551615"), Ok(json!(u64::MAX)));
}

#[test]
fn what_has_two_readings_is_refused() {
    for (text, expected) in [
        (&b""[..], "is not JSON (line 1, column 0)"),
        (b"{\"a\": 1} {}", "is not JSON (line 1, column 10)"),
        (b"{\"a\": 1,}", "is not JSON (line 1, column 9)"),
        (b"{'a': 1}", "is not JSON (line 1, column 2)"),
        (b"[1 // no\n]", "is not JSON (line 1, column 4)"),
        (b"NaN", "is not JSON (line 1, column 1)"),
        (b"1e999", "has a number that is out of range (line 1, column 5)"),
        (b"[-1e400]", "has a number that is out of range (line 1, column 7)"),
        (b"1e", "is not JSON (line 1, column 2)"),
        (b"01", "is not JSON (line 1, column 2)"),
        (b"\"\xff\"", "is not JSON (line 1, column 2)"),
        (b"\"\\ud800\"", "is not JSON (line 1, column 8)"),
        (b"\xef\xbb\xbf{}", "is not JSON (line 1, column 1)"),
        (b"\"a\nb\"", "is not JSON (line 2, column 0)"),
        (b"{\"a\": 1,\n \"a\": 2}", "has a name twice in one object (line 2, column 4)"),
        (b"[{\"a\": 1, \"\\u0061\": 2}]", "has a name twice in one object (line 1, column 18)"),
    ] {
        assert_eq!(parse(text), Err(expected.to_owned()), "{}", text.escape_ascii());
    }
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
    let why = parse(nested(MAX_DEPTH + 1).as_bytes()).unwrap_err();
    assert!(why.starts_with("is nested more than 64 levels deep"), "{why}");
    assert!(parse("[".repeat(100_000).as_bytes()).is_err());
}

proptest! {
    #[test]
    fn it_agrees_with_serde_json_on_what_both_read(text in r#"[\[\]{},:" a1.e\-]{0,24}"#) {
        if let Ok(value) = parse(text.as_bytes()) {
            prop_assert_eq!(value, serde_json::from_str::<Value>(&text).unwrap());
        }
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let _ = parse(&bytes);
    }
}
