//! `content_types`, `required_headers` and `schema`.
use super::{before_service, in_route, in_service};

#[test]
fn what_requests_must_look_like() {
    for (text, expected) in [
        ("content_types = []", "4:17 bad_content_type"),
        ("content_types = [\"text/*\", \"json\"]", "4:28 bad_content_type"),
        ("content_types = \"*/*\"", "4:17 bad_content_type"),
        ("content_types = true", "4:17 wrong_type"),
        ("required_headers = []", "4:20 bad_header_name"),
        ("required_headers = [\"X-A\", \"X A\"]", "4:28 bad_header_name"),
        ("required_headers = 1", "4:20 wrong_type"),
        ("required_headers = [\"X-A\", \"x_user-id\"]", "4:28 reserved_header"),
        ("schema = \"src/config/tests/none.json\"", "4:10 file_missing"),
        ("schema = \"src/config/tests\"", "4:10 file_unreadable"),
        ("schema = \"src/config/tests/every_key.toml\"", "4:10 bad_schema"),
        ("schema = { max_body = 1 }", "4:10 missing_key"),
        ("schema = false", "4:10 wrong_type"),
        ("content_types = \"text/*\"\nschema = \"src/config/tests/user.schema.json\"", "5:10 conflict"),
        ("schema = { file = \"src/config/tests/user.schema.json\", max_body = 0 }", "4:67 out_of_range"),
        ("schema = { file = \"src/config/tests/user.schema.json\", max_body = \"5MiB\" }", "4:67 out_of_range"),
    ] {
        in_route(text, &[expected]);
    }
    in_service("schema = \"src/config/tests/user.schema.json\"", &["4:1 unknown_key"]);
    before_service("[defaults]\ncontent_types = false", &["2:17 wrong_type"]);
}
