//! `[[api_key]]`.
use super::before_service;

#[test]
fn the_api_keys() {
    let hash = "0123456789abcdef".repeat(4);
    let one = |name: &str, hash: &str| format!("{{ name = \"{name}\", sha256 = \"{hash}\" }}");
    let good = format!("keys = {}", one("ci", &hash));
    for (text, expected) in [
        (String::new(), "1:1 missing_key"),
        (String::from("header = \"A\"\nquery = \"a\""), "3:9 conflict"),
        (String::from("header = \"X A\""), "2:10 bad_header_name"),
        (String::from("header = \"Authorization\""), "2:10 reserved_header"),
        (String::from("header = \"Content-Length\""), "2:10 reserved_header"),
        (String::from("header = \"X-Request-Id\""), "2:10 reserved_header"),
        (String::from("query = \"\""), "2:9 bad_api_key"),
        (String::from("query = \"a&b\""), "2:9 bad_api_key"),
        (String::from("query = \"a%5Fb\""), "2:9 bad_api_key"),
        (String::from("header = 5\nquery = \"a\""), "2:10 wrong_type"),
        (String::from("query = \"a\"\nname = \"a\""), "3:1 unknown_key"),
        (String::from("query = \"a\"\nclaims.sub = \"X-A\""), "3:8 unknown_key"),
        (String::from("query = \"a\"\nclaims.name = \"Host\""), "3:15 reserved_header"),
        (String::from("query = \"a\"\nclaims = { name = \"X-A\", scope = \"x_a\" }"), "3:34 duplicate_header"),
        (String::from("header = \"X-A\"\nclaims.name = \"x_a\""), "2:10 reserved_header"),
    ] {
        let sorted = if text.is_empty() { good.clone() } else { format!("{text}\n{good}") };
        api_key(&sorted, &[expected]);
    }
    for (keys, expected) in [
        (String::from("[]"), "3:8 no_keys"),
        (String::from("5"), "3:8 wrong_type"),
        (String::from("\"gwk_hunter2\""), "3:8 wrong_type"),
        (one("", &hash), "3:17 bad_api_key"),
        (one("a b", &hash), "3:17 bad_api_key"),
        (one(&"a".repeat(65), &hash), "3:17 bad_api_key"),
        (one("a", ""), "3:31 bad_api_key"),
        (one("a", "gwk_hunter2"), "3:31 bad_api_key"),
        (one("a", &hash[1..]), "3:31 bad_api_key"),
        (one("a", &hash.replace('a', "g")), "3:31 bad_api_key"),
        (String::from("{ name = \"a\" }"), "3:8 missing_key"),
        (format!("{{ sha256 = \"{hash}\" }}"), "3:8 missing_key"),
        (format!("{{ name = \"a\", sha256 = \"{hash}\", scopes = \"a b\" }}"), "3:108 bad_scope"),
        (format!("[{}, {}]", one("a", &hash), one("b", &hash.to_uppercase())), "3:125 duplicate_api_key"),
        (format!("[{}, {}]", one("a", &hash), one("a", &"0".repeat(64))), "3:111 duplicate_api_key"),
    ] {
        api_key(&format!("query = \"a\"\nkeys = {keys}"), &[expected]);
    }
    api_key("query = \"a\"", &["1:1 missing_key"]);
    let other = format!("[[api_key]]\nheader = \"x-a\"\nkeys = {}", one("b", &"0".repeat(64)));
    api_key(&format!("header = \"X-A\"\n{good}\n{other}"), &["5:10 duplicate_api_key"]);
}

/// Keys of an `[[api_key]]` block, from line 2 on.
#[track_caller]
fn api_key(keys: &str, expected: &[&str]) {
    before_service(&format!("[[api_key]]\n{keys}"), expected);
}
