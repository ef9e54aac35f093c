//! `redirect`, `split`, `mirror` and `fallback`.
use super::{in_route, in_service};

#[test]
fn where_requests_go_instead() {
    for (text, expected) in [
        ("redirect = { status = 301 }", "4:12 missing_key"),
        ("redirect = { to = \"/new\", status = 200 }", "4:36 bad_redirect"),
        ("redirect = { to = \"/new\", code = 301 }", "4:27 unknown_key"),
        ("redirect = true", "4:12 wrong_type"),
        ("redirect = \"new\"", "4:13 bad_redirect"),
        ("redirect = \"//evil.example\"", "4:13 bad_redirect"),
        ("redirect = \"https://{id}.example/\"", "4:21 bad_redirect"),
        ("redirect = \"/{no}\"", "4:14 bad_redirect"),
        ("redirect = \"/a\"\nrewrite = \"/b\"", "5:11 conflict"),
        ("redirect = \"/a\"\nstrip_prefix = true", "5:16 conflict"),
        ("redirect = \"/a\"\nretry = false", "5:9 conflict"),
        ("redirect = \"/a\"\nhedge = {}", "5:9 conflict"),
        ("redirect = \"/a\"\nmirror = \"user\"", "5:10 conflict"),
        ("redirect = \"/a\"\nfallback.body = \"\"", "5:1 conflict"),
        ("fallback = {}", "4:12 missing_key"),
        ("fallback = \"[]\"", "4:12 wrong_type"),
        ("fallback = { body = \"\", file = \"a\" }", "4:32 conflict"),
        ("fallback = { body = \"\", status = 101 }", "4:34 out_of_range"),
        ("fallback = { body = \"\", content_type = \"\\n\" }", "4:40 bad_content_type"),
        ("split = { service = \"user\" }\nfallback = { service = \"user\", body = \"\" }", "5:39 conflict"),
        ("fallback = { service = \"nobody\" }", "4:24 unknown_service"),
        ("fallback = { service = \"user\" }", "4:24 conflict"),
        ("fallback.file = \"no such file\"", "4:17 file_missing"),
        ("redirect = \"/a\"\nsplit = { service = \"user\" }", "5:9 conflict"),
        ("split = []", "4:9 bad_split"),
        ("split = [{ service = \"user\", weight = 0 }]", "4:9 bad_split"),
        ("split = [{ weight = 1 }]", "4:10 missing_key"),
        ("split = [{ service = \"usr\" }]", "4:22 unknown_service"),
        ("split = [{ service = \"user\", weight = 1001 }]", "4:39 out_of_range"),
        ("split = [{ service = \"user\" }, { service = \"user\" }]", "4:44 bad_split"),
        ("split = [\"user\"]", "4:10 wrong_type"),
        ("split = { service = \"user\" }\nsticky = \"host\"", "5:10 bad_split"),
        ("sticky = \"ip\"", "4:10 missing_key"),
        ("mirror = \"usr\"", "4:10 unknown_service"),
        ("mirror = { percent = 5 }", "4:10 missing_key"),
        ("mirror = { service = \"user\", percent = 101 }", "4:40 out_of_range"),
        ("mirror = { service = \"user\", percent = \"5\" }", "4:40 wrong_type"),
        ("mirror = false", "4:10 wrong_type"),
    ] {
        in_route(text, &[expected]);
    }
    for key in ["redirect = \"/a\"", "split = { service = \"user\" }", "mirror = \"user\"", "sticky = \"ip\""] {
        in_service(key, &["4:1 unknown_key"]);
    }
}
