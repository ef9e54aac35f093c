//! `cors`.
use super::{before_service, in_route, in_service};

#[test]
fn the_policies_for_other_origins() {
    for (text, expected) in [
        ("origins = []", "2:11 bad_origin"),
        ("origins = \"example.com\"", "2:11 bad_origin"),
        ("origins = [\"https://a\", \"https://a/\"]", "2:25 bad_origin"),
        ("origins = \"https://*\"", "2:11 bad_origin"),
        ("origins = \"https://a.${PASSWORD} \"", "2:11 bad_origin"),
        ("origins = [\"*\", \"https://a\"]", "2:12 conflict"),
        ("origins = 5", "2:11 wrong_type"),
        ("methods = [\"GET\"]", "1:1 missing_key"),
        ("origins = \"*\"\ncredentials = true", "2:11 conflict"),
        ("origins = \"null\"\nmethods = \"*\"\ncredentials = true", "3:11 conflict"),
        ("origins = \"null\"\nheaders = [\"*\"]\ncredentials = true", "3:12 conflict"),
        ("origins = \"null\"\nexpose_headers = [\"*\"]\ncredentials = true", "3:19 conflict"),
        ("origins = \"*\"\ncredentials = \"yes\"", "3:15 wrong_type"),
        ("origins = \"*\"\nmethods = []", "3:11 bad_method"),
        ("origins = \"*\"\nmethods = [\"GET\", \"P T\"]", "3:19 bad_method"),
        ("origins = \"*\"\nmethods = \"put\"", "3:11 bad_method"),
        ("origins = \"*\"\nmethods = \"TRACE\"", "3:11 bad_method"),
        ("origins = \"*\"\nheaders = [\"X A\"]", "3:12 bad_header_name"),
        ("origins = \"*\"\nexpose_headers = \"X:\"", "3:18 bad_header_name"),
        ("origins = \"*\"\nmax_age = \"25h\"", "3:11 out_of_range"),
        ("origins = \"*\"\nmax_age = \"1500ms\"", "3:11 out_of_range"),
        ("origins = \"*\"\nmax_age = 600", "3:11 wrong_type"),
        ("origins = \"*\"\norigin = \"*\"", "3:1 unknown_key"),
    ] {
        before_service(&format!("[cors]\n{text}"), &[expected]);
    }
    before_service("cors = false", &["1:8 wrong_type"]);
    before_service("[defaults]\ncors = true", &["2:8 wrong_type"]);
    in_service("cors = { methods = \"PUT\" }", &["4:8 missing_key"]);
    in_route("cors = { origins = \"a\" }", &["4:20 bad_origin"]);
    in_route(
        "cors = { origins = [\"a\", \"*\"], headers = \"a b\", credentials = true }",
        &["4:21 bad_origin", "4:26 conflict", "4:26 conflict", "4:42 bad_header_name"],
    );
}
