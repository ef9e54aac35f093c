use super::*;

#[test]
fn origins_are_read_in_their_one_form() {
    for (text, expected) in [
        ("https://app.example.com", "https://app.example.com"),
        ("HTTPS://App.Example.com", "https://app.example.com"),
        ("https://a:443", "https://a"),
        ("http://a:80", "http://a"),
        ("http://a:443", "http://a:443"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("https://*.example.com", "https://*.example.com"),
        ("https://*.example.com:8443", "https://*.example.com:8443"),
        ("chrome-extension://abcdef", "chrome-extension://abcdef"),
        ("null", "null"),
    ] {
        assert_eq!(OriginPattern::parse(text).map(|pattern| pattern.to_string()).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn what_is_no_origin_is_refused() {
    for text in [
        "",
        "example.com",
        "//example.com",
        "https://",
        "https:///",
        "https://a/",
        "https://a/b",
        "https://a?b",
        "https://a#b",
        "https://a:",
        "https://a:0",
        "https://a:080",
        "https://a:65536",
        "https://a:+1",
        "https://user@a",
        "https://a b",
        "https://*",
        "https://*.",
        "https://*a.b",
        "https://a.*.b",
        "https://a.*",
        "https://*.*.b",
        "https://*.[::1]",
        "https://a..b",
        "https://.a",
        "https://a.",
        "https://é.de",
        "1a://b",
        "https://[::g]",
        "https://[0:0::1]",
        "NULL",
        "https://a,https://b",
        "*.example.com",
    ] {
        assert!(OriginPattern::parse(text).is_err(), "{text}");
    }
}

#[track_caller]
fn check(pattern: &str, taken: &[&str], refused: &[&str]) {
    let origins = Origins { any: false, patterns: vec![OriginPattern::parse(pattern).unwrap()] };
    for origin in taken {
        assert!(origins.take(origin.as_bytes()), "{pattern} takes {origin}");
    }
    for origin in refused {
        assert!(!origins.take(origin.as_bytes()), "{pattern} does not take {origin}");
    }
}

#[test]
fn an_exact_origin_is_that_text() {
    check(
        "https://example.com",
        &["https://example.com"],
        &[
            "http://example.com",
            "https://example.com.",
            "https://example.com:443",
            "https://example.com:8443",
            "https://EXAMPLE.com",
            "https://example.com/",
            "https://example.com.evil",
            "https://evil-example.com",
            "https://a.example.com",
            "null",
            "",
            "*",
            "https://example.com, https://example.com",
        ],
    );
    check("null", &["null"], &["", "Null", "https://null"]);
    check("http://a:8080", &["http://a:8080"], &["http://a", "http://a:80", "http://a:80800"]);
}

#[test]
fn a_wildcard_takes_one_label_or_more() {
    check(
        "https://*.example.com",
        &["https://a.example.com", "https://a.b.example.com", "https://x-1_2.example.com"],
        &[
            "https://example.com",
            "https://.example.com",
            "https://evil-example.com",
            "https://evilexample.com",
            "https://a.example.com.evil",
            "https://a.example.com.",
            "https://a..example.com",
            "https://evil.com/.example.com",
            "https://evil.com#.example.com",
            "https://evil.com:1.example.com",
            "https://user@a.example.com",
            "https://A.example.com",
            "https://a.EXAMPLE.com",
            "http://a.example.com",
            "https://a.example.com:444",
            "https://\u{e9}.example.com",
            "null",
        ],
    );
    check(
        "https://*.example.com:8443",
        &["https://a.example.com:8443"],
        &["https://a.example.com", "https://a.example.com:443"],
    );
}

#[test]
fn any_takes_all() {
    let any = Origins { any: true, patterns: Vec::new() };
    assert!(any.take(b"https://a") && any.take(b"null"));
}
