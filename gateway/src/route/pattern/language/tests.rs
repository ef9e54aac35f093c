use super::{Search, covers, literal_start, sample};
use crate::route::PathPattern;

/// Whether a path or prefix covers an expression.
#[track_caller]
fn check(path: &str, expression: &str, expected: bool) {
    let path = PathPattern::parse(path).unwrap();
    assert_eq!(covers(path.shape(), expression), expected, "{path:?} and {expression}");
}

#[test]
fn a_path_covers_an_expression() {
    check("/", ".*", true);
    check("/a", "/a", true);
    check("/a", "/a/.*", true);
    check("/a", "/a.*", false);
    check("/a", "/a/?", true);
    check("/a", "/(a|b)/.*", false);
    check("/a", "(?i)/a", false);
    check("/a", r"/a\b.*", false);
    check("/a", "/a(/[^/]+){2,5}", true);
    check("/a$", "/a", true);
    check("/a$", "/a/?", false);
    check("/a/$", "/a/+", true);
    check("/a/{x}", "/a/[^/]+", true);
    check("/a/{x}", "/a/[^/]*", false);
    check("/a/{x}$", "/a/.+", false);
    check("/{x}/b", "/(a|c)/b(/.*)?", true);
    check("/{x}/b", "/(a|c)*/b(/.*)?", true);
    check("/a/b", "/a/[b]|/a/b/c", true);
}

#[test]
fn a_sample_is_a_path_that_matches() {
    for expression in ["/a", "/.*", ".*", "/[^a-z]+/x", r"/v\d+/é?", "(?i)/ABC", "/(x|y){3}$", "/%20"] {
        let Search::Path(path) = sample(expression) else { panic!("{expression}") };
        assert!(PathPattern::parse(&format!("~{expression}")).is_ok_and(|_| path.starts_with('/')), "{path}");
    }
    for expression in ["", "a", "//", "/é", " ", "/a?b{0}//", r"/\\"] {
        assert_eq!(sample(expression), Search::Nothing, "{expression}");
    }
}

#[test]
fn what_every_match_begins_with() {
    let check = |expression: &str, expected: &str| {
        assert_eq!(literal_start(expression), expected, "{expression}");
    };
    check("/users/.*", "/users/");
    check("/(a|b)", "/");
    check("/a|/b", "/");
    check("/a?b", "/");
    check("/a+b", "/a");
    check("/aé", "/a");
    check("/a(/b)?", "/a");
    check("(?i)/a", "/");
    check(".*", "");
}
