//! `request_headers` and `response_headers`.
use http::{HeaderName, HeaderValue};

use super::sound;

#[test]
fn header_rules_are_inherited_name_by_name() {
    let config = sound(
        r#"
[defaults.request_headers]
set = { X-A = "1", X-B = "1", X-C = "1" }
remove = ["X-R"]
[services.a]
upstreams = "http://a"
request_headers = { set = { x-b = "2" } }
routes = ["/a", { match = "/b", request_headers = { remove = "X-C", add = { X-D = "3" } } }]
"#,
    );
    let shown = |route: usize| {
        let rules = &config.services[0].routes[route].request_headers;
        let fields = |fields: &[(HeaderName, HeaderValue)]| {
            let fields = fields.iter().map(|(name, value)| format!("{name}={value:?}"));
            fields.collect::<Vec<_>>().join(" ")
        };
        format!("set {}; add {}; remove {:?}", fields(&rules.set), fields(&rules.add), rules.remove)
    };
    assert_eq!(shown(0), r#"set x-a="1" x-c="1" x-b="2"; add ; remove ["x-r"]"#);
    assert_eq!(shown(1), r#"set x-a="1" x-b="2"; add x-d="3"; remove ["x-c"]"#);
}
