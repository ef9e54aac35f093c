//! The running configuration as the admin's `/config` shows it.
mod cors;
mod tls;
mod traffic;

use http::{HeaderName, HeaderValue};
use serde_json::{Map, Value, json};

use super::{
    ApiKeys, Authoriser, CircuitBreaker, Config, ForwardAuth, HeaderRules, HealthCheck, Hedge, HostPolicy, Jwt,
    KeyPlace, KeySource, LimitKey, LoadBalance, MaxInFlight, RateLimit, Retry, Route, Server, Service, StripPrefix,
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
        let mut shown = json!({
            "server": server(&self.server),
            "admin": { "listen": self.admin.listen.to_string() },
            "dns": { "servers": self.dns.servers.iter().map(ToString::to_string).collect::<Vec<_>>() },
            "jwt": self.jwt.iter().map(jwt).collect::<Vec<_>>(),
            "api_key": self.api_keys.iter().map(api_keys).collect::<Vec<_>>(),
            "cors": cors::cors(self.cors.as_deref()),
            "cache": { "max_size": show_size(self.cache_size) },
            "services": services.collect::<Map<_, _>>(),
        });
        if let Some(limit) = &self.rate_limit {
            shown["rate_limit"] = rate_limit(limit);
            shown["rate_limit"]["store"] = "memory".into();
        }
        if let Some(store) = &self.limit_store {
            shown["rate_limit"]["store"] = json!({ "url": store.to_string(), "timeout": show_duration(store.timeout) });
        }
        shown
    }
}

fn server(server: &Server) -> Value {
    let (timeouts, limits) = (server.timeouts, server.limits);
    let mut shown = json!({
        "listen": server.listen.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "workers": server.workers,
        "trusted_proxies": server.trusted_proxies.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "proxy_protocol": server.proxy_protocol.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "max_connections": server.max_connections,
        "docs": server.docs,
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
    });
    if let Some(tls) = &server.tls {
        shown["tls"] = tls::tls(tls);
    }
    shown
}

fn jwt(jwt: &Jwt) -> Value {
    let mut shown = json!({
        "issuer": *jwt.issuer,
        "audience": jwt.audience,
        "algorithms": jwt.algorithms.iter().map(|algorithm| algorithm.name()).collect::<Vec<_>>(),
        "leeway": show_duration(jwt.leeway),
        "claims": jwt.claims.iter().map(|(claim, name)| (claim.clone(), name.as_str().into())).collect::<Map<_, _>>(),
    });
    match &jwt.keys {
        KeySource::Service { service, path } => shown["jwks"] = json!({ "service": **service, "path": mask(path) }),
        KeySource::Url { written, .. } => shown["jwks"] = json!({ "url": mask(written) }),
        KeySource::File(path) => shown["jwks"] = json!({ "file": path.display().to_string() }),
        KeySource::Secret(_) => shown["secret"] = HIDDEN.into(),
    }
    shown
}

fn api_keys(block: &ApiKeys) -> Value {
    let keys = block.keys.iter();
    let keys = keys.map(|key| json!({ "name": *key.name, "sha256": HIDDEN, "scopes": key.scopes }));
    let claims = [("name", &block.name_header), ("scope", &block.scope_header)].into_iter();
    let claims = claims.filter_map(|(claim, name)| Some((claim.to_owned(), name.as_ref()?.as_str().into())));
    let mut shown = json!({ "keys": keys.collect::<Vec<_>>(), "claims": claims.collect::<Map<_, _>>() });
    match &block.place {
        KeyPlace::Header(name) => shown["header"] = name.as_str().into(),
        KeyPlace::Query(name) => shown["query"] = (**name).into(),
    }
    shown
}

