//! `request_headers` and `response_headers`.
use super::in_service;

#[test]
fn the_fields() {
    for (text, expected) in [
        ("request_headers.set.Host = \"a\"", "4:21 reserved_header"),
        ("request_headers.add.Transfer-Encoding = \"a\"", "4:21 reserved_header"),
        ("response_headers.remove = [\"X-A\", \"connection\"]", "4:35 reserved_header"),
        ("request_headers.remove = \"X A\"", "4:26 bad_header_name"),
        ("request_headers.set = { 'X:' = \"a\" }", "4:25 bad_header_name"),
        ("request_headers.set.X-A = \"aé\"", "4:29 bad_header_value"),
        ("request_headers.set.X-A = \"a\\r\\nb\"", "4:27 bad_header_value"),
        ("request_headers.set.X-A = \"a \"", "4:27 bad_header_value"),
        ("request_headers.set.X-A = 5", "4:27 wrong_type"),
        ("request_headers.set = { X-A = \"1\", x-a = \"2\" }", "4:36 duplicate_header"),
        ("response_headers.remove = [\"X-A\", \"x-a\"]", "4:35 duplicate_header"),
    ] {
        in_service(text, &[expected]);
    }
}
