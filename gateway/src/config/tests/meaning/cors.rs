//! `cors`.
use serde_json::json;

use super::sound;

#[test]
fn a_policy_replaces_the_outer_one_whole() {
    let config = sound(
        r#"
[cors]
origins = "https://a"
credentials = true
max_age = "1m"
[services.a]
upstreams = "http://a"
routes = ["/a", { match = "/b", cors = { origins = "*" } }, { match = "/c", cors = false }]
[services.b]
upstreams = "http://b"
cors = false
routes = ["/d", { match = "/e", cors = { origins = "HTTPS://E:443" } }]
"#,
    );
    let shown = config.redacted();
    let cors = |service: &str, route: usize| shown["services"][service]["routes"][route]["cors"].clone();
    assert_eq!(cors("a", 0), shown["cors"]);
    assert_eq!(
        cors("a", 1),
        json!({
            "origins": ["*"], "methods": ["GET", "HEAD", "POST"], "expose_headers": [], "credentials": false,
        })
    );
    assert_eq!((cors("a", 2), cors("b", 0)), (json!(false), json!(false)));
    assert_eq!(cors("b", 1)["origins"], json!(["https://e"]));
}
