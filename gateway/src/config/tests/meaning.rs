//! Sound files: defaults, short forms, inheritance, interpolation.
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use serde_json::json;

use super::{EVERY_KEY, SERVICE, sound};
use crate::config::{AuthMode, HostPolicy, StripPrefix, UpstreamTimeouts};

/// The newcomer's whole file, as the documentation has it.
const NEWCOMER: &str = r#"
[server]
listen = "0.0.0.0:8000"

[services.user]
upstreams = ["http://127.0.0.1:8001"]
health    = "/health"
routes    = ["/users", "/auth"]
"#;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_newcomers_file_gets_every_default() {
    let nothing = json!({ "set": {}, "add": {}, "remove": [] });
    let route = |path: &str| {
        json!({
            "match": path,
            "headers": {},
            "query": {},
            "strip_prefix": false,
            "timeouts": { "connect": "2s", "request": "30s", "idle": "50s", "tunnel_idle": "1h", "body_idle": false, "total": false },
            "hedge": false,
            "retry": { "attempts": 2, "budget": 0.2, "on": ["connect", "stale", "502", "503"] },
            "limits": { "body": "10MiB" },
            "auth": "none",
            "scopes": [],
            "rate_limit": false,
            "cors": false,
            "cache": false,
            "compress": false,
            "content_types": false,
            "required_headers": [],
            "request_headers": nothing,
            "response_headers": nothing,
            "forward_auth": false,
        })
    };
    let expected = json!({
        "server": {
            "listen": ["0.0.0.0:8000"],
            "workers": 0,
            "trusted_proxies": [],
            "proxy_protocol": [],
            "max_connections": 10_000,
            "docs": true,
            "drain_timeout": "30s",
            "timeouts": { "header": "10s", "idle": "75s", "body_idle": "30s" },
            "limits": { "header": "32KiB", "headers": 100, "uri": "8KiB", "body": "10MiB" },
        },
        "admin": { "listen": "127.0.0.1:8900" },
        "dns": { "servers": [] },
        "jwt": [],
        "api_key": [],
        "cors": false,
        "cache": { "max_size": "64MiB" },
        "services": { "user": {
            "upstreams": [{ "url": "http://127.0.0.1:8001", "weight": 1 }],
            "critical": true,
            "health": {
                "path": "/health",
                "interval": "5s",
                "timeout": "2s",
                "healthy_after": 2,
                "unhealthy_after": 3,
            },
            "load_balance": "round_robin",
            "slow_start": "0s",
            "circuit_breaker": {
                "failure_threshold": 5,
                "recovery_timeout": "1m",
                "half_open_requests": 1,
                "max_open": 0.5,
            },
            "host": "preserve",
            "routes": [route("/users"), route("/auth")],
        } },
    });
    let mut shown = sound(NEWCOMER).redacted();
    let workers = shown["server"]["workers"].take();
    assert!(workers.as_u64().is_some_and(|workers| workers >= 1), "{workers}");
    shown["server"]["workers"] = json!(0);
    assert_eq!(shown, expected);
}

#[test]
fn short_and_long_forms_mean_the_same() {
    let file = |listen: &str, upstreams: &str, health: &str, routes: &str| {
        let text = format!(
            "server.listen = {listen}\n[services.a]\nupstreams = {upstreams}\nhealth = {health}\nroutes = {routes}"
        );
        sound(&text).redacted()
    };
    let short = file("\"1.1.1.1:1\"", "\"http://a\"", "\"/h\"", "\"/a\"");
    assert_eq!(short, file("[\"1.1.1.1:1\"]", "[\"http://a\"]", "\"/h\"", "[\"/a\"]"));
    let long = ("[{ url = \"http://a\" }]", "{ path = \"/h\" }", "[{ match = \"/a\" }]");
    assert_eq!(short, file("[\"1.1.1.1:1\"]", long.0, long.1, long.2));
}

#[test]
fn services_keep_the_files_order() {
    let service = |name: &str| format!("[services.{name}]\nupstreams = \"http://{name}\"\nroutes = \"/{name}\"\n");
    let config = sound(&["z", "a", "m"].map(service).concat());
    let names: Vec<_> = config.services.iter().map(|service| &*service.name).collect();
    assert_eq!(names, ["z", "a", "m"]);
}

