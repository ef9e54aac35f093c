//! `forward_auth`.
use super::{SERVICE, before_service, check, in_service, sound};

#[test]
fn the_authoriser() {
    for (text, expected) in [
        ("forward_auth = true", "4:16 wrong_type"),
        ("forward_auth = 5", "4:16 wrong_type"),
        ("forward_auth = {}", "4:16 missing_key"),
        ("forward_auth = { timeout = \"1s\" }", "4:16 missing_key"),
        ("forward_auth = \"http://a\"", "4:16 bad_authoriser"),
        ("forward_auth = \"http://a/b c\"", "4:16 bad_authoriser"),
        ("forward_auth = \"http://a?b\"", "4:16 bad_authoriser"),
        ("forward_auth = \"ftp://a/b\"", "4:16 unsupported_scheme"),
        ("forward_auth = \"a/b\"", "4:16 bad_upstream"),
        ("forward_auth = \"http://joe:pw@a/b\"", "4:16 bad_upstream"),
        ("forward_auth = \"http://a:0/b\"", "4:16 bad_upstream"),
        ("forward_auth = \"http://127.0.0.1:8000/b\"", "4:16 conflict"),
        ("forward_auth = \"http://localhost:8000/b\"", "4:16 conflict"),
        ("forward_auth = \"http://[::1]:8000/b\"", "4:16 conflict"),
        ("forward_auth = { service = \"usr\", path = \"/\" }", "4:28 unknown_service"),
        ("forward_auth = { service = \"user\" }", "4:28 missing_key"),
        ("forward_auth = { service = \"user\", path = \"verify\" }", "4:43 bad_authoriser"),
        ("forward_auth = { service = \"user\", path = \"/a#b\" }", "4:43 bad_authoriser"),
        ("forward_auth = { path = \"/verify\" }", "4:25 missing_key"),
        ("forward_auth = { url = \"http://a/b\", service = \"user\" }", "4:48 conflict"),
        ("forward_auth = { url = \"http://a/b\", path = \"/b\" }", "4:45 conflict"),
        ("forward_auth = { url = \"http://a/b\", timeout = \"0s\" }", "4:48 out_of_range"),
        ("forward_auth = { url = \"http://a/b\", retries = 1 }", "4:38 unknown_key"),
        ("forward_auth = { url = \"http://a/b\", headers = \"X A\" }", "4:48 bad_header_name"),
        ("forward_auth = { url = \"http://a/b\", headers = [\"X-A\", \"x_a\"] }", "4:56 duplicate_header"),
        ("forward_auth = { url = \"http://a/b\", headers = \"Connection\" }", "4:48 reserved_header"),
        ("forward_auth = { url = \"http://a/b\", headers = \"Content-Length\" }", "4:48 reserved_header"),
        ("forward_auth = { url = \"http://a/b\", headers = \"Authorization\" }", "4:48 reserved_header"),
        ("forward_auth = { url = \"http://a/b\", headers = \"Host\" }", "4:48 reserved_header"),
        ("forward_auth = { url = \"http://a/b\", headers = \"X-Forwarded-For\" }", "4:48 reserved_header"),
        ("forward_auth = { url = \"http://a/b\", headers = \"X-Request-Id\" }", "4:48 reserved_header"),
        ("forward_auth = { url = \"http://a/b\", headers = \"traceparent\" }", "4:48 reserved_header"),
        ("forward_auth = { url = \"http://a/b\", request_headers = \"Host\" }", "4:56 reserved_header"),
        ("forward_auth = { url = \"http://a/b\", request_headers = \"Content-Type\" }", "4:56 reserved_header"),
        ("forward_auth = { url = \"http://a/b\", request_headers = [\"A\", \"a\"] }", "4:62 duplicate_header"),
    ] {
        in_service(text, &[expected]);
    }
    before_service("[defaults]\nforward_auth = false", &["2:16 wrong_type"]);
    // A fault of the layer that others inherit is one fault.
    before_service("[defaults]\nforward_auth.timeout = \"1s\"", &["2:1 missing_key"]);
    before_service("[defaults]\nforward_auth = { service = \"no\", path = \"/\" }", &["2:28 unknown_service"]);
    // What is turned off has nobody to inherit from.
    let (off, on) = ("forward_auth = false", "forward_auth = { timeout = \"1s\" }");
    let routes = format!("upstreams = \"http://a\"\nroutes = {{ match = \"/a\", {on} }}");
    check(&format!("[services.a]\n{off}\n{routes}"), &["4:41 missing_key"]);
}

#[test]
fn an_authoriser_that_is_the_gateway_itself() {
    check(
        "[services.me]\nupstreams = \"http://127.0.0.1:8000\"\nroutes = \"/x\"\n\
         [services.a]\nupstreams = \"http://a\"\nroutes = \"/a\"\n\
         forward_auth = { service = \"me\", path = \"/a/verify\" }",
        &["4:11 conflict"],
    );
}

/// Where everything asks a service, so would whoever wants to reach its log-in.
#[test]
fn an_authoriser_does_not_inherit_to_ask_itself() {
    let all = "[defaults]\nforward_auth = { service = \"user\", path = \"/verify\" }\n";
    check(&format!("{all}{SERVICE}"), &["4:11 conflict"]);
    sound(&format!("{all}{SERVICE}forward_auth = false\n"));
    sound(&format!("{SERVICE}forward_auth = {{ service = \"user\", path = \"/verify\" }}\n"));
}

/// Which of the two speaks could not be told.
#[test]
fn a_credential_and_an_authoriser_do_not_write_the_same_field() {
    let block = "[[jwt]]\nissuer = \"a\"\nsecret = \"${JWT_SECRET}\"\nclaims.sub = \"X-User-Id\"\n";
    let asks = "forward_auth = { url = \"http://a/b\", headers = \"x_user_id\" }\n";
    let service = SERVICE.trim_start();
    check(&format!("{block}{service}{asks}"), &["8:16 conflict"]);
    let hash = "0123456789abcdef".repeat(4);
    let keys = format!("[[api_key]]\nquery = \"a\"\nkeys = {{ name = \"a\", sha256 = \"{hash}\" }}\n");
    check(&format!("{keys}claims.name = \"X-User-Id\"\n{service}{asks}"), &["8:16 conflict"]);
    sound(&format!("{block}{service}{asks}auth = \"none\"\n"));
    let rules = "request_headers.remove = \"X-Plan\"\n";
    let asks = "forward_auth = { url = \"http://a/b\", headers = \"X-Plan\" }\n";
    check(&format!("{service}{rules}{asks}"), &["4:26 reserved_header"]);
}
