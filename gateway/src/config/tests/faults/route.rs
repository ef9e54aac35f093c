//! `routes`: what they match, and what they do to a path.
use super::{SERVICE, check, faulty, in_route};

#[test]
fn the_routes() {
    for (text, expected) in [
        ("host = \"a:80\"", "4:10 bad_host"),
        ("headers.'X Y' = \"1\"", "4:9 bad_condition"),
        ("headers.X-A = \"~(\"", "4:17 bad_condition"),
        ("headers.X-A = true", "4:15 wrong_type"),
        ("query.a = 1", "4:11 wrong_type"),
        ("rewrite = \"/{no}\"", "4:13 bad_rewrite"),
        ("strip_prefix = \"api\"", "4:16 bad_prefix"),
        ("strip_prefix = \"/api/\"", "4:16 bad_prefix"),
        ("strip_prefix = 5", "4:16 wrong_type"),
        ("strip_prefix = true\nrewrite = \"/a\"", "4:16 conflict"),
        ("limits.body = \"ten\"", "4:15 bad_size"),
        ("timeouts.requests = \"1s\"", "4:10 unknown_key"),
        ("critical = true", "4:1 unknown_key"),
    ] {
        in_route(text, &[expected]);
    }
    let routes = |list: &str| format!("[services.a]\nupstreams = \"http://a\"\nroutes = {list}");
    check(&routes("[\"users\"]"), &["3:12 bad_pattern"]);
    check(&routes("[\"/a/{id\"]"), &["3:15 bad_pattern"]);
    check(&routes("[{ host = \"a\" }]"), &["3:11 missing_key"]);
    check(&routes("[\"/a\", \"/a\"]"), &["3:17 unreachable_route"]);
    check(&routes("[\"GET /health$\", \"/\"]"), &["3:11 unreachable_route"]);
}

#[test]
fn a_route_that_never_wins_points_at_the_one_that_does() {
    let faults = faulty(&format!("{SERVICE}[services.b]\nupstreams=\"http://b\"\nroutes=\"/users\""));
    let [fault] = faults.list() else { panic!("{faults}") };
    assert_eq!((fault.line, fault.column, fault.len), (7, 8, 8));
    let [winner] = &fault.related[..] else { panic!("{fault:?}") };
    assert_eq!((winner.line, winner.column, winner.len), (4, 11, 8));
}
