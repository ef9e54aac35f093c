//! The running configuration as the admin's `/config` shows it.
mod cors;

use http::{HeaderName, HeaderValue};
use serde_json::{Map, Value, json};

use super::{
    Config, HeaderRules, HealthCheck, HostPolicy, Route, Server, Service, StripPrefix,
    diagnose::{is_secret, mask},
    read::units::{show_duration, show_size},
};

/// In place of a secret.
const HIDDEN: &str = "***";

impl Config {
    /// Everything that holds, defaults and inherited settings included, in the file's own keys and notation. Values of
    /// header fields that look like secrets, or that came from the environment, are `***`.
    pub fn redacted(&self) -> Value {
        let services = self.services.iter().map(|service| (service.name.to_string(), show(service)));
        json!({
            "server": server(&self.server),
            "admin": { "listen": self.admin.listen.to_string() },
            "cors": cors::cors(self.cors.as_deref()),
            "services": services.collect::<Map<_, _>>(),
        })
    }
}

fn server(server: &Server) -> Value {
    let (timeouts, limits) = (server.timeouts, server.limits);
    json!({
        "listen": server.listen.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "workers": server.workers,
        "trusted_proxies": server.trusted_proxies.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "max_connections": server.max_connections,
        "drain_timeout": show_duration(server.drain_timeout),
        "timeouts": {
            "header": show_duration(timeouts.header),
            "idle": show_duration(timeouts.idle),
            "body_idle": show_duration(timeouts.body_idle),
        },
        "limits": {
            "header": show_size(limits.header as u64),
            "headers": limits.headers,
            "uri": show_size(limits.uri as u64),
            "body": show_size(limits.body),
        },
    })
}

fn show(service: &Service) -> Value {
    let upstreams = service.upstreams.iter();
    let upstreams = upstreams.map(|one| json!({ "url": one.url(), "weight": one.weight }));
    json!({
        "upstreams": upstreams.collect::<Vec<_>>(),
        "critical": service.critical,
        "health": service.health.as_ref().map_or(Value::Bool(false), health),
        "host": match &service.host {
            HostPolicy::Preserve => Value::from("preserve"),
            HostPolicy::Upstream => Value::from("upstream"),
            HostPolicy::Name(name) => text(name),
        },
        "routes": service.routes.iter().map(route).collect::<Vec<_>>(),
    })
}

fn health(health: &HealthCheck) -> Value {
    json!({
        "path": mask(&health.path),
        "interval": show_duration(health.interval),
        "timeout": show_duration(health.timeout),
        "healthy_after": health.healthy_after,
        "unhealthy_after": health.unhealthy_after,
    })
}

fn route(route: &Route) -> Value {
    let mut shown = json!({
        "match": route.pattern.text,
        "headers": conditions(&route.written.headers),
        "query": conditions(&route.written.query),
        "strip_prefix": match &route.strip_prefix {
            StripPrefix::Nothing => json!(false),
            StripPrefix::Matched => json!(true),
            StripPrefix::Text(prefix) => json!(prefix),
        },
        "timeouts": {
            "connect": show_duration(route.timeouts.connect),
            "request": show_duration(route.timeouts.request),
            "idle": show_duration(route.timeouts.idle),
        },
        "limits": { "body": show_size(route.max_body) },
        "cors": cors::cors(route.cors.as_deref()),
        "content_types": route.content_types.as_ref().map_or(json!(false), |types| json!(types.shown())),
        "required_headers": route.required_headers.iter().map(HeaderName::as_str).collect::<Vec<_>>(),
        "request_headers": rules(&route.request_headers),
        "response_headers": rules(&route.response_headers),
    });
    // The file has no word for "none" of these: they are there or not.
    if let Some(host) = &route.pattern.host {
        shown["host"] = json!(host.as_str());
    }
    if let Some(schema) = &route.schema {
        shown["schema"] = json!({ "file": schema.file(), "max_body": show_size(schema.max_body()) });
    }
    if let Some(rewrite) = &route.written.rewrite {
        shown["rewrite"] = json!(rewrite);
    }
    shown
}

fn conditions(pairs: &[(String, String)]) -> Value {
    let shown = pairs.iter().map(|(name, value)| {
        let value = if is_secret(name) { HIDDEN } else { value.as_str() };
        (name.clone(), Value::from(value))
    });
    Value::Object(shown.collect())
}

fn rules(rules: &HeaderRules) -> Value {
    let fields = |fields: &[(HeaderName, HeaderValue)]| {
        let fields = fields.iter().map(|(name, value)| (name.to_string(), text(value)));
        Value::Object(fields.collect())
    };
    json!({
        "set": fields(&rules.set),
        "add": fields(&rules.add),
        "remove": rules.remove.iter().map(HeaderName::as_str).collect::<Vec<_>>(),
    })
}

/// The checks let only ASCII through; a value that they marked is not for showing.
fn text(value: &HeaderValue) -> Value {
    if value.is_sensitive() { HIDDEN.into() } else { value.to_str().unwrap_or(HIDDEN).into() }
}