fn show(service: &Service) -> Value {
    let upstreams = service.upstreams.iter();
    let upstreams = upstreams.map(|one| json!({ "url": one.url(), "weight": one.weight }));
    let mut shown = json!({
        "upstreams": upstreams.collect::<Vec<_>>(),
        "critical": service.critical,
        "health": service.health.as_ref().map_or(Value::Bool(false), health),
        "load_balance": match &service.load_balance {
            LoadBalance::RoundRobin => json!("round_robin"),
            LoadBalance::LeastRequests => json!("least_requests"),
            LoadBalance::PowerOfTwo => json!("p2c"),
            LoadBalance::Hash(key) => json!({ "hash": key.to_string() }),
            LoadBalance::Sticky(name) => json!({ "sticky": format!("cookie:{name}") }),
        },
        "slow_start": show_duration(service.slow_start),
        "circuit_breaker": service.circuit_breaker.as_ref().map_or(Value::Bool(false), circuit_breaker),
        "host": match &service.host {
            HostPolicy::Preserve => Value::from("preserve"),
            HostPolicy::Upstream => Value::from("upstream"),
            HostPolicy::Name(name) => text(name),
        },
        "routes": service.routes.iter().map(route).collect::<Vec<_>>(),
    });
    if let Some(most) = service.max_in_flight {
        shown["max_in_flight"] = match most {
            MaxInFlight::Fixed(most) => json!(most),
            MaxInFlight::Adaptive { min, max } => json!({ "adaptive": { "min": min, "max": max } }),
        };
    }
    if let Some(tls) = &service.tls {
        shown["tls"] = tls::of_upstreams(tls);
    }
    shown
}

fn circuit_breaker(breaker: &CircuitBreaker) -> Value {
    json!({
        "failure_threshold": breaker.failure_threshold,
        "recovery_timeout": show_duration(breaker.recovery_timeout),
        "half_open_requests": breaker.half_open_requests,
        "max_open": breaker.max_open,
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
            "tunnel_idle": show_duration(route.timeouts.tunnel_idle),
            "body_idle": route.timeouts.body_idle.map_or(json!(false), |time| json!(show_duration(time))),
            "total": route.timeouts.total.map_or(json!(false), |time| json!(show_duration(time))),
        },
        "retry": route.retry.as_ref().map_or(Value::Bool(false), retry),
        "hedge": route.hedge.as_ref().map_or(Value::Bool(false), hedge),
        "limits": { "body": show_size(route.max_body) },
        "auth": route.auth.name(),
        "scopes": route.scopes,
        "rate_limit": route.rate_limit.as_ref().map_or(Value::Bool(false), rate_limit),
        "cors": cors::cors(route.cors.as_deref()),
        "content_types": route.content_types.as_ref().map_or(json!(false), |types| json!(types.shown())),
        "required_headers": route.required_headers.iter().map(HeaderName::as_str).collect::<Vec<_>>(),
        "request_headers": rules(&route.request_headers),
        "response_headers": rules(&route.response_headers),
        "forward_auth": route.forward_auth.as_ref().map_or(Value::Bool(false), forward_auth),
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
    traffic::add(route, &mut shown);
    shown
}

fn retry(retry: &Retry) -> Value {
    json!({ "attempts": retry.attempts, "budget": retry.budget, "on": retry.on.names() })
}

fn hedge(hedge: &Hedge) -> Value {
    json!({ "after": show_duration(hedge.after), "max": hedge.max, "budget": hedge.budget })
}

fn forward_auth(forward_auth: &ForwardAuth) -> Value {
    let names = |names: &[HeaderName]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let target = &forward_auth.target;
    let mut shown = json!({
        "timeout": show_duration(forward_auth.timeout),
        "headers": names(&forward_auth.headers),
    });
    match &forward_auth.authoriser {
        Authoriser::Url(upstream) => shown["url"] = mask(&format!("{}{target}", upstream.url())).into(),
        Authoriser::Service(name) => {
            shown["service"] = json!(**name);
            shown["path"] = mask(target.as_str()).into();
        }
    }
    if let Some(only) = &forward_auth.request_headers {
        shown["request_headers"] = json!(names(only));
    }
    shown
}

fn rate_limit(limit: &RateLimit) -> Value {
    json!({
        "requests": limit.requests,
        "per": show_duration(limit.per),
        "burst": limit.burst,
        "key": match &limit.key {
            LimitKey::Address => String::from("ip"),
            LimitKey::Header(name) => format!("header:{name}"),
            LimitKey::Claim(name) => format!("claim:{name}"),
        },
    })
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
