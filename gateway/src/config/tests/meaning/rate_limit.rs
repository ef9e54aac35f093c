//! `rate_limit`.
use super::sound;

#[test]
fn the_innermost_limit_replaces_the_outer_whole() {
    let file = |outer: &str, service: &str| {
        let route = "{ match = \"/b\", rate_limit = { requests = 1, per = \"1h\" } }";
        let off = "{ match = \"/c\", rate_limit = false }";
        let routes = format!("routes = [\"/a\", {route}, {off}]");
        let jwt = "[[jwt]]\nissuer = \"a\"\nsecret = \"${JWT_SECRET}\"";
        limits(&format!("{outer}\n{jwt}\n[services.a]\nupstreams = \"http://a\"\n{service}\n{routes}\n"))
    };
    let global = "rate_limit = { requests = 100, per = \"1m\", burst = 7, key = \"header:X-A\" }";
    let defaults = "defaults.rate_limit = { requests = 30, per = \"1m\" }";
    let own = "rate_limit = { requests = 5, per = \"1s\", key = \"claim:sub\" }";
    let route = "Route 1/3600s 1 Address";
    let check = |outer: &str, service: &str, expected: &str| {
        assert_eq!(file(outer, service), [expected, route, "-"], "{outer} {service}");
    };
    check("", "", "-");
    check(global, "", "Global 100/60s 7 Header(\"x-a\")");
    check(&format!("{global}\n{defaults}"), "", "Service 30/60s 30 Address");
    check(&format!("{global}\n{defaults}"), own, "Service 5/1s 5 Claim(\"sub\")");
    check(&format!("{global}\n{defaults}"), "rate_limit = false", "-");
    check(&format!("{global}\ndefaults.rate_limit = false"), "", "-");
    check(&format!("{global}\ndefaults.rate_limit = false"), own, "Service 5/1s 5 Claim(\"sub\")");
}

#[test]
fn the_claims_that_limits_count_by_are_listed_once() {
    let config = sound(
        r#"
rate_limit = { requests = 1, per = "1s", key = "claim:sub" }
[[jwt]]
issuer = "a"
secret = "${JWT_SECRET}"
[services.a]
upstreams = "http://a"
routes = ["/a", "/b", { match = "/c", rate_limit = { requests = 1, per = "1s", key = "claim:org" } },
  { match = "/d", rate_limit = { requests = 1, per = "1s", key = "header:X-A" } }]
"#,
    );
    assert_eq!(config.limit_claims(), ["org", "sub"]);
}

/// For each route the scope, the numbers and the key of its limit; `-` where it has none.
fn limits(text: &str) -> Vec<String> {
    let config = sound(text);
    let routes = config.services.iter().flat_map(|service| &service.routes);
    let shown = routes.map(|route| match &route.rate_limit {
        None => String::from("-"),
        Some(limit) => {
            let (requests, burst) = (limit.requests, limit.burst);
            format!("{:?} {requests}/{:?} {burst} {:?}", limit.scope, limit.per, limit.key)
        }
    });
    shown.collect()
}
