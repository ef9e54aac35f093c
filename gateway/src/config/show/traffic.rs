//! Where a route's requests go beside, or in place of, its service: keys that are there or not.
use serde_json::{Value, json};

use crate::config::{
    CacheRules, Fallback, Route,
    diagnose::mask,
    read::units::{show_duration, show_size},
};

pub(super) fn add(route: &Route, shown: &mut Value) {
    shown["compress"] = match &*route.compress {
        [] => Value::Bool(false),
        codings => codings.iter().map(|coding| coding.name()).collect(),
    };
    shown["cache"] = route.cache.as_ref().map_or(Value::Bool(false), cache);
    if let Some(redirect) = &route.redirect {
        shown["redirect"] = json!({ "to": mask(&redirect.written), "status": redirect.status.as_u16() });
    }
    if let Some(split) = &route.split {
        let shares = split.shares.iter();
        let shares = shares.map(|share| json!({ "service": *share.service, "weight": share.weight }));
        shown["split"] = shares.collect();
        if let Some(key) = &split.sticky {
            shown["sticky"] = key.to_string().into();
        }
    }
    if let Some(mirror) = &route.mirror {
        shown["mirror"] = json!({ "service": *mirror.service, "percent": mirror.percent });
    }
    if let Some(Fallback::Service(service)) = &route.fallback {
        shown["fallback"] = json!({ "service": **service });
    }
    if let Some(Fallback::Answer(fallback)) = &route.fallback {
        let content_type = fallback.content_type.to_str().unwrap_or_default();
        shown["fallback"] = json!({ "content_type": content_type });
        shown["fallback"][if fallback.is_file { "file" } else { "body" }] = mask(&fallback.written).into();
        if let Some(status) = fallback.status {
            shown["fallback"]["status"] = status.as_u16().into();
        }
    }
}

fn cache(rules: &CacheRules) -> Value {
    let mut shown = json!({
        "max_body": show_size(rules.max_body),
        "stale_while_revalidate": show_duration(rules.stale_while_revalidate),
        "stale_if_error": show_duration(rules.stale_if_error),
        "set_cookie": rules.set_cookie,
    });
    if let Some(ttl) = rules.ttl {
        shown["ttl"] = show_duration(ttl).into();
    }
    shown
}
