use std::borrow::Cow;

use proptest::prelude::*;

use super::{PathFault, normalise};

#[track_caller]
fn check(path: &str, expected: &str) {
    assert_eq!(normalise(path).as_deref(), Ok(expected), "{path}");
}

#[track_caller]
fn check_fault(path: &str, expected: PathFault) {
    assert_eq!(normalise(path), Err(expected), "{path}");
}

#[test]
fn clean_paths_are_borrowed() {
    let clean =
        ["/", "/a", "/a/", "/a/b.c/..d/.e/f..", "/...", "/%20/%C3%A9", "/a;b=1/..;/c", "/~!$&'()*+,;=:@", "/%25"];
    for path in clean {
        assert!(matches!(normalise(path), Ok(Cow::Borrowed(same)) if same == path), "{path}");
    }
}

#[test]
fn unreserved_characters_are_decoded_once() {
    check("/%61dmin", "/admin");
    check("/%7Euser/%2d%5F%2E%30", "/~user/-_.0");
    check("/%252e%252e/a", "/%252e%252e/a");
    check("/%c3%a9%3a", "/%C3%A9%3A");
    check("/%25%36%31", "/%2561");
}

#[test]
fn slashes_are_merged() {
    check("//", "/");
    check("//admin", "/admin");
    check("/a///b//", "/a/b/");
}

/// RFC 3986 §5.2.4 and §5.4, with slashes merged before.
#[test]
fn dot_segments_are_resolved() {
    check("/.", "/");
    check("/..", "/");
    check("/../../a", "/a");
    check("/a/.", "/a/");
    check("/a/..", "/");
    check("/a/b/..", "/a/");
    check("/a/b/c/./../../g", "/a/g");
    check("/pub/%2e%2e/admin", "/admin");
    check("/pub/.%2E/admin", "/admin");
    check("/pub/%2E/admin", "/pub/admin");
    check("/a//../b", "/b");
    check("/a/..//b", "/b");
    check("/a/b/../", "/a/");
    check("/pub/%2e%2e;/admin", "/pub/..;/admin");
}

#[test]
fn what_upstreams_read_in_different_ways_is_refused() {
    check_fault("/pub/..%2fadmin", PathFault::EncodedSlash { at: 7 });
    check_fault("/pub/..%2Fadmin", PathFault::EncodedSlash { at: 7 });
    check_fault("/a\\b", PathFault::Backslash { at: 2 });
    check_fault("/a%5cb", PathFault::Backslash { at: 2 });
    check_fault("/a%00", PathFault::EncodedNul { at: 2 });
    check_fault("/a%", PathFault::Escape { at: 2 });
    check_fault("/a%4", PathFault::Escape { at: 2 });
    check_fault("/%4g", PathFault::Escape { at: 1 });
    check_fault("/%+1", PathFault::Escape { at: 1 });
    check_fault("/a b", PathFault::Forbidden { byte: b' ', at: 2 });
    check_fault("/a\tb", PathFault::Forbidden { byte: b'\t', at: 2 });
    check_fault("/a\x7F", PathFault::Forbidden { byte: 0x7F, at: 2 });
    check_fault("/a#b", PathFault::Forbidden { byte: b'#', at: 2 });
    check_fault("/a?b", PathFault::Forbidden { byte: b'?', at: 2 });
    check_fault("/é", PathFault::Forbidden { byte: 0xC3, at: 1 });
    check_fault("", PathFault::NotAbsolute);
    check_fault("*", PathFault::NotAbsolute);
    check_fault("a/b", PathFault::NotAbsolute);
    // Behind what makes a path not normal, too.
    check_fault("//a%2f", PathFault::EncodedSlash { at: 3 });
    check_fault("/%61/../é", PathFault::Forbidden { byte: 0xC3, at: 8 });
}

/// Paths made of what matters.
fn raw() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => Just("/".to_owned()),
        2 => Just(".".to_owned()),
        2 => "%(2[eE5]|6[1aA]|[cC]3|20|7[eE])",
        1 => "%(2[fF]|00|5[cC]|[0-9a-fA-F]{2})",
        3 => "[a-c;~]{1,2}",
        1 => "[\\x00-\\x7f]",
    ];
    prop::collection::vec(piece, 0..16).prop_map(|pieces| format!("/{}", pieces.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn the_form_is_one(path in raw()) {
        let Ok(normal) = normalise(&path) else { return Ok(()) };
        prop_assert!(normal.starts_with('/'), "{path} became {normal}");
        prop_assert!(!normal.contains("//"), "{path} became {normal}");
        let dots = normal.split('/').any(|segment| matches!(segment, "." | ".."));
        prop_assert!(!dots, "{path} became {normal}");
        prop_assert!(normal.len() <= path.len());
        let again = normalise(&normal);
        prop_assert!(matches!(&again, Ok(Cow::Borrowed(same)) if *same == normal), "{normal} became {again:?}");
    }

    /// Counted by hand: a `..` takes away the segment before it, or nothing at the root.
    #[test]
    fn nothing_escapes_the_root(segments in prop::collection::vec("\\.\\.|%2e\\.|\\.|[ab]", 0..12)) {
        let mut left: Vec<&str> = Vec::new();
        for segment in &segments {
            match segment.replace("%2e", ".").as_str() {
                "." => {}
                ".." => { left.pop(); }
                _ => left.push(segment),
            }
        }
        let normal = normalise(&format!("/{}/end", segments.join("/")).replace("//", "/"))
            .expect("there is no fault in it")
            .into_owned();
        left.push("end");
        prop_assert_eq!(normal, format!("/{}", left.join("/")));
    }

    /// Also behind what makes the path not normal.
    #[test]
    fn a_fault_is_a_fault_anywhere(before in "(/[a-c]{0,2}|/\\.\\.|%61){0,5}", bad in "%2f|%5C|%00|\\\\|%g1| |#") {
        let path = format!("/{before}{bad}/a");
        prop_assert!(normalise(&path).is_err(), "{path}");
    }
}
