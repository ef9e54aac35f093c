//! Sound files: defaults, short forms, interpolation here; what is inherited, and how, in the module of its section.
mod auth;
mod cors;
mod every_key;
mod forward_auth;
mod headers;
mod rate_limit;
mod resilience;
mod service;
mod validation;

use std::time::Duration;

use serde_json::json;

use super::{EVERY_KEY, SERVICE, sound};

/// The newcomer's whole file, as the documentation has it.
const NEWCOMER: &str = r#"
[server]
listen = "0.0.0.0:8000"

[services.user]
upstreams = ["http://127.0.0.1:8001"]
health    = "/health"
routes    = ["/users", "/auth"]
"#;

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
            "protocol": "http1",
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

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
