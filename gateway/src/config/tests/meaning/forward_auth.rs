//! `forward_auth`.
use serde_json::json;

use super::sound;

#[test]
fn forward_auth_is_inherited_key_by_key_and_can_be_turned_off() {
    let config = sound(
        r#"
[defaults]
forward_auth = { url = "http://authz:9000/verify?v=1", headers = ["X-Plan"], request_headers = "Cookie" }
[services.a]
upstreams = "http://a"
forward_auth.timeout = "5s"
routes = [
  "/a",
  { match = "/a/none", forward_auth = false },
  { match = "/a/other", forward_auth = { service = "b", path = "/ask", headers = [] } },
]
[services.b]
upstreams = "http://b"
forward_auth = false
routes = ["/b", { match = "/b/brief", forward_auth = "http://c/" }]
"#,
    );
    let shown = config.redacted();
    let of = |service: &str, route: usize| shown["services"][service]["routes"][route]["forward_auth"].clone();
    let url = "http://authz:9000/verify?v=1";
    assert_eq!(
        of("a", 0),
        json!({ "url": url, "timeout": "5s", "headers": ["x-plan"], "request_headers": ["cookie"] })
    );
    assert_eq!(of("a", 1), json!(false));
    assert_eq!(
        of("a", 2),
        json!({ "service": "b", "path": "/ask", "timeout": "5s", "headers": [], "request_headers": ["cookie"] })
    );
    assert_eq!(of("b", 0), json!(false));
    assert_eq!(of("b", 1), json!({ "url": "http://c/", "timeout": "2s", "headers": [] }));
}
