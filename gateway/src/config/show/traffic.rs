//! Where a route's requests go beside, or in place of, its service: keys that are there or not.
use serde_json::{Value, json};

use crate::config::{Route, diagnose::mask};

pub(super) fn add(route: &Route, shown: &mut Value) {
    shown["compress"] = match &*route.compress {
        [] => Value::Bool(false),
        codings => codings.iter().map(|coding| coding.name()).collect(),
    };
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
    if let Some(fallback) = &route.fallback {
        let content_type = fallback.content_type.to_str().unwrap_or_default();
        shown["fallback"] = json!({ "content_type": content_type });
        shown["fallback"][if fallback.is_file { "file" } else { "body" }] = mask(&fallback.written).into();
        if let Some(status) = fallback.status {
            shown["fallback"]["status"] = status.as_u16().into();
        }
    }
}
