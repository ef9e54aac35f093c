//! `rate_limit`.
use super::{before_service, in_route, in_service};

#[test]
fn the_rate_limits() {
    for (text, expected) in [
        ("requests = 0, per = \"1m\"", "1:27 out_of_range"),
        ("requests = 1000001, per = \"1m\"", "1:27 out_of_range"),
        ("requests = -1, per = \"1m\"", "1:27 out_of_range"),
        ("requests = \"5\", per = \"1m\"", "1:27 wrong_type"),
        ("requests = 5", "1:14 missing_key"),
        ("per = \"1m\"", "1:14 missing_key"),
        ("requests = 5, per = \"0s\"", "1:36 out_of_range"),
        ("requests = 5, per = \"25h\"", "1:36 out_of_range"),
        ("requests = 5, per = 60", "1:36 wrong_type"),
        ("requests = 5, per = \"1 m\"", "1:36 bad_duration"),
        ("requests = 5, per = \"1m\", burst = 0", "1:50 out_of_range"),
        ("requests = 1, per = \"24h\", burst = 31", "1:51 out_of_range"),
        ("requests = 5, per = \"1m\", key = \"address\"", "1:48 bad_limit_key"),
        ("requests = 5, per = \"1m\", key = \"IP\"", "1:48 bad_limit_key"),
        ("requests = 5, per = \"1m\", key = \"claim:\"", "1:48 bad_limit_key"),
        ("requests = 5, per = \"1m\", key = \"claim:a b\"", "1:48 bad_limit_key"),
        ("requests = 5, per = \"1m\", key = \"header:\"", "1:48 bad_header_name"),
        ("requests = 5, per = \"1m\", key = \"header:X Y\"", "1:48 bad_header_name"),
        ("requests = 5, per = \"1m\", key = \"header:X-Forwarded-For\"", "1:48 bad_limit_key"),
        ("requests = 5, per = \"1m\", key = [\"ip\"]", "1:48 wrong_type"),
        ("requests = 5, per = \"1m\", stoer = \"memory\"", "1:42 unknown_key"),
        ("burst = 5, store = \"memory\", per = \"1m\"", "1:14 missing_key"),
        ("store = false", "1:24 wrong_type"),
        ("store = \"memry\"", "1:24 bad_url"),
        ("store = \"http://a\"", "1:24 bad_url"),
        ("store = \"redis://:${PASSWORD}/@a/b\"", "1:24 bad_url"),
        ("store = \"redis://:${NO_PASSWORD:-}@a\"", "1:24 bad_url"),
        ("store = \"redis://:${NO_PASSWORD}@a\"", "1:34 variable_missing"),
        ("store = { timeout = \"1s\" }", "1:24 missing_key"),
        ("store = { url = \"redis://a\", timeout = \"0s\" }", "1:55 out_of_range"),
        ("store = { url = \"redis://a\", timeout = \"6s\" }", "1:55 out_of_range"),
        ("store = { url = \"memory\", timeout = \"1s\" }", "1:52 conflict"),
    ] {
        before_service(&format!("rate_limit = {{ {text} }}"), &[expected]);
    }
    for key in ["header:X-User-Id", "header:x_user_scope"] {
        let text = format!("rate_limit = {{ requests = 5, per = \"1m\", key = \"{key}\" }}");
        before_service(&text, &["1:48 reserved_header"]);
    }
    before_service("rate_limit = { requests = 5, per = \"1m\", key = \"claim:sub\" }", &["1:48 no_credentials"]);
    before_service("rate_limit = {}", &["1:14 missing_key", "1:14 missing_key"]);
    in_service("rate_limit = { requests = 1, per = \"1s\", store = \"memory\" }", &["4:42 unknown_key"]);
    before_service("rate_limit = false", &["1:14 wrong_type"]);
    before_service("defaults.rate_limit = { requests = 0, per = \"1m\" }", &["1:36 out_of_range"]);
    for text in ["rate_limit = true", "rate_limit = 5", "rate_limit = \"100/m\""] {
        in_service(text, &["4:14 wrong_type"]);
        in_route(text, &["4:14 wrong_type"]);
    }
    in_service("rate_limit = { requests = 0, per = \"1s\" }", &["4:27 out_of_range"]);
    in_route("rate_limit = { requests = 0, per = \"1s\" }", &["4:27 out_of_range"]);
}
