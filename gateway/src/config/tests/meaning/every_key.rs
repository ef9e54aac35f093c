//! The file with every key: each is read, and shown as it is meant.
use serde_json::json;

use super::{EVERY_KEY, sound};
use crate::config::StripPrefix;

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
