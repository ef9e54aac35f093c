use std::time::Duration;

use http::HeaderValue;

use super::*;

/// 2026-01-15T10:30:00Z.
const NOW: u64 = 1_768_473_000;
const DATE: &str = "date: Thu, 15 Jan 2026 10:30:00 GMT";
const RULES: CacheRules = CacheRules {
    max_body: 1000,
    ttl: None,
    stale_while_revalidate: Duration::ZERO,
    stale_if_error: Duration::ZERO,
    set_cookie: false,
};

fn fields(lines: &[&'static str]) -> HeaderMap {
    let pairs = lines.iter().map(|line| line.split_once(": ").unwrap());
    pairs.map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
}

fn of(status: u16, lines: &[&'static str], is_known: bool, rules: &CacheRules) -> Option<Life> {
    life(StatusCode::from_u16(status).unwrap(), &fields(lines), is_known, rules, NOW)
}

/// Age and freshness of a 200 with these fields, if it is stored.
#[track_caller]
fn check(lines: &[&'static str], expected: Option<(u64, u64)>) {
    let found = of(200, lines, false, &RULES).map(|life| (life.age, life.fresh));
    assert_eq!(found, expected, "{lines:?}");
}

#[test]
fn freshness_is_what_the_answer_says() {
    check(&["cache-control: max-age=60"], Some((0, 60)));
    check(&["cache-control: max-age=60, s-maxage=5"], Some((0, 5)));
    check(&["cache-control: max-age=60", "age: 20"], Some((20, 60)));
    check(&["cache-control: max-age=60", "date: Thu, 15 Jan 2026 10:29:30 GMT"], Some((30, 60)));
    check(&["cache-control: max-age=60", "date: Thu, 15 Jan 2026 10:29:30 GMT", "age: 40"], Some((40, 60)));
    check(&[DATE, "expires: Thu, 15 Jan 2026 10:31:00 GMT"], Some((0, 60)));
    check(&[DATE, "expires: Thu, 15 Jan 2026 10:31:00 GMT", "cache-control: max-age=5"], Some((0, 5)));
    check(&[DATE, "expires: 0"], None);
    check(&[DATE, "expires: 0", "etag: \"a\""], Some((0, 0)));
    check(&["etag: \"a\""], Some((0, 0)));
    check(&["cache-control: no-cache", "last-modified: Thu, 15 Jan 2026 10:29:30 GMT"], Some((0, 0)));
    check(&["cache-control: no-cache, max-age=60", "etag: \"a\""], Some((0, 0)));
    check(&["cache-control: max-age=60", "age: 60"], None);
    check(&[], None);
}

#[test]
fn what_is_not_for_all_is_not_stored() {
    check(&["cache-control: max-age=60, private"], None);
    check(&["cache-control: max-age=60, no-store"], None);
    check(&["cache-control: max-age=60", "vary: Accept, *"], None);
    check(&["cache-control: max-age=60", "set-cookie: a=b"], None);
    let cookies = CacheRules { set_cookie: true, ..RULES };
    assert!(of(200, &["cache-control: max-age=60", "set-cookie: a=b"], false, &cookies).is_some());
    for (control, expected) in [
        ("cache-control: max-age=60", false),
        ("cache-control: max-age=60, public", true),
        ("cache-control: s-maxage=60", true),
        ("cache-control: max-age=60, must-revalidate", true),
    ] {
        assert_eq!(of(200, &[control], true, &RULES).is_some(), expected, "{control}");
    }
    for status in [206, 304, 400, 401, 403, 500, 502, 503] {
        assert_eq!(of(status, &["cache-control: max-age=60"], false, &RULES), None, "{status}");
    }
    for status in [204, 301, 308, 404, 410] {
        assert!(of(status, &["cache-control: max-age=60"], false, &RULES).is_some(), "{status}");
    }
}

#[test]
fn the_file_speaks_where_the_answer_is_silent() {
    let secs = Duration::from_secs;
    let rules = CacheRules { ttl: Some(secs(7)), stale_while_revalidate: secs(2), stale_if_error: secs(3), ..RULES };
    let check = |line: &'static str, expected: (u64, u64, u64)| {
        let life = of(200, &[line, "etag: \"a\""], false, &rules).unwrap();
        assert_eq!((life.fresh, life.while_revalidate, life.if_error), expected, "{line}");
    };
    check("x: y", (7, 2, 3));
    check("cache-control: max-age=1", (1, 2, 3));
    check("cache-control: stale-while-revalidate=5, stale-if-error=6", (7, 5, 6));
    check("cache-control: must-revalidate", (7, 0, 0));
    check("cache-control: proxy-revalidate, stale-if-error=6", (7, 0, 0));
    check("cache-control: s-maxage=9", (9, 0, 0));
    check("cache-control: no-cache", (0, 0, 0));
}

#[test]
fn an_answer_grows_old() {
    let life = of(200, &["cache-control: max-age=60", "age: 10"], false, &RULES).unwrap();
    assert_eq!((life.age(NOW), life.left(NOW), life.staleness(NOW)), (10, Some(50), 0));
    assert_eq!((life.age(NOW + 49), life.left(NOW + 49)), (59, Some(1)));
    assert_eq!((life.left(NOW + 50), life.staleness(NOW + 50)), (None, 0));
    assert_eq!(life.staleness(NOW + 55), 5);
    assert_eq!(life.age(NOW - 5), 10, "a clock that is put back makes nothing younger");
}