#[test]
fn inheritance_goes_key_by_key() {
    let config = sound(
        r#"
[server.limits]
body = "1MiB"
[defaults]
timeouts = { connect = "1s", request = "10s" }
health = { interval = "9s" }
host = "upstream"
limits.body = "2MiB"
[services.a]
upstreams = "http://a"
health = "/h"
timeouts.request = "20s"
routes = ["/a", { match = "/a/slow", timeouts.request = "60s", limits.body = "3MiB" }]
[services.b]
upstreams = "http://b"
host = "b.internal"
routes = "/b"
"#,
    );
    let [a, b] = &config.services[..] else { panic!("two services") };
    let timeouts = |connect, request| UpstreamTimeouts {
        connect: seconds(connect),
        request: seconds(request),
        ..UpstreamTimeouts::default()
    };
    assert_eq!(a.routes[0].timeouts, timeouts(1, 20));
    assert_eq!(a.routes[1].timeouts, timeouts(1, 60));
    assert_eq!(b.routes[0].timeouts, timeouts(1, 10));
    assert_eq!((a.routes[0].max_body, a.routes[1].max_body), (2 << 20, 3 << 20));
    assert_eq!(a.health.as_ref().map(|h| (h.path.as_str(), h.interval)), Some(("/h", seconds(9))));
    assert_eq!(b.health, None, "no path is known for it");
    assert_eq!(a.host, HostPolicy::Upstream);
    assert_eq!(b.host, HostPolicy::Name(HeaderValue::from_static("b.internal")));
}

#[test]
fn without_any_layer_the_servers_body_limit_holds() {
    let config = sound("server.limits.body = 5\n[services.a]\nupstreams = \"http://a\"\nroutes = \"/a\"");
    assert_eq!(config.services[0].routes[0].max_body, 5);
}

#[test]
fn an_inherited_probe_can_be_turned_off() {
    let config =
        sound("defaults.health = \"/h\"\n[services.a]\nupstreams = \"http://a\"\nroutes = \"/a\"\nhealth = false");
    assert_eq!(config.services[0].health, None);
}

#[test]
fn a_circuit_breaker_is_on_unless_it_is_turned_off() {
    let breaker = |defaults: &str, service: &str| {
        let config = sound(&format!("{defaults}\n[services.a]\nupstreams = \"http://a\"\nroutes = \"/a\"\n{service}"));
        config.services[0].circuit_breaker.map(|breaker| (breaker.failure_threshold, breaker.recovery_timeout))
    };
    let outer = "defaults.circuit_breaker = { failure_threshold = 9 }";
    let off = "defaults.circuit_breaker = false";
    assert_eq!(breaker("", ""), Some((5, seconds(60))));
    assert_eq!(breaker(outer, "circuit_breaker.recovery_timeout = \"5s\""), Some((9, seconds(5))));
    assert_eq!(breaker(outer, "circuit_breaker = false"), None);
    assert_eq!(breaker(off, ""), None);
    assert_eq!(breaker(off, "circuit_breaker.recovery_timeout = \"5s\""), Some((5, seconds(5))));
}

