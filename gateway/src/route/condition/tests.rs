use super::{HeaderCondition, PatternFault, QueryCondition};

#[track_caller]
fn check_fault<C: std::fmt::Debug>(parsed: Result<C, PatternFault>, at: std::ops::Range<usize>, message: &str) {
    let fault = parsed.unwrap_err();
    assert_eq!((fault.at, fault.message.as_str()), (at, message));
}

#[test]
fn faults() {
    check_fault(HeaderCondition::parse("X A", "1"), 0..1, "`X A` is not the name of a header field");
    check_fault(HeaderCondition::parse("X-A", "a\nb"), 1..2, "a header field holds no control character");
    check_fault(QueryCondition::parse("", "1"), 0..1, "a query parameter has a name");
    check_fault(QueryCondition::parse("q", "~"), 1..1, "a regular expression is missing after `~`");
    let unclosed = "this is not a regular expression: unclosed group";
    check_fault(HeaderCondition::parse("X-A", "~a(b"), 2..3, unclosed);
}

/// Whether a condition on `q` covers another.
#[track_caller]
fn check_covers(wider: &str, narrower: &str, expected: bool) {
    let value = |text| QueryCondition::parse("q", text).unwrap().value;
    assert_eq!(value(wider).covers(&value(narrower)), expected, "{wider} and {narrower}");
}

#[test]
fn what_covers_what() {
    check_covers("*", "1", true);
    check_covers("*", "~.", true);
    check_covers("*", "*", true);
    check_covers("1", "1", true);
    check_covers("1", "2", false);
    check_covers("1", "*", false);
    check_covers("~[0-9]", "1", true);
    check_covers("~[0-9]", "11", false);
    check_covers("~[0-9]", "~[0-9]", true);
    check_covers("~[0-9]", "~[0-8]", false);
    check_covers("~.*", "*", false);
}
