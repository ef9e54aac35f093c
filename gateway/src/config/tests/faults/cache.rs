//! `cache` and `compress`.
use super::{before_service, in_route, in_service};

#[test]
fn how_answers_are_kept_and_compressed() {
    for (text, expected) in [
        ("cache = \"60s\"", "4:9 wrong_type"),
        ("cache = { max_body = \"2GiB\" }", "4:22 out_of_range"),
        ("cache = { ttl = \"0s\" }", "4:17 out_of_range"),
        ("cache = { ttl = 60 }", "4:17 wrong_type"),
        ("cache = { stale_if_error = \"25h\" }", "4:28 out_of_range"),
        ("cache = { stale_while_revalidate = \"1 h\" }", "4:36 bad_duration"),
        ("cache = { max_age = \"60s\" }", "4:11 unknown_key"),
        ("compress = []", "4:12 bad_coding"),
        ("compress = \"deflate\"", "4:12 bad_coding"),
        ("compress = [\"gzip\", \"gzip\"]", "4:21 bad_coding"),
        ("compress = 5", "4:12 wrong_type"),
        ("compress = { level = 5 }", "4:12 wrong_type"),
    ] {
        in_service(text, &[expected]);
        in_route(text, &[expected]);
        before_service(&format!("[defaults]\n{text}"), &[&expected.replace("4:", "2:")]);
    }
}