#[test]
fn retries_are_inherited_key_by_key() {
    let config = sound(
        r#"
defaults.retry = { budget = 0.5, on = ["connect"] }
[services.a]
upstreams = "http://a"
retry.attempts = 3
routes = ["/a", { match = "/b", retry = { on = ["stale", "503"] } }, { match = "/c", retry = false }]
"#,
    );
    let shown = config.redacted();
    let retry = |route: usize| shown["services"]["a"]["routes"][route]["retry"].clone();
    assert_eq!(retry(0), json!({ "attempts": 3, "budget": 0.5, "on": ["connect"] }));
    assert_eq!(retry(1), json!({ "attempts": 3, "budget": 0.5, "on": ["stale", "503"] }));
    assert_eq!(retry(2), json!(false));
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

#[test]
fn who_must_say_who_it_is() {
    let file = |head: &str| {
        let text = format!(
            "{head}\n[services.a]\nupstreams = \"http://a\"\nroutes = [\"/a\", {{ match = \"/b\", auth = \"none\" }}, {{ match = \"/c\", scopes = [] }}]",
        );
        let config = sound(&text);
        let routes = config.services[0].routes.iter();
        routes.map(|route| format!("{} {}", route.auth.name(), route.scopes.join(","))).collect::<Vec<_>>()
    };
    let jwt = "[[jwt]]\nissuer = \"a\"\nsecret = \"${JWT_SECRET}\"\n";
    assert_eq!(file(""), ["none ", "none ", "none "]);
    assert_eq!(file(jwt), ["required ", "none ", "required "]);
    assert_eq!(file(&format!("{jwt}[defaults]\nauth = \"optional\"")), ["optional ", "none ", "optional "]);
    assert_eq!(file(&format!("{jwt}[defaults]\nscopes = [\"x\", \"y\"]")), ["required x,y", "none ", "required "]);
}

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

#[test]
fn a_schema_is_a_file_or_a_table() {
    let shown = |value: &str| {
        let text = format!("[services.a]\nupstreams = \"http://a\"\nroutes = {{ match = \"/a\", schema = {value} }}");
        sound(&text).redacted()["services"]["a"]["routes"][0]["schema"].clone()
    };
    let file = "\"src/config/tests/user.schema.json\"";
    assert_eq!(shown(file), shown(&format!("{{ file = {file} }}")));
    assert_eq!(shown(file)["max_body"], json!("64KiB"));
}

#[test]
fn the_environment_fills_strings_only() {
    let config = sound(
        "[services.a] # ${NOT_EVEN_THIS}\nupstreams = \"http://${NAME:-a}:${PORT}\"\nrequest_headers.set.A = \"$${x}$\"\nroutes = [\"/${NONE:-a}\", \"/b$\"]",
    );
    let service = &config.services[0];
    assert_eq!(service.upstreams[0].url(), "http://a:8001");
    assert_eq!(service.routes[0].request_headers.set[0].1, "${x}$");
    let pattern = &service.routes[0].pattern.text;
    assert_eq!(pattern, "/${NONE:-a}", "patterns are shown as written");
}

#[test]
fn every_key_of_tls_is_read() {
    let shown = sound(EVERY_KEY).redacted();
    assert_eq!(
        shown["server"]["tls"],
        json!({
            "listen": ["0.0.0.0:8443"],
            "certificates": [
                { "cert": "src/config/tests/site.pem", "key": "src/config/tests/site.key" },
                { "cert": "certificates/example.com.pem", "key": "certificates/example.com.pem" },
            ],
            "acme": {
                "domains": ["example.com", "www.example.com"],
                "terms_agreed": true,
                "contact": ["ops@example.com"],
                "directory": "https://acme-staging-v02.api.letsencrypt.org/directory",
                "ca": "src/config/tests/site.pem",
                "cache": "certificates",
                "retry": "5m",
            },
            "client_ca": "src/config/tests/site.pem",
            "redirect_http": true,
        })
    );
}

#[test]
fn every_key_is_read() {
    let config = sound(EVERY_KEY);
    let shown = config.redacted();
    let user = &shown["services"]["user"];
    let route = &user["routes"][0];
    let task = &shown["services"]["task"];
    for (found, expected) in [
        (&shown["server"]["workers"], json!(2)),
        (&shown["server"]["trusted_proxies"], json!(["10.0.0.0/8", "192.168.1.1/32"])),
        (&shown["server"]["proxy_protocol"], json!(["10.1.0.0/16"])),
        (&shown["server"]["limits"]["body"], json!("1MiB")),
        (
            &shown["jwt"][0],
            json!({
                "issuer": "user-service",
                "audience": ["api", "admin"],
                "jwks": { "service": "user", "path": "/keys" },
                "algorithms": ["EdDSA", "RS256"],
                "leeway": "10s",
                "claims": { "sub": "x-user-id", "email": "x-user-email" },
            }),
        ),
        (&shown["jwt"][1]["jwks"], json!({ "url": "https://id.example.com/jwks" })),
        (&shown["jwt"][1]["algorithms"], json!(["RS256", "ES256", "EdDSA"])),
        (&shown["jwt"][2]["secret"], json!("***")),
        (&shown["jwt"][3]["jwks"]["file"], json!("src/config/tests/keys.json")),
        (
            &shown["rate_limit"],
            json!({
                "requests": 100,
                "per": "1m",
                "burst": 50,
                "key": "ip",
                "store": { "url": "redis://cache.internal:6380/3", "timeout": "50ms" },
            }),
        ),
        (&route["rate_limit"], json!({ "requests": 5, "per": "500ms", "burst": 5, "key": "ip" })),
        (&shown["services"]["task"]["routes"][0]["rate_limit"], json!(false)),
        (&user["critical"], json!(false)),
        (&user["health"]["interval"], json!("1m")),
        (
            &user["circuit_breaker"],
            json!({
                "failure_threshold": 3, "recovery_timeout": "1s", "half_open_requests": 1, "max_open": 1.0,
            }),
        ),
        (&task["circuit_breaker"], json!(false)),
        (&user["load_balance"], json!({ "hash": "header:x-tenant" })),
        (&user["max_in_flight"], json!({ "adaptive": { "min": 2, "max": 200 } })),
        (&user["slow_start"], json!("0s")),
        (&task["load_balance"], json!({ "sticky": "cookie:node" })),
        (&task["max_in_flight"], json!({ "adaptive": { "min": 10, "max": 100 } })),
        (&task["slow_start"], json!("10s")),
        (&route["retry"], json!({ "attempts": 1, "budget": 1.0, "on": [] })),
        (&task["routes"][0]["retry"], json!({ "attempts": 3, "budget": 0.1, "on": ["connect"] })),
        (&task["routes"][1]["retry"], json!(false)),
        (&route["hedge"], json!({ "after": "10ms", "max": 1, "budget": 1.0 })),
        (&task["routes"][0]["hedge"], json!({ "after": "1s", "max": 2, "budget": 0.2 })),
        (&task["routes"][1]["hedge"], json!(false)),
        (&user["upstreams"][1], json!({ "url": "http://user-2:8001", "weight": 2 })),
        (&user["upstreams"][2], json!({ "url": "https://user-3", "weight": 1 })),
        (
            &user["tls"],
            json!({
                "ca": "src/config/tests/site.pem",
                "server_name": "user.internal",
                "cert": "src/config/tests/site.pem",
                "key": "src/config/tests/site.key",
            }),
        ),
        (&route["match"], json!("GET,POST /users/{id}")),
        (&route["host"], json!("*.example.com")),
        (&route["headers"], json!({ "X-Version": "2", "X-Debug": "*", "X-Kind": "~a|b" })),
        (&route["rewrite"], json!("/v2/{id}")),
        (&route["timeouts"]["request"], json!("500ms")),
        (&route["limits"]["body"], json!("0B")),
        (&route["scopes"], json!(["users:read", "users:write"])),
        (&user["routes"][0]["auth"], json!("required")),
        (&shown["services"]["task"]["routes"][0]["auth"], json!("optional")),
        (&shown["services"]["task"]["routes"][0]["scopes"], json!(["read"])),
        (&route["request_headers"]["add"], json!({ "x-hop": "3" })),
        (&route["request_headers"]["remove"], json!(["x-c"])),
        (
            &shown["cors"],
            json!({
                "origins": ["https://app.example.com", "https://*.example.com:8443", "null"],
                "methods": ["GET", "PUT"],
                "headers": ["content-type", "x-tenant"],
                "expose_headers": ["etag"],
                "credentials": true,
                "max_age": "10m",
            }),
        ),
        (&route["cors"]["origins"], json!(["https://route.example.com"])),
        (&route["cors"]["max_age"], json!("24h")),
        (&route["content_types"], json!(false)),
        (&route["required_headers"], json!(["x-tenant", "x-trace"])),
        (&route["schema"], json!({ "file": "src/config/tests/user.schema.json", "max_body": "16KiB" })),
        (&task["routes"][0]["cors"]["origins"], json!(["https://defaults.example.com"])),
        (&task["routes"][0]["content_types"], json!(["application/json", "text/*"])),
        (&task["routes"][0]["required_headers"], json!(["x-tenant"])),
        (&task["routes"][1]["cors"], json!(false)),
        (&task["routes"][1]["required_headers"], json!([])),
        (&user["routes"][1]["redirect"], json!({ "to": "https://example.com/new/{id}?from=old", "status": 301 })),
        (&user["routes"][2]["split"], json!([{ "service": "user", "weight": 9 }, { "service": "task", "weight": 1 }])),
        (&shown["cache"], json!({ "max_size": "128MiB" })),
        (
            &user["routes"][1]["cache"],
            json!({
                "max_body": "2MiB", "ttl": "5s", "stale_while_revalidate": "10s", "stale_if_error": "1h", "set_cookie": true
            }),
        ),
        (&route["cache"]["max_body"], json!("1KiB")),
        (&task["routes"][0]["cache"]["max_body"], json!("3MiB")),
        (&task["routes"][1]["cache"], json!(false)),
        (&route["compress"], json!(["zstd"])),
        (&user["routes"][1]["compress"], json!(["br", "gzip"])),
        (&task["routes"][0]["compress"], json!(["zstd", "br", "gzip"])),
        (&task["routes"][1]["compress"], json!(false)),
        (&user["routes"][2]["sticky"], json!("cookie:share")),
        (&user["routes"][2]["mirror"], json!({ "service": "shadow", "percent": 12.5 })),
        (&task["routes"][2]["fallback"], json!({ "service": "shadow" })),
        (&shown["services"]["shadow"]["routes"], json!([])),
        (&shown["services"]["task"]["health"], json!(false)),
        (&shown["services"]["task"]["host"], json!("upstream")),
    ] {
        assert_eq!(*found, expected);
    }
    let stripped = &config.services[1].routes[1].strip_prefix;
    assert_eq!(*stripped, StripPrefix::Text(String::from("/api")));
}

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

#[test]
fn api_keys_are_shown_without_their_hashes() {
    let config = sound(EVERY_KEY);
    let shown = config.redacted();
    let [by_header, by_query] = &shown["api_key"].as_array().unwrap()[..] else { panic!("{shown}") };
    let key = json!({ "name": "ci", "sha256": "***", "scopes": ["a", "b"] });
    let claims = json!({ "name": "x-api-client", "scope": "x-api-scope" });
    assert_eq!(*by_header, json!({ "header": "x-api-key", "keys": [key], "claims": claims }));
    let key = json!({ "name": "cd", "sha256": "***", "scopes": [] });
    assert_eq!(*by_query, json!({ "query": "api_key", "keys": [key], "claims": {} }));
    assert!(!format!("{:?}", config.api_keys).contains("ba7816bf"));
    assert_eq!(config.api_keys[0].keys[0].sha256, crate::config::KeyHash::of(b"abc"));
}

/// Who has keys to check asks for them, unless a route says otherwise.
#[test]
fn a_key_in_the_file_makes_every_route_ask_for_one() {
    let hash = "0123456789abcdef".repeat(4);
    let text = format!("[[api_key]]\nquery = \"a\"\nkeys = {{ name = \"a\", sha256 = \"{hash}\" }}\n{SERVICE}");
    assert_eq!(sound(&text).services[0].routes[0].auth, AuthMode::Required);
}

#[test]
fn a_limit_of_requests_is_a_number_or_found_out() {
    for (written, expected) in [
        ("7", json!(7)),
        ("\"adaptive\"", json!({ "adaptive": { "min": 5, "max": 1000 } })),
        ("{ adaptive = {} }", json!({ "adaptive": { "min": 5, "max": 1000 } })),
        ("{ adaptive.min = 2000 }", json!({ "adaptive": { "min": 2000, "max": 2000 } })),
    ] {
        let shown = sound(&format!("{SERVICE}max_in_flight = {written}\n")).redacted();
        assert_eq!(shown["services"]["user"]["max_in_flight"], expected, "{written}");
    }
}
