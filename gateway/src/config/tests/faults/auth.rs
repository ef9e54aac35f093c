//! `auth` and `scopes`, and the fields that say who calls.
use super::{SERVICE, check, in_service};

#[test]
fn who_must_say_who_it_is() {
    for (text, expected) in [
        ("auth = \"yes\"", "4:8 bad_auth"),
        ("auth = \"required\"", "4:8 no_credentials"),
        ("auth = \"optional\"", "4:8 no_credentials"),
        ("scopes = \"a\"", "4:10 no_credentials"),
        ("scopes = [\"a b\"]", "4:11 bad_scope"),
        ("scopes = \"\"", "4:10 bad_scope"),
        ("auth = \"none\"\nscopes = \"a\"", "5:10 conflict"),
    ] {
        in_service(text, &[expected]);
    }
}

#[test]
fn fields_that_say_who_calls_are_nobody_elses() {
    let block = "[[jwt]]\nissuer = \"a\"\nsecret = \"${JWT_SECRET}\"\nclaims.sub = \"X-User-Id\"\n";
    for (rules, expected) in [
        ("set.x-user-id = \"1\"", "8:21 reserved_header"),
        ("add.X_User-Id = \"1\"", "8:21 reserved_header"),
        ("remove = \"X-User-Id\"", "8:26 reserved_header"),
    ] {
        let service = SERVICE.trim_start();
        check(&format!("{block}{service}request_headers.{rules}"), &[expected]);
    }
}

/// A field that says who calls is deleted from every request before anything looks for it.
#[test]
fn a_field_that_is_never_there() {
    let head = "[[jwt]]\nissuer = \"a\"\nsecret = \"${JWT_SECRET}\"\nclaims.sub = \"X-Account\"\n";
    let service = "upstreams = [\"http://127.0.0.1:8001\"]\n[[services.user.routes]]\nmatch = \"/users\"\n";
    for (text, expected) in [
        ("headers = { X-Account = \"*\" }", &["9:13 reserved_header"][..]),
        ("headers = { X-Plan = \"*\", x_account = \"a\" }", &["9:27 reserved_header"]),
        ("headers = { X-User-Id = \"*\" }", &["9:13 reserved_header"]),
        ("required_headers = \"X-Account\"", &["9:20 reserved_header"]),
        ("rate_limit = { requests = 1, per = \"1s\", key = \"header:X-Account\" }", &["9:48 reserved_header"]),
        (
            "forward_auth = { url = \"http://a/\", headers = \"X-Plan\" }\nrequired_headers = \"X-Plan\"",
            &["10:20 reserved_header"],
        ),
    ] {
        check(&format!("{head}[services.user]\n{service}{text}\n"), expected);
    }
}
